"""Using coniferest safely: its failures as ours, its trees in our flat form, groups by copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.forest.trees import FlatForest

__all__ = ["drawn_columns", "flatten", "library_failures"]

_LARGEST_GROUP = 64  # copies of a lone column at most, so that the copied table stays small


def drawn_columns(groups: Sequence[str], group_first: bool) -> NDArray[np.int64]:
    """Return column numbers, repeated so that every group has about as many as the largest.

    The library draws columns evenly; copies give small groups the same chance.
    """
    if not group_first:
        return np.arange(len(groups))
    sizes = {group: groups.count(group) for group in groups}
    largest = min(max(sizes.values()), _LARGEST_GROUP)
    copies = [max(1, round(largest / sizes[group])) for group in groups]
    return np.repeat(np.arange(len(groups)), copies)


@contextmanager
def library_failures() -> Iterator[None]:
    """Turn whatever the library does on input it cannot take into a ModelError.

    A panic of its Rust part is a BaseException, which nobody up the stack would catch.
    """
    try:
        with np.errstate(all="ignore"):
            yield
    except (ValueError, TypeError, ArithmeticError) as error:
        raise ModelError(f"coniferest cannot fit: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ModelError(f"coniferest broke down: {error}") from error


def flatten(
    library_trees: Sequence[Any],
    leaf_values: NDArray[np.float64],
    columns: NDArray[np.int64],
    reference: NDArray[np.float32],
) -> FlatForest:
    """Copy the library's trees.

    Parameters
    ----------
    library_trees : sequence
        ``list(model.core_forest)``.
    leaf_values : (n_leaves,) float64
        By leaf, numbered over all trees as the library does; higher = stranger.
    columns : (n_drawn,) int64
        As from `drawn_columns`.
    reference : (n_rows, n_columns) float32
        Reference rows.
    """
    sizes = [tree.n_nodes for tree in library_trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    root_of = np.repeat(roots, sizes)
    left = np.concatenate([tree.left for tree in library_trees]).astype(np.int64)
    split = np.concatenate([tree.feature for tree in library_trees]).astype(np.int64)
    cut = np.concatenate([tree.value for tree in library_trees]).astype(np.float32)
    is_leaf = left == 0
    first_leaf = np.concatenate([[0], np.cumsum([tree.n_leaves for tree in library_trees])[:-1]])
    leaf_number = np.repeat(first_leaf, sizes)[is_leaf] + split[is_leaf]

    leaf_value = np.zeros(len(left))
    leaf_value[is_leaf] = leaf_values[leaf_number]
    nodes = np.arange(len(left))
    return FlatForest.grown(
        feature=np.where(is_leaf, 0, columns[np.where(is_leaf, 0, split)]).astype(np.uint16),
        threshold=np.where(is_leaf, np.inf, cut).astype(np.float32),
        left=np.where(is_leaf, nodes, root_of + left).astype(np.uint32),
        roots=roots.astype(np.uint32),
        leaf_value=leaf_value,
        reference=reference,
    )
