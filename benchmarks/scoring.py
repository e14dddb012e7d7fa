"""Scoring and fitting: alerts a second on one core, beside the libraries, in one run."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from coniferest.isoforest import IsolationForest as ConiferestForest
from sklearn.ensemble import IsolationForest as SklearnForest

from fink_ad.features import FeatureColumn, FeatureSchema, FeatureTable
from fink_ad.forest import Model
from fink_ad.forest.learners import AadForest, Labels, StaticForest

N_ROWS, N_COLUMNS, N_REFERENCE = 100_000, 54, 10_000
TARGET = 150_000.0


def cpu_seconds(work: Callable[[], object], repeat: int = 3) -> float:
    """Best of a few, after one run to warm up."""
    work()
    best = np.inf
    for _ in range(repeat):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def run() -> dict[str, float]:
    """Rows a second and fit times, by name."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(N_ROWS, N_COLUMNS)).astype(np.float32)
    reference = values[:N_REFERENCE]
    groups = ["statistics"] * 48 + ["host"] * 3 + ["colour"] * 3
    result = {}

    labels = Labels(values[:100], np.where(values[:100, 50] > 0.5, 1, -1).astype(np.int8))
    many = Labels(values[:1000], np.where(values[:1000, 50] > 0.5, 1, -1).astype(np.int8))
    learners = {
        "static": lambda: StaticForest.fit(reference, groups, None, 0, {}),
        "static_100_trees": lambda: StaticForest.fit(reference, groups, None, 0, {"n_trees": 100}),
        "aad_100_labels": lambda: AadForest.fit(reference, groups, labels, 0, {}),
        "aad_1000_labels": lambda: AadForest.fit(reference, groups, many, 0, {}),
    }
    for name, fit in learners.items():
        result[f"{name}_fit_s"] = cpu_seconds(fit, 1)
        learner = fit()
        seconds = cpu_seconds(lambda learner=learner: learner.score(values))
        result[f"{name}_rows_per_s"] = N_ROWS / seconds

    schema = FeatureSchema(
        tuple(FeatureColumn(f"p.c{i}", "", groups[i], "") for i in range(N_COLUMNS)), (("p", "1"),)
    )
    missing = np.where(rng.random(values.shape) < 0.1, np.nan, values).astype(np.float64)
    table = FeatureTable(schema, missing)
    model = Model.train(
        FeatureTable(schema, missing[:N_REFERENCE]),
        survey="ztf",
        population="transient",
        alert_ids=np.arange(N_REFERENCE),
        object_ids=np.arange(N_REFERENCE).astype(str),
        n_det=np.full(N_REFERENCE, 5),
        nights=np.full(N_REFERENCE, 20240101),
    )
    result["model_with_gaps_rows_per_s"] = N_ROWS / cpu_seconds(lambda: model.score(table))

    for n_trees in (100, 300):
        library = ConiferestForest(n_trees=n_trees, n_jobs=1, random_seed=0).fit(reference)
        seconds = cpu_seconds(lambda library=library: library.score_samples(values), 1)
        result[f"coniferest_{n_trees}_trees_rows_per_s"] = N_ROWS / seconds
    sklearn = SklearnForest(n_estimators=100, n_jobs=1, random_state=0).fit(reference)
    seconds = cpu_seconds(lambda: sklearn.score_samples(values), 1)
    result["sklearn_100_trees_rows_per_s"] = N_ROWS / seconds
    return result


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:36} {value:12,.3g}" if value < 100 else f"{name:36} {value:12,.0f}")
