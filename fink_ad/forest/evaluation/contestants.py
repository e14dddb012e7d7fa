"""Who competes: each ranks a table from the answers so far and says what to ask next.

The library's forests are driven as its own interactive session drives them, one object through
all answers, with the settings that were found to serve them best.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from coniferest.aadforest import AADForest
from coniferest.pineforest import PineForest
from numpy.typing import NDArray

from fink_ad.forest.learners import Labels, StaticForest
from fink_ad.forest.learners.library import drawn_columns, library_failures
from fink_ad.forest.session import Session

__all__ = ["CONTESTANTS", "Contestant", "Search"]


@dataclass(frozen=True, eq=False)
class Search:
    """What a contestant is given to search.

    Attributes
    ----------
    values : (n_rows, n_columns) float32
        All rows, finite.
    groups : sequence of str
        One group name per column.
    seed : int
        All randomness comes from it.
    parameters : mapping
        Those that differ from the contestant's own.
    """

    values: NDArray[np.float32]
    groups: Sequence[str]
    seed: int
    parameters: Mapping[str, Any] = field(default_factory=dict)


class Contestant(Protocol):
    """Ranks rows from answers; made new for every search."""

    def pick(
        self,
        asked: NDArray[np.int64],
        targets: NDArray[np.int8],
        n_picks: int,
        is_open: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        """Return the rows to ask about next, most wanted first.

        Parameters
        ----------
        asked : (n_asked,) int64
            Rows already asked about.
        targets : (n_asked,) int8
            The answers: +1 for an anomaly, -1 for ordinary.
        n_picks : int
            How many to return.
        is_open : (n_rows,) bool
            Rows that may be asked about.
        """
        ...


class _Ranking:
    """Ranks all rows after every lesson, and takes those on top."""

    def __init__(
        self, scores: Callable[[NDArray[np.int64], NDArray[np.int8]], NDArray[np.float64]]
    ) -> None:
        self._scores = scores

    def pick(
        self,
        asked: NDArray[np.int64],
        targets: NDArray[np.int8],
        n_picks: int,
        is_open: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        order = np.argsort(-self._scores(asked, targets), kind="stable")
        return order[is_open[order]][:n_picks]


class _Fal:
    """The default learner, which picks for itself so that batches spread out."""

    def __init__(self, search: Search) -> None:
        self._values = search.values
        self._session = Session(search.values, search.groups, search.seed, search.parameters)

    def pick(
        self,
        asked: NDArray[np.int64],
        targets: NDArray[np.int8],
        n_picks: int,
        is_open: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        self._session.learn(Labels(self._values[asked], targets))
        return self._session.pick(n_picks, is_open)


def _random(search: Search) -> Contestant:
    """Ask in random order: what anything must beat."""
    scores = np.random.default_rng(search.seed).random(len(search.values))
    return _Ranking(lambda *_: scores)


def _static(search: Search) -> Contestant:
    """Go down the ranking of an isolation forest."""
    forest = StaticForest.fit(search.values, search.groups, None, search.seed, search.parameters)
    scores = forest.score(search.values)
    return _Ranking(lambda *_: scores)


def _aad(search: Search) -> Contestant:
    """Take AADForest of coniferest with its own settings and 300 trees."""
    settings = {
        "n_trees": 300,
        "budget": "auto",
        "C_a": 1.0,
        "C_n": 1.0,
        "prior_influence": 0.0,
        "map_value": "reciprocal",
    }
    return _of_library(AADForest, settings, search)


def _pine(search: Search) -> Contestant:
    """Take PineForest of coniferest with its own settings."""
    return _of_library(PineForest, {"n_trees": 100, "n_spare_trees": 400}, search)


def _of_library(kind: Callable[..., Any], settings: Mapping[str, Any], search: Search) -> _Ranking:
    """Refit one of the library's forests on all answers at every lesson."""
    shape = {"n_subsamples": min(256, len(search.values)), "max_depth": 8, "n_jobs": 1}
    forest = kind(**{**shape, **settings, **search.parameters}, random_seed=search.seed)
    columns = drawn_columns(search.groups, group_first=True)
    values = np.ascontiguousarray(search.values[:, columns])
    with library_failures():
        forest.fit_known(values)

    def scores(asked: NDArray[np.int64], targets: NDArray[np.int8]) -> NDArray[np.float64]:
        with library_failures():
            if len(asked):
                forest.fit_known(values, values[asked], -targets.astype(np.int64))
            found: NDArray[np.float64] = -forest.score_samples(values)
        return found

    return _Ranking(scores)


CONTESTANTS: Mapping[str, Callable[[Search], Contestant]] = {
    "random": _random,
    "static": _static,
    "aad": _aad,
    "pine": _pine,
    "fal": _Fal,
    "ours": _Fal,
}
"""By name; "ours" is the default learner."""
