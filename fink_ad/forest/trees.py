"""Binary trees as flat arrays: the one form in which every learner's forest is scored.

All trees share one set of node arrays. The children of a node stand side by side (``left`` and
``left + 1``) behind it; a leaf is its own left child and has an infinite threshold, so that
walking a fixed number of steps needs no test for the end. A row goes right where
``value > threshold``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.forest.walking import (
    column_contributions,
    reached_leaves,
    set_inner_means,
    sum_leaf_values,
    sum_two_leaf_values,
    tree_depths,
)

__all__ = ["FlatForest"]


@dataclass(frozen=True, eq=False)
class FlatForest:
    """Trees whose leaf values add up to a score; build with `grown` or `from_arrays`.

    Attributes
    ----------
    feature : (n_nodes,) uint16
        Column a node looks at; 0 in leaves.
    threshold : (n_nodes,) float32
        Rows with a larger value go right; infinite in leaves.
    left : (n_nodes,) uint32
        Left child, the right one being next to it; a leaf points to itself.
    roots : (n_trees,) uint32
        First node of each tree.
    node_value : (n_nodes,) float64
        In leaves what they add to the score (higher = stranger), in inner nodes its mean over
        the reference rows that pass through.
    """

    feature: NDArray[np.uint16]
    threshold: NDArray[np.float32]
    left: NDArray[np.uint32]
    roots: NDArray[np.uint32]
    node_value: NDArray[np.float64]

    @classmethod
    def grown(
        cls,
        feature: NDArray[np.uint16],
        threshold: NDArray[np.float32],
        left: NDArray[np.uint32],
        roots: NDArray[np.uint32],
        leaf_value: NDArray[np.float64],
        reference: NDArray[np.float32],
    ) -> FlatForest:
        """Build a forest from its leaves' values, (n_nodes,), and the reference rows."""
        forest = cls(feature, threshold, left, roots, leaf_value)
        return forest.revalued(leaf_value, forest.leaves(reference))

    def revalued(
        self, leaf_value: NDArray[np.float64], reference_leaves: NDArray[np.int32]
    ) -> FlatForest:
        """Return the same trees with other leaf values, (n_nodes,).

        The reference rows are given by the leaves they reach, (n_rows, n_trees).
        """
        visits = np.bincount(reference_leaves.ravel(), minlength=len(self.left))
        node_value = leaf_value.copy()
        set_inner_means(self.left, visits.astype(np.int64), node_value)
        return replace(self, node_value=node_value)

    @property
    def expectation(self) -> float:
        """Mean sum of leaf values over the reference rows."""
        return float(self.node_value[self.roots].sum())

    @cached_property
    def depths(self) -> NDArray[np.int64]:
        """Greatest number of steps from root to leaf of each tree, (n_trees,)."""
        depths: NDArray[np.int64] = tree_depths(self.left, self.roots)
        return depths

    @cached_property
    def _n_columns(self) -> int:
        return int(self.feature.max()) + 1

    def _rows(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return rows a walk can read safely: it checks no bounds."""
        if values.ndim != 2 or values.shape[1] < self._n_columns:
            raise ModelError(
                f"the trees look at {self._n_columns} columns; the values have shape {values.shape}"
            )
        return np.ascontiguousarray(values, np.float32)

    def sum_leaf_values(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the sum over trees of the reached leaves' values, (n_rows,)."""
        total: NDArray[np.float64] = sum_leaf_values(
            self.feature,
            self.threshold,
            self.left,
            self.roots,
            self.depths,
            self.node_value,
            self._rows(values),
        )
        return total

    def sum_two_leaf_values(
        self, second_value: NDArray[np.float64], values: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return `sum_leaf_values` and the same sum of other leaf values, in one walk."""
        first, second = sum_two_leaf_values(
            self.feature,
            self.threshold,
            self.left,
            self.roots,
            self.depths,
            self.node_value,
            second_value,
            self._rows(values),
        )
        return first, second

    def leaves(self, values: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the node number of the leaf reached in each tree, (n_rows, n_trees)."""
        leaves: NDArray[np.int32] = reached_leaves(
            self.feature,
            self.threshold,
            self.left,
            self.roots,
            self.depths,
            self._rows(values),
        )
        return leaves

    def contributions(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what each column adds to the sum of leaf values, (n_rows, n_columns).

        A split contributes the step it makes from the mean of its node to that of the child
        taken, so a row of the result adds up to its sum of leaf values minus the mean sum over
        the reference rows.
        """
        contributions: NDArray[np.float64] = column_contributions(
            self.feature,
            self.threshold,
            self.left,
            self.roots,
            self.node_value,
            self._rows(values),
        )
        return contributions

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays that make up the forest, by name."""
        return {
            "feature": self.feature,
            "threshold": self.threshold,
            "left": self.left,
            "roots": self.roots,
            "node_value": self.node_value,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], n_features: int) -> FlatForest:
        """Read what `to_arrays` wrote, trusting nothing.

        Raises
        ------
        ModelError
            If an array is missing, of another type or length, or a walk through the trees
            could leave them.
        """
        try:
            forest = cls(**{name: np.ascontiguousarray(a) for name, a in arrays.items()})
        except TypeError as error:
            raise ModelError(f"not the arrays of a forest: {sorted(arrays)}") from error
        wanted = {"feature": "u2", "threshold": "f4", "left": "u4", "roots": "u4"}
        for name, array in forest.to_arrays().items():
            if array.dtype != np.dtype(wanted.get(name, "f8")) or array.ndim != 1:
                raise ModelError(f"forest array {name!r} is {array.dtype} of shape {array.shape}")
            if name != "roots" and len(array) != len(forest.left):
                raise ModelError(f"forest array {name!r} has {len(array)} values, not one a node")
        roots = forest.roots.astype(np.int64)
        if (
            not len(roots)
            or roots[0]
            or (np.diff(roots) < 1).any()
            or roots[-1] >= len(forest.left)
        ):
            raise ModelError("the trees of the forest do not follow each other")
        if (forest.depths < 0).any():
            raise ModelError(f"tree {int(np.argmin(forest.depths))} of the forest is tangled")
        if forest.feature.max() >= max(n_features, 1) or not np.isfinite(forest.node_value).all():
            raise ModelError(f"the forest looks beyond its {n_features} columns or has no values")
        return forest
