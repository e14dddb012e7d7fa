"""What the learners have in common whose answers and trees end up in one number per leaf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from fink_ad.forest.growing import average_path_length
from fink_ad.forest.learners.contracts import complete_parameters
from fink_ad.forest.learners.parts import join_parts, split_parts
from fink_ad.forest.rank_prior import RankPrior
from fink_ad.forest.trees import FlatForest

__all__ = ["OneForest", "PathForest"]


@dataclass(frozen=True, eq=False)
class OneForest:
    """A forest whose leaf values add up to the score: all of a learner but its `fit`.

    Attributes
    ----------
    forest : FlatForest
        The trees.
    ranks : RankPrior or None
        Turns scores into ranks among peers, if the parameter ``peers`` is true.
    parameters : mapping
        Every parameter with its value.
    """

    forest: FlatForest
    ranks: RankPrior | None
    parameters: Mapping[str, Any]
    name: ClassVar[str]
    defaults: ClassVar[Mapping[str, Any]]

    @classmethod
    def complete(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return every parameter with its value; raises ModelError on one that cannot be."""
        return complete_parameters(cls.name, cls.defaults, parameters)

    @classmethod
    def of(
        cls,
        forest: FlatForest,
        parameters: Mapping[str, Any],
        values: NDArray[np.float32],
        bins: NDArray[np.int8] | None,
    ) -> Self:
        """Put a learner together from its trees and the reference rows they are for."""
        scores = cls._scores(forest.sum_leaf_values(values))
        return cls(forest, RankPrior.if_wanted(parameters, scores, bins), parameters)

    def score(
        self, values: NDArray[np.float32], bins: NDArray[np.int8] | None = None
    ) -> NDArray[np.float64]:
        """Return anomaly scores, (n_rows,), higher = stranger."""
        scores = self._scores(self.forest.sum_leaf_values(values))
        return scores if self.ranks is None else self.ranks(scores, bins)

    def leaves(self, values: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the leaf reached in each tree, (n_rows, n_trees)."""
        return self.forest.leaves(values)

    def contributions(
        self, values: NDArray[np.float32], bins: NDArray[np.int8] | None = None
    ) -> NDArray[np.float64]:
        """Return what each column adds to the sum of leaf values, (n_rows, n_columns).

        A row adds up to its sum minus the reference mean.
        """
        return self.forest.contributions(values)

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the trees, and the ranks if there are any."""
        ranks = None if self.ranks is None else self.ranks.to_arrays()
        return join_parts({"": self.forest.to_arrays(), "ranks": ranks or {}})

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, NDArray[np.generic]],
        parameters: Mapping[str, Any],
        n_columns: int,
    ) -> Self:
        """Read what `to_arrays` wrote, checking it."""
        full = cls.complete(parameters)
        parts = split_parts(arrays)
        ranks = RankPrior.read(full, parts.get("ranks"))
        return cls(FlatForest.from_arrays(parts[""], n_columns), ranks, full)

    @staticmethod
    def _scores(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return scores from sums of leaf values, (n_rows,) both."""
        return sums


class PathForest(OneForest):
    """A forest whose score is ``2 ** (-mean path length / c(subsample))``, between 0 and 1.

    Leaf values add up to ``log2(score)``, which is what columns contribute to.
    """

    @staticmethod
    def _leaf_values(
        paths: NDArray[np.float64], subsample: int, n_trees: int
    ) -> NDArray[np.float64]:
        """Return leaf values from the path lengths of the leaves of trees of so many rows."""
        # A single row has no path length to compare with.
        usual = max(float(average_path_length(np.array(subsample))), 1.0)
        return -paths / (usual * n_trees)

    @staticmethod
    def _scores(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        scores: NDArray[np.float64] = np.exp2(sums)
        return scores
