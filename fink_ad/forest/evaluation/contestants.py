"""Who competes: each ranks a table from the answers so far and says what to ask next.

The library's forests are driven as its own interactive session drives them, one object through
all answers, with the settings that were found to serve them best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from coniferest.aadforest import AADForest
from coniferest.pineforest import PineForest
from numpy.typing import NDArray

from fink_ad.forest.learners import Labels, StaticForest
from fink_ad.forest.learners.library import drawn_columns, library_failures
from fink_ad.forest.session import Session

__all__ = ["CONTESTANTS", "Contestant"]


class Contestant(Protocol):
    """Ranks rows from answers; made new for every replay."""

    def __init__(
        self,
        values: NDArray[np.float32],
        groups: Sequence[str],
        seed: int,
        parameters: Mapping[str, Any],
    ) -> None: ...

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


class _FixedOrder:
    """Goes down a list made once."""

    scores: NDArray[np.float64]

    def pick(
        self,
        asked: NDArray[np.int64],
        targets: NDArray[np.int8],
        n_picks: int,
        is_open: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        return _highest(self.scores, n_picks, is_open)


class RandomOrder(_FixedOrder):
    """Asks about rows in random order: what anything must beat."""

    def __init__(
        self,
        values: NDArray[np.float32],
        groups: Sequence[str],
        seed: int,
        parameters: Mapping[str, Any],
    ) -> None:
        self.scores = np.random.default_rng(seed).random(len(values))


class StaticOrder(_FixedOrder):
    """Goes down the ranking of an isolation forest."""

    def __init__(
        self,
        values: NDArray[np.float32],
        groups: Sequence[str],
        seed: int,
        parameters: Mapping[str, Any],
    ) -> None:
        self.scores = StaticForest.fit(values, groups, None, seed, parameters).score(values)


class _Library:
    """Refits one of the library's forests on all answers, and takes the top of its ranking."""

    def __init__(self, forest: Any, values: NDArray[np.float32], groups: Sequence[str]) -> None:
        self._forest = forest
        columns = drawn_columns(groups, group_first=True)
        self._values = np.ascontiguousarray(values[:, columns])
        with library_failures():
            forest.fit_known(self._values)

    def pick(
        self,
        asked: NDArray[np.int64],
        targets: NDArray[np.int8],
        n_picks: int,
        is_open: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        with library_failures():
            if len(asked):
                known = self._values[asked]
                self._forest.fit_known(self._values, known, -targets.astype(np.int64))
            scores = -self._forest.score_samples(self._values)
        return _highest(scores, n_picks, is_open)


class Aad(_Library):
    """coniferest's AADForest with its own settings and 300 trees."""

    def __init__(
        self,
        values: NDArray[np.float32],
        groups: Sequence[str],
        seed: int,
        parameters: Mapping[str, Any],
    ) -> None:
        settings = {
            "n_trees": 300,
            "n_subsamples": min(256, len(values)),
            "max_depth": 8,
            "budget": "auto",
            "C_a": 1.0,
            "C_n": 1.0,
            "prior_influence": 0.0,
            "map_value": "reciprocal",
        }
        forest = AADForest(**{**settings, **parameters}, n_jobs=1, random_seed=seed)
        super().__init__(forest, values, groups)


class Pine(_Library):
    """coniferest's PineForest with its own settings."""

    def __init__(
        self,
        values: NDArray[np.float32],
        groups: Sequence[str],
        seed: int,
        parameters: Mapping[str, Any],
    ) -> None:
        settings = {
            "n_trees": 100,
            "n_spare_trees": 400,
            "n_subsamples": min(256, len(values)),
            "max_depth": 8,
        }
        forest = PineForest(**{**settings, **parameters}, n_jobs=1, random_seed=seed)
        super().__init__(forest, values, groups)


class Fal:
    """The default learner."""

    def __init__(
        self,
        values: NDArray[np.float32],
        groups: Sequence[str],
        seed: int,
        parameters: Mapping[str, Any],
    ) -> None:
        self._values = values
        self._session = Session(values, groups, seed, parameters)

    def pick(
        self,
        asked: NDArray[np.int64],
        targets: NDArray[np.int8],
        n_picks: int,
        is_open: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        self._session.learn(Labels(self._values[asked], targets))
        return self._session.pick(n_picks, is_open)


def _highest(
    scores: NDArray[np.float64], n_picks: int, is_open: NDArray[np.bool_]
) -> NDArray[np.int64]:
    order = np.argsort(-scores, kind="stable")
    return order[is_open[order]][:n_picks]


CONTESTANTS: Mapping[str, type[Contestant]] = {
    "random": RandomOrder,
    "static": StaticOrder,
    "aad": Aad,
    "pine": Pine,
    "fal": Fal,
    "ours": Fal,
}
"""By name; "ours" is the default learner."""
