"""Binary trees as flat arrays: the one form in which every learner's forest is scored.

All trees share one set of node arrays. The children of a node stand side by side (``left`` and
``left + 1``) behind it; a leaf is its own left child and has an infinite threshold, so that
walking a fixed number of steps needs no test for the end. A row goes right where
``value > threshold``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
from numpy.typing import NDArray

from fink_ad.compile_cache import CACHED
from fink_ad.errors import ModelError

__all__ = ["FlatForest"]

BLOCK = 256  # rows walked through one tree together: their values and the tree stay in cache


@numba.njit(cache=CACHED, nogil=True)
def _walk(
    feature: NDArray[np.uint16],
    threshold: NDArray[np.float32],
    left: NDArray[np.uint32],
    root: np.uint32,
    depth: int,
    values: NDArray[np.float32],
    nodes: NDArray[np.uint32],
) -> None:
    """Put the leaf each row reaches in one tree into `nodes`, level by level."""
    n_rows = values.shape[0]
    for row in range(n_rows):
        nodes[row] = root
    for _ in range(depth):
        for row in range(n_rows):
            node = nodes[row]
            goes_right = values[row, feature[node]] > threshold[node]
            nodes[row] = left[node] + np.uint32(goes_right)


@numba.njit(cache=CACHED, nogil=True)
def _sum_leaf_values(
    feature: NDArray[np.uint16],
    threshold: NDArray[np.float32],
    left: NDArray[np.uint32],
    roots: NDArray[np.uint32],
    depths: NDArray[np.int64],
    node_value: NDArray[np.float64],
    values: NDArray[np.float32],
) -> NDArray[np.float64]:
    n_rows = values.shape[0]
    total = np.zeros(n_rows)
    nodes = np.empty(BLOCK, np.uint32)
    for start in range(0, n_rows, BLOCK):
        block = values[start : start + BLOCK]
        for tree in range(len(roots)):
            _walk(feature, threshold, left, roots[tree], depths[tree], block, nodes)
            for row in range(len(block)):
                total[start + row] += node_value[nodes[row]]
    return total


@numba.njit(cache=CACHED, nogil=True)
def _leaves(
    feature: NDArray[np.uint16],
    threshold: NDArray[np.float32],
    left: NDArray[np.uint32],
    roots: NDArray[np.uint32],
    depths: NDArray[np.int64],
    values: NDArray[np.float32],
) -> NDArray[np.int32]:
    n_rows = values.shape[0]
    leaves = np.empty((n_rows, len(roots)), np.int32)
    nodes = np.empty(n_rows, np.uint32)
    for tree in range(len(roots)):
        _walk(feature, threshold, left, roots[tree], depths[tree], values, nodes)
        leaves[:, tree] = nodes
    return leaves


@numba.njit(cache=CACHED, nogil=True)
def _contributions(
    feature: NDArray[np.uint16],
    threshold: NDArray[np.float32],
    left: NDArray[np.uint32],
    roots: NDArray[np.uint32],
    node_value: NDArray[np.float64],
    values: NDArray[np.float32],
) -> NDArray[np.float64]:
    contributions = np.zeros(values.shape)
    for row in range(values.shape[0]):
        for root in roots:
            node = root
            while left[node] != node:
                column = feature[node]
                child = left[node] + np.uint32(values[row, column] > threshold[node])
                contributions[row, column] += node_value[child] - node_value[node]
                node = child
    return contributions


@numba.njit(cache=CACHED)
def _inner_means(
    left: NDArray[np.uint32], visits: NDArray[np.int64], node_value: NDArray[np.float64]
) -> None:
    """Give each inner node the mean leaf value of the reference rows that pass through it."""
    for node in range(len(left) - 1, -1, -1):
        first = left[node]
        if first == node:
            continue
        second = first + 1
        visits[node] = visits[first] + visits[second]
        if visits[node] > 0:
            total = visits[first] * node_value[first] + visits[second] * node_value[second]
            node_value[node] = total / visits[node]
        else:
            node_value[node] = 0.5 * (node_value[first] + node_value[second])


@numba.njit(cache=CACHED)
def _depths(left: NDArray[np.uint32], roots: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return the depth of each tree, or -1 for a tree whose links leave it or turn back."""
    depths = np.zeros(len(roots), np.int64)
    node_depth = np.zeros(len(left), np.int64)
    for tree in range(len(roots)):
        end = len(left) if tree + 1 == len(roots) else roots[tree + 1]
        for node in range(roots[tree], end):
            child = left[node]
            if child == node:
                depths[tree] = max(depths[tree], node_depth[node])
            elif child > node and child + 1 < end:
                node_depth[child] = node_depth[node] + 1
                node_depth[child + 1] = node_depth[node] + 1
            else:
                depths[tree] = -1
                break
    return depths


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
        forest = cls(feature, threshold, left, roots, leaf_value.copy())
        leaves = forest.leaves(reference).ravel()
        visits = np.bincount(leaves, minlength=len(left)).astype(np.int64)
        _inner_means(left, visits, forest.node_value)
        return forest

    @cached_property
    def depths(self) -> NDArray[np.int64]:
        """Greatest number of steps from root to leaf of each tree, (n_trees,)."""
        depths: NDArray[np.int64] = _depths(self.left, self.roots)
        return depths

    def sum_leaf_values(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the sum over trees of the reached leaves' values, (n_rows,)."""
        total: NDArray[np.float64] = _sum_leaf_values(
            self.feature,
            self.threshold,
            self.left,
            self.roots,
            self.depths,
            self.node_value,
            np.ascontiguousarray(values, np.float32),
        )
        return total

    def leaves(self, values: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the node number of the leaf reached in each tree, (n_rows, n_trees)."""
        leaves: NDArray[np.int32] = _leaves(
            self.feature,
            self.threshold,
            self.left,
            self.roots,
            self.depths,
            np.ascontiguousarray(values, np.float32),
        )
        return leaves

    def contributions(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what each column adds to the sum of leaf values, (n_rows, n_columns).

        A split contributes the step it makes from the mean of its node to that of the child
        taken, so a row of the result adds up to its sum of leaf values minus the mean sum over
        the reference rows.
        """
        contributions: NDArray[np.float64] = _contributions(
            self.feature,
            self.threshold,
            self.left,
            self.roots,
            self.node_value,
            np.ascontiguousarray(values, np.float32),
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
