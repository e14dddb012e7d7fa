"""Pool: rows that are scored again and again with the same trees and other weights."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fink_ad.forest.leaf_kernel import leaf_sums
from fink_ad.forest.learners import ForestActiveLearner, Learner
from fink_ad.forest.novelty import unanswered_share

__all__ = ["Pool"]

_N_PARTS = 2  # as many as cores are counted on; compiled walks let other threads run

_T = TypeVar("_T", NDArray[np.int32], NDArray[np.float64])


class Pool:
    """Rows with the leaves they reach, so that other weights cost a look-up and no walk.

    Parameters
    ----------
    learner : Learner
        Has the trees. Only learners of the same trees may score the pool.
    values : (n, n_columns) float32
        Prepared by the model of the learner.
    bins : (n,) int8
        Peer bin of each row.
    """

    def __init__(
        self, learner: Learner, values: NDArray[np.float32], bins: NDArray[np.int8]
    ) -> None:
        self._learner = learner
        self.values = values
        self.bins = bins
        self._leaves = _in_parts(lambda rows: learner.leaves(values[rows]), len(values))

    def __len__(self) -> int:
        return len(self.values)

    def with_rows(
        self,
        kept: NDArray[np.int64],
        values: NDArray[np.float32],
        bins: NDArray[np.int8],
        order: NDArray[np.int64],
    ) -> Pool:
        """Return the pool of some of its rows and new ones; only the new ones are walked.

        Parameters
        ----------
        kept : (n_kept,) int64
            Rows that stay.
        values, bins
            New rows.
        order : (n_kept + n_new,) int64
            How to order those that stay, followed by the new ones.
        """
        new = Pool(self._learner, values, bins)
        joined = Pool.__new__(Pool)
        joined._learner = self._learner
        joined.values = np.concatenate([self.values[kept], values])[order]
        joined.bins = np.concatenate([self.bins[kept], bins])[order]
        joined._leaves = np.concatenate([self._leaves[kept], new._leaves])[order]
        return joined

    def scores(self, learner: Learner) -> NDArray[np.float64]:
        """Return what the learner says of all rows, (n,): `Learner.score`, bit for bit."""
        if not isinstance(learner, ForestActiveLearner):
            return _in_parts(
                lambda rows: learner.score(self.values[rows], self.bins[rows]), len(self)
            )

        def of(rows: slice) -> NDArray[np.float64]:
            leaves = self._leaves[rows]
            isolation = leaf_sums(leaves, learner.trees.node_value)
            scores: NDArray[np.float64] = learner.slope * learner.prior(isolation, self.bins[rows])
            scores += leaf_sums(leaves, learner.learned.node_value)
            if learner.votes is not None:
                scores += learner.votes.sum_leaf_values(self.values[rows])
            return scores

        return _in_parts(of, len(self))

    def novelty(
        self, answered: NDArray[np.float32], rows: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return how far some rows are from all answers, (n_rows,); see `Model.novelty`.

        Parameters
        ----------
        answered : (n_answered, n_columns) float32
            Prepared values of the answered alerts.
        rows : (n_rows,) int64
            Which rows of the pool.
        """
        leaves = self._learner.leaves(answered)
        return _in_parts(lambda part: unanswered_share(self._leaves[rows[part]], leaves), len(rows))


def _in_parts(compute: Callable[[slice], _T], n_rows: int) -> _T:
    """Compute for all rows, as many parts at a time as there are cores."""
    edges = np.linspace(0, n_rows, _N_PARTS + 1).astype(int).tolist()
    parts = [slice(*pair) for pair in pairwise(edges)]
    with ThreadPoolExecutor(_N_PARTS) as workers:
        return np.concatenate(list(workers.map(compute, parts)))
