"""Writing: alerts a second into the Parquet history and, for those kept, into the database."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from fink_ad.alerts import AlertBatch
from fink_ad.features import Context, Extractor
from fink_ad.plugins import load_feature_providers
from fink_ad.sources import InputRange
from fink_ad.store import History, ScoredRows
from fink_ad.testing import sample_batch

N_ALERTS = 10_000


def run() -> dict[str, float]:
    """Alerts a second of processor time into one history part, features and scores."""
    alerts: AlertBatch = sample_batch("ztf", N_ALERTS, 10, seed=0)
    extractor = Extractor(load_feature_providers().providers)
    table = extractor.extract(alerts, Context()).table
    rows = ScoredRows(
        alerts=alerts,
        n_det=np.full(N_ALERTS, 10),
        features=table,
        score=np.random.default_rng(0).random(N_ALERTS),
        rarity=np.ones(N_ALERTS),
        model_revision="benchmark",
        provisional=False,
    )
    best = np.inf
    with tempfile.TemporaryDirectory() as home:
        history = History(Path(home))
        for repeat in range(4):
            start = time.process_time()
            history.write("benchmark", [InputRange("all", repeat, repeat + 1)], rows)
            best = min(best, time.process_time() - start)
        history.close()
    return {"history, all alerts": N_ALERTS / best}


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:40} {value:12,.0f}")
