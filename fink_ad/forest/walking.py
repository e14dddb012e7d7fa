"""Compiled walks through flat trees; `FlatForest` says what the arrays mean.

Rows go through a tree together, level by level: the walk of one row waits for memory at every
step, those of many rows do not wait for each other.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from fink_ad.compile_cache import CACHED

__all__ = [
    "column_contributions",
    "reached_leaves",
    "set_inner_means",
    "sum_leaf_values",
    "sum_two_leaf_values",
    "tree_depths",
]

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
def sum_leaf_values(
    feature: NDArray[np.uint16],
    threshold: NDArray[np.float32],
    left: NDArray[np.uint32],
    roots: NDArray[np.uint32],
    depths: NDArray[np.int64],
    node_value: NDArray[np.float64],
    values: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Return the sum over trees of the reached leaves' values, (n_rows,)."""
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
def sum_two_leaf_values(
    feature: NDArray[np.uint16],
    threshold: NDArray[np.float32],
    left: NDArray[np.uint32],
    roots: NDArray[np.uint32],
    depths: NDArray[np.int64],
    first_value: NDArray[np.float64],
    second_value: NDArray[np.float64],
    values: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two sums over trees of the reached leaves' values in one walk, (n_rows,) each."""
    n_rows = values.shape[0]
    first = np.zeros(n_rows)
    second = np.zeros(n_rows)
    nodes = np.empty(BLOCK, np.uint32)
    for start in range(0, n_rows, BLOCK):
        block = values[start : start + BLOCK]
        for tree in range(len(roots)):
            _walk(feature, threshold, left, roots[tree], depths[tree], block, nodes)
            for row in range(len(block)):
                first[start + row] += first_value[nodes[row]]
                second[start + row] += second_value[nodes[row]]
    return first, second


@numba.njit(cache=CACHED, nogil=True)
def reached_leaves(
    feature: NDArray[np.uint16],
    threshold: NDArray[np.float32],
    left: NDArray[np.uint32],
    roots: NDArray[np.uint32],
    depths: NDArray[np.int64],
    values: NDArray[np.float32],
) -> NDArray[np.int32]:
    """Return the node number of the leaf reached in each tree, (n_rows, n_trees)."""
    n_rows = values.shape[0]
    leaves = np.empty((n_rows, len(roots)), np.int32)
    nodes = np.empty(BLOCK, np.uint32)
    for start in range(0, n_rows, BLOCK):
        block = values[start : start + BLOCK]
        for tree in range(len(roots)):
            _walk(feature, threshold, left, roots[tree], depths[tree], block, nodes)
            for row in range(len(block)):
                leaves[start + row, tree] = nodes[row]
    return leaves


@numba.njit(cache=CACHED, nogil=True)
def column_contributions(
    feature: NDArray[np.uint16],
    threshold: NDArray[np.float32],
    left: NDArray[np.uint32],
    roots: NDArray[np.uint32],
    node_value: NDArray[np.float64],
    values: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Return the steps of node value credited to each column, (n_rows, n_columns)."""
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
def set_inner_means(
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
def tree_depths(left: NDArray[np.uint32], roots: NDArray[np.uint32]) -> NDArray[np.int64]:
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
