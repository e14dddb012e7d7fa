"""How far from all that was ever answered: alerts whose leaves hold no answered alert."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from fink_ad.compile_cache import CACHED
from fink_ad.errors import ModelError

__all__ = ["unanswered_share"]


def unanswered_share(
    leaves: NDArray[np.int32], answered_leaves: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return in which share of the trees a row shares its leaf with no answered alert, (n_rows,).

    0: some answer speaks about it in every tree; 1: no answer says anything about it, as
    everywhere before the first one.

    Parameters
    ----------
    leaves : (n_rows, n_trees) int32
        Leaf reached in each tree, numbered over all trees, as from `Learner.leaves`.
    answered_leaves : (n_answered, n_trees) int32
        The same of the answered alerts.

    Raises
    ------
    ModelError
        If they are not of the same trees.
    """
    if leaves.ndim != 2 or answered_leaves.shape[1:] != leaves.shape[1:]:
        raise ModelError(
            f"leaves of shape {leaves.shape} and of the answered alerts of shape "
            f"{answered_leaves.shape} are not of the same trees"
        )
    holds_answer = np.zeros(int(answered_leaves.max(initial=-1)) + 1, np.bool_)
    holds_answer[answered_leaves.ravel()] = True
    share: NDArray[np.float64] = _unanswered_share(leaves, holds_answer)
    return share


@numba.njit(cache=CACHED, nogil=True)
def _unanswered_share(
    leaves: NDArray[np.int32], holds_answer: NDArray[np.bool_]
) -> NDArray[np.float64]:
    n_rows, n_trees = leaves.shape
    share = np.empty(n_rows)
    for row in range(n_rows):
        n_unanswered = 0
        for tree in range(n_trees):
            leaf = leaves[row, tree]
            n_unanswered += leaf >= len(holds_answer) or not holds_answer[leaf]
        share[row] = n_unanswered / n_trees
    return share
