"""Pine forest: an isolation forest that keeps the trees that agree with the answers.

As implemented by coniferest (Kornilov et al. 2025, Astronomy and Computing 52, 100960). The
library grows and chooses the trees; scoring is done on our own flat copy of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from coniferest.pineforest import PineForest as LibraryForest
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.forest.growing import average_path_length
from fink_ad.forest.learners.contracts import Labels, complete_parameters
from fink_ad.forest.learners.library import drawn_columns, flatten, library_failures
from fink_ad.forest.learners.parts import join_parts, split_parts
from fink_ad.forest.rank_prior import RankPrior
from fink_ad.forest.trees import FlatForest

__all__ = ["PineForest"]

DEFAULTS: Mapping[str, Any] = {
    "n_trees": 100,
    "n_spare_trees": 400,
    "subsample": 256,
    "max_depth": 8,
    "weight_ratio": 1.0,
    "group_first": True,
    "peers": False,
}


@dataclass(frozen=True, eq=False)
class PineForest:
    """coniferest's PineForest: fresh for every fit, its trees chosen once with all answers.

    Score ``2 ** (-mean path length / c(subsample))``, as of the isolation forest.

    Parameters of `fit`, with defaults: ``n_trees`` 100 that are kept, ``n_spare_trees`` 400
    that are grown beside them and thrown away, ``subsample`` 256 rows a tree, ``max_depth`` 8,
    ``weight_ratio`` 1 (weight of an ordinary answer beside that of an anomaly),
    ``group_first`` true (columns of one group share one column's chance to be drawn, to within
    rounding), ``peers`` false (true: the score is a rank among reference rows with as many
    detections).
    """

    forest: FlatForest
    ranks: RankPrior | None
    parameters: Mapping[str, Any]
    name: ClassVar[str] = "pine"

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
        """Grow the trees and choose among them; see `Learner.fit`."""
        full = _checked(parameters)
        columns = drawn_columns(groups, full["group_first"])
        drawn = np.ascontiguousarray(values[:, columns])
        subsample = min(full["subsample"], len(values))
        pine = LibraryForest(
            n_trees=full["n_trees"],
            n_subsamples=subsample,
            max_depth=full["max_depth"],
            n_spare_trees=full["n_spare_trees"],
            weight_ratio=full["weight_ratio"],
            n_jobs=1,
            random_seed=seed,
        )
        with library_failures():
            if labels is None or not len(labels):
                pine.fit_known(drawn)
            else:
                known = np.ascontiguousarray(labels.values[:, columns])
                # Whole numbers would make the library cut weight ratios to whole numbers.
                pine.fit_known(drawn, known, -labels.targets.astype(np.float64))
        trees = list(pine.core_forest)
        paths = np.concatenate([tree.leaf_values() for tree in trees])
        usual = max(float(average_path_length(np.array(subsample))), 1.0)
        forest = flatten(trees, -paths / (usual * len(trees)), columns, values)
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
        """Return the trees that were kept."""
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
        full = _checked(parameters)
        parts = split_parts(arrays)
        ranks = RankPrior.read(full, parts.get("ranks"))
        return cls(FlatForest.from_arrays(parts[""], n_columns), ranks, full)


def _checked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    full = complete_parameters(PineForest.name, DEFAULTS, parameters)
    ratio = full["weight_ratio"]
    if type(ratio) not in (int, float) or not 0.0 <= ratio < np.inf:
        raise ModelError(f"pine.weight_ratio must be a finite number of at least 0: {ratio!r}")
    return full
