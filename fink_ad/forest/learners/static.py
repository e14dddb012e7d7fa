"""The static isolation forest: strange is what random splits isolate early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from fink_ad.forest.growing import average_path_length, group_layout, grow_trees
from fink_ad.forest.learners.contracts import Labels
from fink_ad.forest.learners.one_forest import PathForest
from fink_ad.forest.trees import FlatForest

__all__ = ["StaticForest"]


class StaticForest(PathForest):
    """Isolation forest (Liu, Ting & Zhou 2008) that draws the column group first.

    Answers are not used.

    Parameters of `fit`, with defaults: ``n_trees`` 300 (fewer make the head of the ranking
    depend on the seed), ``subsample`` 256 rows a tree (all of them when there are fewer),
    ``max_depth`` 8, ``group_first`` true (false draws among all columns, as the paper does),
    ``peers`` false (true: the score is a rank among reference rows with as many detections).
    """

    name: ClassVar[str] = "static"
    defaults: ClassVar[Mapping[str, Any]] = {
        "n_trees": 300,
        "subsample": 256,
        "max_depth": 8,
        "group_first": True,
        "peers": False,
    }

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
        full = cls.complete(parameters)
        n_trees = full["n_trees"]
        columns, group_starts = group_layout(groups if full["group_first"] else [""] * len(groups))
        values = np.ascontiguousarray(values, np.float32)
        subsample = min(full["subsample"], len(values))
        seeds = np.random.SeedSequence(seed).generate_state(n_trees, np.uint64).astype(np.uint64)
        feature, threshold, left, roots, depth, size = grow_trees(
            values, columns, group_starts, subsample, full["max_depth"], seeds
        )
        paths = depth + average_path_length(size)
        leaf_value = cls._leaf_values(paths, subsample, n_trees)
        forest = FlatForest.grown(feature, threshold, left, roots, leaf_value, values)
        return cls.of(forest, full, values, bins)
