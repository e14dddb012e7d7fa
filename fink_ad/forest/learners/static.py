"""The static isolation forest: strange is what random splits isolate early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from fink_ad.forest.growing import average_path_length, group_layout, grow_trees
from fink_ad.forest.learners.contracts import Labels, complete_parameters
from fink_ad.forest.learners.parts import join_parts, split_parts
from fink_ad.forest.rank_prior import RankPrior
from fink_ad.forest.trees import FlatForest

__all__ = ["StaticForest"]

DEFAULTS = {
    "n_trees": 300,
    "subsample": 256,
    "max_depth": 8,
    "group_first": True,
    "peers": False,
}


@dataclass(frozen=True, eq=False)
class StaticForest:
    """Isolation forest (Liu, Ting & Zhou 2008) that draws the column group first.

    Score ``2 ** (-mean path length / c(subsample))``, between 0 and 1. Answers are not used.

    Parameters of `fit`, with defaults: ``n_trees`` 300 (fewer make the head of the ranking
    depend on the seed), ``subsample`` 256 rows a tree (all of them when there are fewer),
    ``max_depth`` 8, ``group_first`` true (false draws among all columns, as the paper does),
    ``peers`` false (true: the score is a rank among reference rows with as many detections).
    """

    forest: FlatForest
    ranks: RankPrior | None
    parameters: Mapping[str, Any]
    name: ClassVar[str] = "static"

    @classmethod
    def fit(
        cls,
        values: NDArray[np.float32],
        groups: Sequence[str],
        labels: Labels | None,
        seed: int,
        parameters: Mapping[str, Any],
        bins: NDArray[np.int8] | None = None,
    ) -> Self:
        """Grow the trees; see `Learner.fit`."""
        full = complete_parameters(cls.name, DEFAULTS, parameters)
        n_trees = full["n_trees"]
        columns, group_starts = group_layout(groups if full["group_first"] else [""] * len(groups))
        values = np.ascontiguousarray(values, np.float32)
        subsample = min(full["subsample"], len(values))
        seeds = np.random.SeedSequence(seed).generate_state(n_trees, np.uint64).astype(np.uint64)
        feature, threshold, left, roots, depth, size = grow_trees(
            values, columns, group_starts, subsample, full["max_depth"], seeds
        )
        path = depth + average_path_length(size)
        # A single row has no path length to compare with.
        usual = max(float(average_path_length(np.array(subsample))), 1.0)
        leaf_value = -path / (usual * n_trees)
        forest = FlatForest.grown(feature, threshold, left, roots, leaf_value, values)
        scores = np.exp2(forest.sum_leaf_values(values))
        return cls(forest, RankPrior.if_wanted(full, scores, bins), full)

    def score(
        self, values: NDArray[np.float32], bins: NDArray[np.int8] | None = None
    ) -> NDArray[np.float64]:
        """Return anomaly scores, (n_rows,), higher = stranger."""
        scores = np.exp2(self.forest.sum_leaf_values(values))
        return scores if self.ranks is None else self.ranks(scores, bins)

    def leaves(self, values: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the leaf reached in each tree, (n_rows, n_trees)."""
        return self.forest.leaves(values)

    def contributions(
        self, values: NDArray[np.float32], bins: NDArray[np.int8] | None = None
    ) -> NDArray[np.float64]:
        """Return by how much each column shortens the paths, (n_rows, n_columns).

        In units of ``log2(score)``: a row adds up to its value minus the reference mean.
        """
        return self.forest.contributions(values)

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the trees."""
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
        full = complete_parameters(cls.name, DEFAULTS, parameters)
        parts = split_parts(arrays)
        ranks = RankPrior.read(full, parts.get("ranks"))
        return cls(FlatForest.from_arrays(parts[""], n_columns), ranks, full)
