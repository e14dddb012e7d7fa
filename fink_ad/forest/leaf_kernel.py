"""How much two rows have in common in a forest, at all scales, and functions made of it.

Two rows in the same leaf of a tree share 1; otherwise they share ``2 ** (m - max_depth)``, where
``m`` is the depth of the last node they have in common, and nothing when that is the root. The
kernel is the mean over trees. It is a sum over shared nodes of positive weights, hence positive
semi-definite, and a weighted sum of kernel columns is one number per leaf: a forest.

Shares are kept as whole numbers of ``2 ** (1 - max_depth)``, so that sums over trees are exact
whatever their order.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from fink_ad.compile_cache import CACHED
from fink_ad.forest.trees import FlatForest

__all__ = ["DEEPEST", "KernelMemo", "kernel_matrix", "leaf_sums", "path_codes", "weighted_leaves"]

DEEPEST = 8
"""Deepest trees the kernel is made for: a path is the eight bits of a byte."""


@numba.njit(cache=CACHED)
def _walk_down(
    left: NDArray[np.uint32], roots: NDArray[np.uint32]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the path to each node, bit d set if right at depth d, and its depth."""
    path = np.zeros(len(left), np.uint8)
    depth = np.zeros(len(left), np.int64)
    for node in range(len(left)):
        child = left[node]
        if child != node:
            path[child] = path[node]
            path[child + 1] = path[node] | np.uint8(1 << depth[node])
            depth[child] = depth[node] + 1
            depth[child + 1] = depth[node] + 1
    return path, depth


def path_codes(forest: FlatForest) -> NDArray[np.uint8]:
    """Return the path to each node as a byte, (n_nodes,): within a tree no two leaves agree."""
    codes: NDArray[np.uint8] = _walk_down(forest.left, forest.roots)[0]
    return codes


@numba.njit(cache=CACHED, nogil=True)
def _pair_sums(
    first: NDArray[np.uint8], second: NDArray[np.uint8], same_leaf: int, n_before: int
) -> NDArray[np.int32]:
    """Return what pairs share in units of ``2 ** (1 - max_depth)``, summed over trees.

    The lowest bit in which two paths differ is ``2 ** m``; with `same_leaf`, ``2 ** max_depth``,
    set in all, equal paths differ there. Halving leaves nothing of the root. Columns beyond
    ``n_before`` plus the row are left 0.
    """
    sums = np.zeros((len(first), len(second)), np.int32)
    for i in range(len(first)):
        for j in range(min(len(second), n_before + i + 1)):
            total = np.int32(0)
            for tree in range(first.shape[1]):
                differ = np.int32(first[i, tree] ^ second[j, tree]) | np.int32(same_leaf)
                total += (differ & -differ) >> np.int32(1)
            sums[i, j] = total
    return sums


def kernel_matrix(
    first: NDArray[np.uint8], second: NDArray[np.uint8], max_depth: int
) -> NDArray[np.float64]:
    """Return the kernel between rows given by their leaves' path codes.

    Parameters
    ----------
    first, second : (n, n_trees), (m, n_trees) uint8
        ``path_codes(forest)[forest.leaves(values)]``.
    max_depth : int
        Deepest a leaf of the forest may lie, at most `DEEPEST`.

    Returns
    -------
    (n, m) float64
        Between 0 and 1.
    """
    return _kernel_below(first, second, max_depth, len(second))


def _kernel_below(
    first: NDArray[np.uint8], second: NDArray[np.uint8], max_depth: int, n_before: int
) -> NDArray[np.float64]:
    """Return the kernel as far as column ``n_before`` plus the row, 0 beyond, (n, m)."""
    sums: NDArray[np.int32] = _pair_sums(
        np.ascontiguousarray(first), np.ascontiguousarray(second), 1 << max_depth, n_before
    )
    kernel: NDArray[np.float64] = sums / (2.0 ** (max_depth - 1) * first.shape[1])
    return kernel


class KernelMemo:
    """Kernel among rows that come back in every refit; each pair is computed once."""

    def __init__(self, max_depth: int) -> None:
        self._max_depth = max_depth
        self._places: dict[bytes, int] = {}
        self._codes: NDArray[np.uint8] = np.empty((0, 0), np.uint8)
        self._kernel: NDArray[np.float64] = np.empty((0, 0))

    def __call__(self, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the kernel among rows with these codes, (n, n)."""
        keys = [row.tobytes() for row in codes]
        new = dict.fromkeys(key for key in keys if key not in self._places)
        if new:
            n_old = len(self._places)
            self._places.update((key, n_old + i) for i, key in enumerate(new))
            added = np.frombuffer(b"".join(new), np.uint8).reshape(len(new), -1)
            self._codes = np.vstack([self._codes, added]) if n_old else added
            below = _kernel_below(added, self._codes, self._max_depth, n_old)
            kernel = np.empty((len(self._codes), len(self._codes)))
            kernel[:n_old, :n_old] = self._kernel
            kernel[n_old:, :n_old] = below[:, :n_old]
            kernel[:n_old, n_old:] = below[:, :n_old].T
            corner = below[:, n_old:]
            kernel[n_old:, n_old:] = corner + np.tril(corner, -1).T
            self._kernel = kernel
        places = np.array([self._places[key] for key in keys], np.int64)
        found: NDArray[np.float64] = self._kernel[np.ix_(places, places)]
        return found


@numba.njit(cache=CACHED)
def _add_up(
    left: NDArray[np.uint32],
    depth: NDArray[np.int64],
    leaves: NDArray[np.int32],
    weights: NDArray[np.float64],
    max_depth: int,
) -> NDArray[np.float64]:
    passing = np.zeros(len(left))
    for row in range(leaves.shape[0]):
        for tree in range(leaves.shape[1]):
            passing[leaves[row, tree]] += weights[row]
    for node in range(len(left) - 1, -1, -1):
        if left[node] != node:
            passing[node] = passing[left[node]] + passing[left[node] + 1]
    value = np.zeros(len(left))
    for node in range(len(left)):
        here = 2.0 ** (depth[node] - max_depth) if depth[node] > 0 else 0.0
        if left[node] == node:
            above = 2.0 ** (depth[node] - 1 - max_depth) if depth[node] > 1 else 0.0
            value[node] += (1.0 - above) * passing[node]
        else:
            above = 0.5 * here if depth[node] > 1 else 0.0
            value[node] += (here - above) * passing[node]
            value[left[node]] = value[node]
            value[left[node] + 1] = value[node]
    return value


def weighted_leaves(
    forest: FlatForest,
    leaves: NDArray[np.int32],
    weights: NDArray[np.float64],
    max_depth: int,
) -> NDArray[np.float64]:
    """Return the leaf values that add up to a weighted sum of kernel columns, (n_nodes,).

    Parameters
    ----------
    forest : FlatForest
        The trees of the kernel.
    leaves : (n, n_trees) int32
        Leaves of the rows whose columns are summed.
    weights : (n,) float64
        What each column is multiplied by.
    max_depth : int
        As for `kernel_matrix`.
    """
    depth = _walk_down(forest.left, forest.roots)[1]
    value: NDArray[np.float64] = _add_up(forest.left, depth, leaves, weights, max_depth)
    value /= len(forest.roots)
    value[forest.left != np.arange(len(forest.left))] = 0.0
    return value


@numba.njit(cache=CACHED, nogil=True)
def leaf_sums(leaves: NDArray[np.int32], node_value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum over trees of the values of leaves already reached, (n_rows,)."""
    total = np.zeros(len(leaves))
    for row in range(len(leaves)):
        for tree in range(leaves.shape[1]):
            total[row] += node_value[leaves[row, tree]]
    return total
