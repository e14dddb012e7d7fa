"""Replaying a search: ask, answer from the table, learn, ask again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.forest.evaluation.contestants import Contestant, Search
from fink_ad.forest.evaluation.tables import LabelledTable

__all__ = ["Replay", "replay"]


@dataclass(frozen=True, eq=False)
class Replay:
    """One search.

    Attributes
    ----------
    asked : (n_queries,) int64
        Rows asked about, in order.
    found : (n_queries,) int64
        True anomalies among the first 1, 2, ... of them.
    classes : (n_queries,) int64
        Kinds of anomalies among them; 1 at most where the table knows no classes.
    until_half : mapping of str to int
        By kind of anomaly, "" for all together: questions asked until half of those in the
        table were found; left out if that never came.
    step_ms : (n_steps,) float64
        Wall time from the answers to the next question.
    """

    asked: NDArray[np.int64]
    found: NDArray[np.int64]
    classes: NDArray[np.int64]
    until_half: Mapping[str, int]
    step_ms: NDArray[np.float64]


def replay(
    contestant: Callable[[Search], Contestant],
    table: LabelledTable,
    *,
    n_queries: int,
    batch: int,
    wrong_share: float,
    seed: int,
    parameters: Mapping[str, Any],
) -> Replay:
    """Let a contestant search a table.

    Parameters
    ----------
    contestant : callable
        Makes the one that searches.
    table : LabelledTable
        Where it searches, and who answers.
    n_queries : int
        Questions asked, fewer if the table has fewer rows.
    batch : int
        Questions between two lessons.
    wrong_share : float
        Rows about which the answer is wrong, as a share of all; the same for all contestants.
    seed : int
        Of the contestant and of the wrong answers.
    parameters : mapping
        Those of the contestant that differ from its own.
    """
    values, groups = table.prepared()
    lies = np.random.default_rng((seed, len(values))).random(len(values)) < wrong_share
    answers = np.where(table.is_anomaly ^ lies, 1, -1).astype(np.int8)
    player = contestant(Search(values, groups, seed, parameters))
    is_open = np.ones(len(values), np.bool_)
    asked = np.empty(0, np.int64)
    step_ms = []
    n_queries = min(n_queries, len(values))
    while len(asked) < n_queries:
        start = time.perf_counter()
        picks = player.pick(asked, answers[asked], min(batch, n_queries - len(asked)), is_open)
        step_ms.append(1e3 * (time.perf_counter() - start))
        asked = np.concatenate([asked, picks])
        is_open[picks] = False
    hits = table.is_anomaly[asked]
    return Replay(
        asked, np.cumsum(hits), _kinds(table, asked), _until_half(table, asked), np.array(step_ms)
    )


def _kinds(table: LabelledTable, asked: NDArray[np.int64]) -> NDArray[np.int64]:
    hits = table.is_anomaly[asked]
    names = np.zeros(len(asked), np.str_) if table.classes is None else table.classes[asked]
    first = np.zeros(len(asked), np.int64)
    places = np.flatnonzero(hits)
    _, earliest = np.unique(names[hits], return_index=True)
    first[places[earliest]] = 1
    return np.cumsum(first)


def _until_half(table: LabelledTable, asked: NDArray[np.int64]) -> dict[str, int]:
    wanted = {"": table.is_anomaly}
    if table.classes is not None:
        for kind in np.unique(table.classes[table.is_anomaly]).tolist():
            wanted[kind] = table.is_anomaly & (table.classes == kind)
    found = {kind: np.cumsum(rows[asked]) >= 0.5 * rows.sum() for kind, rows in wanted.items()}
    return {kind: int(np.argmax(enough)) + 1 for kind, enough in found.items() if enough.any()}
