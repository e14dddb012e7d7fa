"""From the commit of an answer to the new order visible to a reader, with a real learner.

A synthetic store of 100 000 kept alerts, written through the store's own methods; ``fink-ad
learn`` as a child process; the clock runs in the process that answers and reads.

``python -m benchmarks.relearning`` prints the figures. Seconds are of the clock: on a machine with
other work they are upper bounds.
"""

from __future__ import annotations

import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from fink_ad.config import Settings
from fink_ad.features import FeatureColumn, FeatureSchema, FeatureTable
from fink_ad.forest import Model
from fink_ad.learn import ensure_learner
from fink_ad.pipeline import model_record
from fink_ad.sources.contracts import InputRange
from fink_ad.store import (
    BatchRecord,
    KeptFor,
    KeptRecord,
    NewLabel,
    Store,
    pack_features,
)

N_KEPT, N_OBJECTS, N_REFERENCE, N_COLUMNS = 100_000, 60_000, 5000, 54
N_LABELS = (10, 100, 1000)
N_TIMES = 7
NIGHT = 20260301
START = datetime(2026, 3, 1, tzinfo=UTC)


def make_schema() -> FeatureSchema:
    groups = ("first",) * 20 + ("second",) * 20 + ("third",) * 14
    columns = (FeatureColumn(f"toy.c{i}", "", group, "") for i, group in enumerate(groups))
    return FeatureSchema(tuple(columns), (("toy", "1"),))


def make_values() -> np.ndarray:
    """Correlated columns with heavy tails, so that trees are as deep as on real features."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=(N_KEPT, 6)) @ rng.normal(size=(6, N_COLUMNS))
    return common + 0.5 * rng.standard_t(3, size=(N_KEPT, N_COLUMNS))


def fill(store: Store, settings: Settings) -> Model:
    """Keep the alerts and put a model in force."""
    schema, values, ids = make_schema(), make_values(), np.arange(1, N_KEPT + 1)
    n_det = np.random.default_rng(1).integers(1, 40, N_KEPT)
    reference = slice(0, N_REFERENCE)
    model = Model.train(
        FeatureTable(schema, values[reference]),
        survey="ztf",
        population="transient",
        alert_ids=ids[reference],
        object_ids=ids[reference].astype(str),
        n_det=n_det[reference],
        nights=np.full(N_REFERENCE, NIGHT),
        learner="fal",
    )
    model.save(settings.models_dir)
    store.register_model(model_record(model))
    store.activate_model(model.revision)
    blob = bytes(6000)  # about the size of an alert with its light curve
    for start in range(0, N_KEPT, 10_000):
        rows = range(start, start + 10_000)
        packed = pack_features(values[start : start + 10_000])
        kept = [
            KeptRecord(
                survey="ztf",
                alert_id=int(ids[row]),
                object_id=f"ZTF26{row % N_OBJECTS:07d}",
                population="transient",
                night=NIGHT,
                mjd_utc=61100.0 + row / N_KEPT,
                ra_deg=row * 360.0 / N_KEPT,
                dec_deg=row * 90.0 / N_KEPT,
                band="r",
                n_det=int(n_det[row]),
                score=0.0,
                model_revision=model.revision,
                kept_for=KeptFor.CANDIDATE,
                alert=blob,
                alert_schema=1,
                feature_schema=schema.hash,
                features=features,
            )
            for row, features in zip(rows, packed, strict=True)
        ]
        store.commit_batch(
            BatchRecord("toy", (InputRange("toy", start, start + 10_000),), "", "", {}, kept=kept)
        )
    return model


def answer(store: Store, reviewer_id: int, alert_id: int, n: int) -> int:
    """Answer about an alert, one in ten being an anomaly; returns the label's number."""
    label = store.add_label(
        NewLabel(
            survey="ztf",
            alert_id=alert_id,
            reviewer_id=reviewer_id,
            answer="anomaly" if n % 10 == 0 else "ordinary",
            channel="benchmark",
            answered_at=START + timedelta(seconds=n),
        )
    )
    return label.id


def wait_for(store: Store, label_id: int) -> float:
    """Return how long it takes until an order that knows the answer can be read."""
    start = time.perf_counter()
    while True:
        record = store.latest_order("ztf", "transient")
        if record is not None and record.label_position >= label_id:
            assert len(store.order(record.id)) == record.n_objects
            return time.perf_counter() - start
        time.sleep(0.005)


def run() -> dict[str, float]:
    """Seconds from an answer to the new order in a reader's hands, by number of answers."""
    with tempfile.TemporaryDirectory() as folder:
        return run_in(Path(folder))


def run_in(home: Path) -> dict[str, float]:
    settings = Settings.model_validate({"home": home, "log_level": "info"})
    result: dict[str, float] = {}
    with Store.open(home) as store:
        fill(store, settings)
        reviewer_id = store.add_reviewer("reviewer").id
        start = time.perf_counter()
        child = ensure_learner(settings)
        assert child is not None
        assert child.stdin is not None
        wait_for(store, 0)
        result["first order after start, s"] = time.perf_counter() - start
        n = 0
        for n_labels in N_LABELS:
            while n < n_labels - N_TIMES:
                n += 1
                answer(store, reviewer_id, n * 37, n)
            wait_for(store, n)
            seconds = []
            for _ in range(N_TIMES):
                time.sleep(0.37)  # out of step with the polls
                n += 1
                label_id = answer(store, reviewer_id, n * 37, n)
                seconds.append(wait_for(store, label_id))
            result[f"answer to order, {n_labels} answers, s"] = float(np.median(seconds))
            result[f"answer to order, {n_labels} answers, worst of {N_TIMES}, s"] = max(seconds)
        child.stdin.close()
        assert child.wait(30) == 0
        active = store.active_model("ztf", "transient")
        assert active is not None
        folder = settings.models_dir / active.revision.id
        result["revision folder, MB"] = sum(file.stat().st_size / 1e6 for file in folder.iterdir())
    return result


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
