"""A store of its own for each test, on SQLite or on the database that is named; small alerts."""

import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import create_engine, make_url, text

from fink_ad.alerts import ALERT_SCHEMA, KINDS, POPULATIONS, AlertBatch, Points
from fink_ad.alerts.schema import POINT_FIELDS
from fink_ad.features import FeatureColumn, FeatureSchema, FeatureTable
from fink_ad.sources.contracts import InputRange
from fink_ad.store import (
    BatchRecord,
    CandidateRecord,
    CountKey,
    History,
    KeptFor,
    KeptRecord,
    ModelRecord,
    NewOrder,
    NewShowing,
    Order,
    ScoredRows,
    Store,
    open_database,
    pack_alerts,
    pack_features,
)

SCHEMA = FeatureSchema(
    (FeatureColumn("toy.first", "mag", "toy", "One."), FeatureColumn("toy.second", "", "toy", "2")),
    (("toy", "1"),),
)
REVISION = "revision-1"


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    """URL of an empty database: a file, or a schema of its own on the server that is named."""
    server = os.environ.get("FINK_AD_TEST_DATABASE_URL")
    if not server:
        yield f"sqlite:///{tmp_path / 'home' / 'fink_ad.sqlite3'}"
        return
    name = f"test_{uuid.uuid4().hex}"
    url = make_url(server)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    own = url.update_query_dict({"options": f"-csearch_path={name}"})
    yield own.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path, database_url: str) -> Iterator[Store]:
    with Store.open(home, database_url) as opened:
        yield opened


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 22, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
def timed(home: Path, database_url: str, hand_clock: HandClock) -> Iterator[Store]:
    """A store whose time the test decides."""
    with Store(open_database(database_url), History(home), hand_clock) as opened:
        yield opened


def make_alerts(ids: list[int], night: int = 20260322, survey: str = "ztf") -> AlertBatch:
    """Alerts with two points each; several ids share an object."""
    n = len(ids)
    points = Points(
        np.arange(n + 1) * 2,
        {
            field.name: np.full(2 * n, KINDS.index("detection"), np.int8)
            if pa.types.is_dictionary(field.type)
            else np.arange(2 * n).astype(field.type.to_pandas_dtype())
            for field in POINT_FIELDS
        },
    )
    columns: dict[str, object] = {}
    for field in ALERT_SCHEMA:
        if pa.types.is_floating(field.type):
            columns[field.name] = np.linspace(0, 1, n)
        else:
            columns[field.name] = pa.nulls(n, field.type)
    columns |= {
        "survey": [survey] * n,
        "alert_id": np.array(ids, np.int64),
        "object_id": [f"object{one % 7}" for one in ids],
        "population": [POPULATIONS[0]] * n,
        "night": np.full(n, night, np.int32),
        "band": ["r"] * n,
        "flags": np.zeros(n, np.int64),
    }
    return AlertBatch.from_columns(columns, points)


def make_rows(alerts: AlertBatch) -> ScoredRows:
    """Scores and features that follow from the ids."""
    ids = alerts.numbers("alert_id")
    score = (ids % 1000) / 1000.0
    return ScoredRows(
        alerts=alerts,
        n_det=(ids % 5).astype(np.int64),
        features=FeatureTable(SCHEMA, np.column_stack((score, np.sqrt(score)))),
        score=score,
        rarity=1 / (1.001 - score),
        model_revision=REVISION,
        provisional=False,
    )


def make_kept(
    ids: list[int], kept_for: KeptFor = KeptFor.CANDIDATE, **changes: object
) -> tuple[KeptRecord, ...]:
    alerts = make_alerts(ids)
    rows = make_rows(alerts)
    values = {
        "survey": "ztf",
        "population": "transient",
        "night": 20260322,
        "mjd_utc": 61121.25,
        "ra_deg": 10.0,
        "dec_deg": -20.0,
        "band": "r",
        "n_det": 4,
        "model_revision": REVISION,
        "alert_schema": 1,
        "feature_schema": SCHEMA.hash,
        "kept_for": kept_for,
        "broker_classes": ("clf=SN",),
    } | changes
    packed = zip(
        ids, rows.score, pack_alerts(alerts), pack_features(rows.features.values), strict=True
    )
    return tuple(
        KeptRecord(
            alert_id=one,
            object_id=f"object{one % 7}",
            score=score,
            alert=alert,
            features=features,
            **values,  # type: ignore[arg-type]
        )
        for one, score, alert, features in packed
    )


def make_candidate(alert_id: int, /, **changes: object) -> CandidateRecord:
    values = {
        "survey": "ztf",
        "alert_id": alert_id,
        "object_id": f"object{alert_id % 7}",
        "population": "transient",
        "night": 20260322,
        "model_revision": REVISION,
        "score": (alert_id % 1000) / 1000.0,
        "one_in": 5000.0,
        "beyond": False,
        "provisional": False,
        "reasons": ("rarity",),
        "tags": ("toy",),
        "top_features": (("toy.first", 1.5, 0.25),),
    }
    return CandidateRecord(**(values | changes))  # type: ignore[arg-type]


def make_batch(ids: list[int], start: int = 0, **changes: object) -> BatchRecord:
    """A batch of one range, all of its alerts scored, kept and made candidates."""
    values = {
        "source": "files",
        "ranges": (InputRange("a.avro", start, start + max(len(ids), 1)),),
        "model_revision": REVISION,
        "context_hash": "c0ffee",
        "counts": {
            CountKey(20260322, "ztf", "in"): len(ids),
            CountKey(20260322, "ztf", "scored"): len(ids),
        },
        "candidates": tuple(make_candidate(one) for one in ids),
        "kept": make_kept(ids) if ids else (),
    }
    return BatchRecord(**(values | changes))  # type: ignore[arg-type]


def make_showing(alert_id: int, reviewer_id: int, /, **changes: object) -> NewShowing:
    values = {
        "survey": "ztf",
        "object_id": f"object{alert_id % 7}",
        "population": "transient",
        "model_revision": REVISION,
        "draw": "top",
        "reason": "among the strangest",
        "share": 0.7,
        "score": 0.5,
        "one_in": 300.0,
        "channel": "terminal",
        "place": 1,
        "order_size": 7,
    }
    return NewShowing(reviewer_id, alert_id=alert_id, **(values | changes))  # type: ignore[arg-type]


def make_order(n: int, **changes: object) -> Order:
    """An order of n objects, with some numbers that are not known."""
    values = {
        "alert_id": 10**18 + np.arange(n),
        "object_id": [f"object{one}" for one in range(n)],
        "night": np.full(n, 20260322),
        "n_det": np.arange(n),
        "score": np.linspace(1, 0.1, n),
        "one_in": np.linspace(1e6, 1, n),
        "beyond": np.arange(n) < 1,
        "novelty": np.where(np.arange(n) % 2, np.nan, 0.1),
        "p_interesting": np.full(n, np.nan),
    }
    return Order(**(values | changes))  # type: ignore[arg-type]


def make_new_order(n: int = 3, **changes: object) -> NewOrder:
    values = {
        "survey": "ztf",
        "population": "transient",
        "reviewer_id": None,
        "revision_id": REVISION,
        "label_position": 0,
        "order": make_order(n),
    }
    return NewOrder(**(values | changes))  # type: ignore[arg-type]


def make_model(name: str = REVISION, **changes: object) -> ModelRecord:
    values = {
        "survey": "ztf",
        "population": "transient",
        "provisional": False,
        "n_rows": 300,
        "manifest": {"seed": 1},
    }
    return ModelRecord(id=name, **(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def make() -> "Make":
    return Make()


class Make:
    """What the tests build their records with."""

    schema = SCHEMA
    revision = REVISION
    alerts: Callable[..., AlertBatch] = staticmethod(make_alerts)
    rows: Callable[..., ScoredRows] = staticmethod(make_rows)
    kept: Callable[..., tuple[KeptRecord, ...]] = staticmethod(make_kept)
    candidate: Callable[..., CandidateRecord] = staticmethod(make_candidate)
    batch: Callable[..., BatchRecord] = staticmethod(make_batch)
    showing: Callable[..., NewShowing] = staticmethod(make_showing)
    order: Callable[..., Order] = staticmethod(make_order)
    new_order: Callable[..., NewOrder] = staticmethod(make_new_order)
    model: Callable[..., ModelRecord] = staticmethod(make_model)
