"""Comparing learners on labelled tables: found per question, over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.forest.evaluation.contestants import CONTESTANTS
from fink_ad.forest.evaluation.replay import Replay, replay
from fink_ad.forest.evaluation.tables import LabelledTable

__all__ = ["CONFOUND", "BenchmarkResult", "Settings", "benchmark", "strata"]

CONFOUND = "confound"
"""Name of the default learner when it sees only the named columns."""


@dataclass(frozen=True)
class Settings:
    """How learners are compared.

    Attributes
    ----------
    learners : tuple of str
        Keys of `CONTESTANTS`.
    n_queries, batch, n_seeds : int
        Questions, questions between lessons, repetitions with seeds 0, 1, ...
    wrong_share : float
        Share of wrong answers.
    confound : tuple of str
        Columns; if given, the default learner that sees nothing else competes as well.
    parameters : mapping of str to mapping
        By learner: parameters that differ from its own.
    """

    learners: tuple[str, ...] = ("random", "static", "aad", "pine", "ours")
    n_queries: int = 60
    batch: int = 1
    n_seeds: int = 5
    wrong_share: float = 0.0
    confound: tuple[str, ...] = ()
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.learners:
            if name not in CONTESTANTS:
                raise ModelError(
                    f"no learner {name!r} to compare; there are {', '.join(CONTESTANTS)}"
                )
        for what, number in (
            ("queries", self.n_queries),
            ("batch", self.batch),
            ("seeds", self.n_seeds),
        ):
            if number < 1:
                raise ModelError(f"{what} is {number}: give at least 1")
        if not 0.0 <= self.wrong_share <= 0.5:
            raise ModelError(f"share of wrong answers is {self.wrong_share}: give 0 to 0.5")

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """Numbers of questions after which finds are counted: a third, two thirds, all."""
        thirds = (round(self.n_queries / 3), round(2 * self.n_queries / 3), self.n_queries)
        return tuple(sorted({max(1, third) for third in thirds}))


@dataclass(frozen=True, eq=False)
class BenchmarkResult:
    """What the learners found in one table.

    Attributes
    ----------
    table : str
        Its name.
    n_rows, n_columns, n_anomalies : int
        What was searched.
    kinds : tuple of str
        Kinds of anomalies; none where they are not known.
    settings : Settings
        How.
    replays : mapping of str to tuple of Replay
        By learner, one per seed.
    """

    table: str
    n_rows: int
    n_columns: int
    n_anomalies: int
    kinds: tuple[str, ...]
    settings: Settings
    replays: Mapping[str, tuple[Replay, ...]]

    @property
    def n_classes(self) -> int:
        """Number of kinds of anomalies, 0 where they are not known."""
        return len(self.kinds)

    def found(self, learner: str, n_queries: int) -> NDArray[np.int64]:
        """Return the anomalies found after so many questions, (n_seeds,)."""
        return np.array([_after(r.found, n_queries) for r in self.replays[learner]])

    def classes(self, learner: str, n_queries: int) -> NDArray[np.int64]:
        """Return the kinds of anomalies found after so many questions, (n_seeds,)."""
        return np.array([_after(r.classes, n_queries) for r in self.replays[learner]])

    def until_half(self, learner: str, kind: str = "") -> NDArray[np.float64]:
        """Return the questions until half of the anomalies of a kind were found, (n_seeds,).

        Of all anomalies without a kind; NaN where that never came.
        """
        return np.array([r.until_half.get(kind, np.nan) for r in self.replays[learner]])

    def until_half_of_kinds(self, learner: str) -> NDArray[np.float64]:
        """Return the questions until one of each of half the kinds was found, (n_seeds,)."""
        needed = max(1.0, 0.5 * self.n_classes)
        enough = [replay.classes >= needed for replay in self.replays[learner]]
        return np.array([np.argmax(one) + 1 if one.any() else np.nan for one in enough])

    def step_ms(self, learner: str) -> float:
        """Return the median wall time of a step."""
        return float(np.median(np.concatenate([r.step_ms for r in self.replays[learner]])))

    def to_json(self) -> dict[str, Any]:
        """Return everything that is reported, JSON-able."""
        learners = {}
        for name in self.replays:
            counts = {}
            for n_queries in self.settings.checkpoints:
                found, classes = self.found(name, n_queries), self.classes(name, n_queries)
                counts[str(n_queries)] = {
                    "mean": float(found.mean()),
                    "sd": float(found.std()),
                    **({"classes": float(classes.mean())} if self.n_classes else {}),
                }
            learners[name] = {
                "found": counts,
                "questions_until_half": {
                    kind or "all": _never_or_mean(self.until_half(name, kind))
                    for kind in ("", *self.kinds)
                },
                "questions_until_half_of_kinds": _never_or_mean(self.until_half_of_kinds(name)),
                "ms_per_step": round(self.step_ms(name), 2),
            }
        return {
            "table": self.table,
            "n_rows": self.n_rows,
            "n_columns": self.n_columns,
            "n_anomalies": self.n_anomalies,
            "n_classes": self.n_classes,
            "queries": self.settings.n_queries,
            "batch": self.settings.batch,
            "seeds": self.settings.n_seeds,
            "wrong_share": self.settings.wrong_share,
            "learners": learners,
        }


def benchmark(table: LabelledTable, settings: Settings) -> BenchmarkResult:
    """Let all learners search a table, each with every seed."""
    table = table.cut()
    searched = {name: (CONTESTANTS[name], table) for name in settings.learners}
    if settings.confound:
        searched[CONFOUND] = (CONTESTANTS["ours"], table.only(settings.confound))
    replays = {
        name: tuple(
            replay(
                contestant,
                seen,
                n_queries=settings.n_queries,
                batch=settings.batch,
                wrong_share=settings.wrong_share,
                seed=seed,
                parameters=settings.parameters.get(name, {}),
            )
            for seed in range(settings.n_seeds)
        )
        for name, (contestant, seen) in searched.items()
    }
    classes = () if table.classes is None else np.unique(table.classes[table.is_anomaly]).tolist()
    return BenchmarkResult(
        table.name,
        len(table.values),
        len(table.columns),
        int(table.is_anomaly.sum()),
        tuple(classes),
        settings,
        replays,
    )


def strata(table: LabelledTable, column: str, edges: Sequence[float]) -> list[LabelledTable]:
    """Split a table by a column, so that learners compete among like rows only.

    Parameters
    ----------
    table : LabelledTable
        What to split.
    column : str
        Whose values say who belongs together; rows where it is not defined come last.
    edges : sequence of float
        First value of each stratum but the first.

    Raises
    ------
    ModelError
        If there is no such column.
    """
    values = table.values[:, table.place(column)]
    which = np.where(np.isfinite(values), np.digitize(values, edges), len(edges) + 1)
    names = [f"{column} < {edges[0]:g}", *(f"{column} >= {edge:g}" for edge in edges)]
    names.append(f"{column} undefined")
    return [
        table.rows(np.flatnonzero(which == stratum), f"{table.name}, {names[stratum]}")
        for stratum in np.unique(which).tolist()
        if (which == stratum).sum() > 1
    ]


def _after(counts: NDArray[np.int64], n_queries: int) -> int:
    return int(counts[min(n_queries, len(counts)) - 1])


def _never_or_mean(questions: NDArray[np.float64]) -> dict[str, Any]:
    came = questions[np.isfinite(questions)]
    return {
        "mean": float(came.mean()) if len(came) else None,
        "seeds_without": int(len(questions) - len(came)),
    }
