"""Nearest objects: what a strange alert is most like, and what was said about those.

Every query looks through all alerts, so that the answer is exact at any size and no index has to
be kept up to date: 10 ms for 100 000 alerts of 54 features and 0.1 s for a million, of processor
time on one core (``python -m benchmarks.neighbours``). A million alerts take 0.8 GB in leaf space
with 200 trees, and 0.2 GB in feature space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numba
import numpy as np
from numpy.typing import NDArray

from fink_ad.compile_cache import CACHED
from fink_ad.errors import ModelError
from fink_ad.features import FeatureTable
from fink_ad.forest.model import Model

__all__ = ["NeighbourIndex", "Neighbours", "Space"]

Space = Literal["leaf", "feature"]
"""``leaf``: 1 minus the share of trees in which two alerts reach the same leaf, as the model
sees them; ``feature``: Euclidean, each column in units of its usual spread."""

_CUT = 10.0  # spreads beyond which a value is no further away: one wild column must not decide


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest alerts of each queried one, nearest first.

    Attributes
    ----------
    rows : (n_queries, k) int64
        Rows of the indexed alerts; -1 where there are no more.
    object_ids, answers, classes : (n_queries, k) object array of str
        What is known of them; empty where nothing is.
    distances : (n_queries, k) float64
        NaN where there are no more.
    """

    rows: NDArray[np.int64]
    object_ids: NDArray[np.object_]
    answers: NDArray[np.object_]
    classes: NDArray[np.object_]
    distances: NDArray[np.float64]


class NeighbourIndex:
    """Alerts to look for neighbours among.

    Parameters
    ----------
    model : Model
        Whose leaves, columns and medians are used.
    table : FeatureTable
        Features of the alerts.
    object_ids : sequence of str
        One per alert; alerts of the same object are no neighbours.
    answers, classes : sequence of str, optional
        What reviewers and catalogues said; empty strings where nothing.
    space : {"leaf", "feature"}
        What near means.

    Raises
    ------
    ModelError
        If the table has another schema than the model, or lengths differ.
    """

    def __init__(
        self,
        model: Model,
        table: FeatureTable,
        object_ids: Sequence[str],
        answers: Sequence[str] | None = None,
        classes: Sequence[str] | None = None,
        space: Space = "leaf",
    ) -> None:
        if space not in ("leaf", "feature"):
            raise ModelError(f"no space {space!r} to look for neighbours in: leaf or feature")
        self._model, self._space = model, space
        values = model.prepare(table)
        if not len(values):
            raise ModelError("there are no alerts to look for neighbours among")
        nothing = [""] * len(values)
        self._object_ids = _strings("object_ids", object_ids, len(values))
        self._answers = _strings("answers", answers or nothing, len(values))
        self._classes = _strings("classes", classes or nothing, len(values))
        reference = model.imputation.prepare(model.reference.values)
        low, self._centre, high = np.quantile(reference, [0.16, 0.5, 0.84], axis=0)
        spread = 0.5 * (high - low)
        self._spread = np.where(spread > 0.0, spread, 1.0)
        self._points = self._place(values)

    def nearest(self, table: FeatureTable, object_ids: Sequence[str], k: int = 5) -> Neighbours:
        """Return the `k` nearest alerts of other objects, one alert an object.

        Parameters
        ----------
        table : FeatureTable
            Features of the queried alerts.
        object_ids : sequence of str
            Their objects.
        k : int
            How many.
        """
        queries = self._place(self._model.prepare(table))
        own = _strings("object_ids", object_ids, len(queries))
        rows = np.full((len(queries), k), -1, np.int64)
        distances = np.full((len(queries), k), np.nan)
        for query, point in enumerate(queries):
            away = self._distances(point)
            away[self._object_ids == own[query]] = np.inf
            order = _nearest_first(away, self._object_ids, k)
            rows[query, : len(order)] = order
            distances[query, : len(order)] = away[order]
        found = rows >= 0
        return Neighbours(
            rows,
            np.where(found, self._object_ids[rows], ""),
            np.where(found, self._answers[rows], ""),
            np.where(found, self._classes[rows], ""),
            distances,
        )

    def _place(self, values: NDArray[np.float32]) -> NDArray[Any]:
        if self._space == "leaf":
            return self._model.learner.leaves(values)
        scaled = (values.astype(np.float64) - self._centre) / self._spread
        points: NDArray[Any] = np.clip(scaled, -_CUT, _CUT).astype(np.float32)
        return points

    def _distances(self, point: NDArray[Any]) -> NDArray[np.float64]:
        away: NDArray[np.float64]
        if self._space == "leaf":
            away = _unshared(self._points, point)
        else:
            away = _euclidean(self._points, point)
        return away


def _strings(name: str, given: Sequence[str], n_rows: int) -> NDArray[np.object_]:
    strings = np.asarray(given, object)
    if strings.shape != (n_rows,):
        raise ModelError(f"{name} has shape {strings.shape} for {n_rows} alerts")
    return strings


def _nearest_first(
    away: NDArray[np.float64], object_ids: NDArray[np.object_], k: int
) -> NDArray[np.int64]:
    """Return the rows of the k nearest objects, each by its nearest alert; ties by row."""
    n_looked_at = k
    while True:
        n_looked_at = min(4 * n_looked_at, len(away))
        edge = np.partition(away, n_looked_at - 1)[n_looked_at - 1] if n_looked_at else 0.0
        near = np.flatnonzero((away <= edge) & np.isfinite(away))
        near = near[np.argsort(away[near], kind="stable")]
        _, first = np.unique(object_ids[near], return_index=True)
        if len(first) >= k or n_looked_at == len(away):
            return near[np.sort(first)][:k]


@numba.njit(cache=CACHED, nogil=True)
def _unshared(leaves: NDArray[np.int32], point: NDArray[np.int32]) -> NDArray[np.float64]:
    away = np.empty(len(leaves))
    for row in range(len(leaves)):
        n_shared = 0
        for tree in range(len(point)):
            n_shared += leaves[row, tree] == point[tree]
        away[row] = 1.0 - n_shared / len(point)
    return away


@numba.njit(cache=CACHED, nogil=True)
def _euclidean(points: NDArray[np.float32], point: NDArray[np.float32]) -> NDArray[np.float64]:
    away = np.empty(len(points))
    for row in range(len(points)):
        total = 0.0
        for column in range(len(point)):
            step = np.float64(points[row, column]) - np.float64(point[column])
            total += step * step
        away[row] = np.sqrt(total)
    return away
