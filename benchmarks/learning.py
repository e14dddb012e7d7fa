"""Learning: fit, refit after answers, score, re-rank; beside the libraries, in one run.

``python -m benchmarks.learning`` prints two tables. Seconds are of processor time, summed over the
cores a library takes, so that other work on the machine disturbs them little.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from coniferest.aadforest import AADForest
from coniferest.isoforest import IsolationForest as ConiferestForest
from coniferest.pineforest import PineForest
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import IsolationForest as SklearnForest

from fink_ad.features import FeatureColumn, FeatureSchema, FeatureTable
from fink_ad.forest import LabelledAlerts, Model
from fink_ad.forest.learners import ForestActiveLearner, Labels, StaticForest
from fink_ad.forest.session import Session

N_COLUMNS, N_REFERENCE, N_QUEUE = 54, 10_000, 100_000
GROUPS = ["statistics"] * 48 + ["host"] * 3 + ["colour"] * 3
N_LABELS = (10, 100, 1000, 5000)


def seconds(work: Callable[[], object], repeat: int = 1) -> float:
    best = np.inf
    for _ in range(repeat):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def sky(n_rows: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n_rows, N_COLUMNS)).astype(np.float32)


def answers(values: np.ndarray, n_labels: int) -> Labels:
    return Labels(values[:n_labels], np.where(values[:n_labels, 50] > 1.5, 1, -1).astype(np.int8))


def run() -> dict[str, float]:
    """Processor seconds from answers to a re-ranked queue of 100 000 alerts, by their number."""
    values = sky(N_QUEUE)
    columns = tuple(FeatureColumn(f"p.c{i}", "", GROUPS[i], "") for i in range(N_COLUMNS))
    schema = FeatureSchema(columns, (("p", "1"),))
    table = FeatureTable(schema, values.astype(np.float64))
    model = Model.train(
        FeatureTable(schema, table.values[:N_REFERENCE]),
        survey="ztf",
        population="transient",
        alert_ids=np.arange(N_REFERENCE),
        object_ids=np.arange(N_REFERENCE).astype(str),
        n_det=np.full(N_REFERENCE, 5),
        nights=np.full(N_REFERENCE, 20240101),
        learner="fal",
    )
    result = {}
    session = Session(values[:N_REFERENCE], GROUPS, 0, {}, pool=values)
    for n_labels in N_LABELS:
        rows = np.arange(n_labels)
        said = np.where(values[:n_labels, 50] > 1.5, "anomaly", "ordinary")
        labelled = LabelledAlerts.of(
            FeatureTable(schema, table.values[:n_labels]), rows, rows.astype(str), said
        )
        result[f"relearn and re-rank 1e5, {n_labels} answers, model, s"] = seconds(
            lambda labelled=labelled: model.relearn(labelled).score(table)
        )
        session.learn(answers(values, n_labels))  # the answers before the last are known
        result[f"relearn and re-rank 1e5, {n_labels} answers, session, s"] = seconds(
            lambda n=n_labels: (session.learn(answers(values, n)), session.scores())
        )
    labels = answers(values, 1000)
    learner = ForestActiveLearner.fit(values[:N_REFERENCE], GROUPS, labels, 0, {})
    cpu = time.process_time()
    learner.score(values)
    result["fal_rows_per_s"] = N_QUEUE / (time.process_time() - cpu)
    return result


class _Library:
    """A library's forest behind the two calls that are timed."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def fit(self, values: np.ndarray, labels: Labels | None) -> Callable[[np.ndarray], object]:
        forest = self.make()
        if isinstance(forest, AADForest | PineForest):
            forest.fit_known(values)
            if labels is not None:
                forest.fit_known(values, labels.values, -labels.targets.astype(np.int64))
        else:
            forest.fit(values)
        return forest.score_samples


class _Ours:
    def __init__(self, learner: type[StaticForest] | type[ForestActiveLearner]) -> None:
        self.learner = learner

    def fit(self, values: np.ndarray, labels: Labels | None) -> Callable[[np.ndarray], object]:
        return self.learner.fit(values, GROUPS, labels, 0, {}).score


CONTESTANTS: dict[str, _Library | _Ours] = {
    "ours: fal, 200 + 50 trees": _Ours(ForestActiveLearner),
    "ours: static, 300 trees": _Ours(StaticForest),
    "coniferest AADForest, 300 trees": _Library(lambda: AADForest(n_trees=300, random_seed=0)),
    "coniferest PineForest, 100 of 500": _Library(lambda: PineForest(random_seed=0)),
    "coniferest IsolationForest, 300": _Library(
        lambda: ConiferestForest(n_trees=300, random_seed=0)
    ),
    "scikit-learn IsolationForest, 300": _Library(
        lambda: SklearnForest(n_estimators=300, random_state=0, n_jobs=-1)
    ),
}
LEARNS = ("fal", "AADForest", "PineForest")


def main(sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)) -> None:
    console = Console()
    values = sky(max(sizes))
    for contestant in CONTESTANTS.values():  # compiled and imported before the clock runs
        contestant.fit(values[:1000], answers(values, 10))(values[:1000])
    table = Table("seconds", *(f"{n:.0e} rows: fit, score" for n in sizes), box=None)
    for name, contestant in CONTESTANTS.items():
        cells = []
        for n_rows in sizes:
            rows = values[:n_rows]
            fitted: list[Callable[[np.ndarray], object]] = []
            fit = seconds(lambda c=contestant, r=rows, f=fitted: f.append(c.fit(r, None)))
            score = seconds(lambda r=rows, f=fitted: f[0](r))
            cells.append(f"{fit:.2f}, {score:.2f}")
        table.add_row(name, *cells)
    console.print(table)
    table = Table("fit with answers [s]", *map(str, N_LABELS), box=None)
    for name, contestant in CONTESTANTS.items():
        if any(word in name for word in LEARNS):
            fits = [
                seconds(lambda c=contestant, n=n: c.fit(values[:N_REFERENCE], answers(values, n)))
                for n in N_LABELS
            ]
            table.add_row(f"{name}, 1e4 rows", *(f"{fit:.2f}" for fit in fits))
    console.print(table)
    for name, value in run().items():
        console.print(f"{name:60} {value:12,.2f}", highlight=False)


if __name__ == "__main__":
    main()
