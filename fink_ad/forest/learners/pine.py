"""Pine forest: an isolation forest that keeps the trees that agree with the answers.

As implemented by coniferest (Kornilov et al. 2025, Astronomy and Computing 52, 100960). The
library grows and chooses the trees; scoring is done on our own flat copy of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from coniferest.pineforest import PineForest as LibraryForest
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.forest.learners.contracts import Labels
from fink_ad.forest.learners.library import drawn_columns, flatten, library_failures
from fink_ad.forest.learners.one_forest import PathForest

__all__ = ["PineForest"]


class PineForest(PathForest):
    """coniferest's PineForest: fresh for every fit, its trees chosen once with all answers.

    Parameters of `fit`, with defaults: ``n_trees`` 100 that are kept, ``n_spare_trees`` 400
    that are grown beside them and thrown away, ``subsample`` 256 rows a tree, ``max_depth`` 8,
    ``weight_ratio`` 1 (weight of an ordinary answer beside that of an anomaly),
    ``group_first`` true (columns of one group share one column's chance to be drawn, to within
    rounding), ``peers`` false (true: the score is a rank among reference rows with as many
    detections).
    """

    name: ClassVar[str] = "pine"
    defaults: ClassVar[Mapping[str, Any]] = {
        "n_trees": 100,
        "n_spare_trees": 400,
        "subsample": 256,
        "max_depth": 8,
        "weight_ratio": 1.0,
        "group_first": True,
        "peers": False,
    }

    @classmethod
    def complete(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return every parameter with its value; raises ModelError on one that cannot be."""
        full = super().complete(parameters)
        ratio = full["weight_ratio"]
        if type(ratio) not in (int, float) or not 0.0 <= ratio < np.inf:
            raise ModelError(f"pine.weight_ratio must be a finite number of at least 0: {ratio!r}")
        return full

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
        full = cls.complete(parameters)
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
        leaf_value = cls._leaf_values(paths, subsample, len(trees))
        forest = flatten(trees, leaf_value, columns, values)
        return cls.of(forest, full, values, bins)
