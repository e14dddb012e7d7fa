"""Session: refit after every answer, rank a pool, pick what to ask next; all within moments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.forest.leaf_kernel import leaf_sums
from fink_ad.forest.learners.contracts import Labels
from fink_ad.forest.learners.fal import ForestActiveLearner, checked_parameters
from fink_ad.forest.learners.fal_fit import Ground, Learned

__all__ = ["Session"]


class Session:
    """FAL on one set of trees while answers come in.

    Trees, leaves and kernel columns are kept between refits, so that an answer costs no more
    than solving for the weights. What it learns equals `ForestActiveLearner.fit`, bit for bit.

    Parameters
    ----------
    values : (n_rows, n_columns) float32
        Reference rows, finite.
    groups : sequence of str
        One group name per column.
    seed : int
        All randomness comes from it.
    parameters : mapping
        Those that differ from the learner's defaults.
    bins : (n_rows,) int8, optional
        Peer bin of each row; needed when the parameter ``peers`` is true.
    pool : (n_pool, n_columns) float32, optional
        Rows to rank and to pick from; the reference rows where left out.
    pool_bins : (n_pool,) int8, optional
        Their peer bins.

    Raises
    ------
    ModelError
        If a parameter is unknown or impossible.
    """

    def __init__(
        self,
        values: NDArray[np.float32],
        groups: Sequence[str],
        seed: int,
        parameters: Mapping[str, Any],
        bins: NDArray[np.int8] | None = None,
        pool: NDArray[np.float32] | None = None,
        pool_bins: NDArray[np.int8] | None = None,
    ) -> None:
        self._ground = ground = Ground(values, groups, seed, checked_parameters(parameters), bins)
        self._pool = ground.values if pool is None else np.ascontiguousarray(pool, np.float32)
        self._leaves = ground.leaves if pool is None else ground.trees.leaves(self._pool)
        self._prior = ground.prior(
            leaf_sums(self._leaves, ground.trees.node_value), bins if pool is None else pool_bins
        )
        self._learned: Learned = ground.learn(None)

    def learn(self, labels: Labels | None) -> ForestActiveLearner:
        """Take these answers, and only these, and return the learner for scoring anything.

        Raises
        ------
        ModelError
            If the weights cannot be solved for.
        """
        self._learned = self._ground.learn(labels)
        return ForestActiveLearner.of(self._ground, self._learned)

    def scores(self) -> NDArray[np.float64]:
        """Return the scores of the pool, (n_pool,), higher = stranger."""
        return self._ridge(self._learned) + self._votes()

    def pick(self, n_picks: int, is_open: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return which pool rows to ask about next, most wanted first.

        All of a batch but the first are picked as if those before them had been answered half
        way between what the ridge expects and ordinary, so that a batch spreads out instead of
        asking ten times the same. The pretended answers are forgotten.

        Parameters
        ----------
        n_picks : int
            How many; fewer are returned if fewer are open.
        is_open : (n_pool,) bool
            Rows that may be asked about.
        """
        is_open = is_open.copy()
        learned, votes = self._learned, self._votes()
        picks: list[int] = []
        for _ in range(min(n_picks, int(is_open.sum()))):
            expected = self._ridge(learned)
            picks.append(int(np.argmax(np.where(is_open, expected + votes, -np.inf))))
            is_open[picks[-1]] = False
            if len(picks) < n_picks:
                row = picks[-1]
                pretended = 0.5 * float(np.clip(expected[row], -1.0, 1.0)) - 0.5
                learned = self._ground.pretend(
                    learned, self._leaves[row : row + 1], self._prior[row], pretended
                )
        return np.array(picks, np.int64)

    def _ridge(self, learned: Learned) -> NDArray[np.float64]:
        return learned.slope * self._prior + leaf_sums(self._leaves, learned.leaf_value)

    def _votes(self) -> NDArray[np.float64]:
        votes = self._learned.votes
        return np.zeros(len(self._pool)) if votes is None else votes.sum_leaf_values(self._pool)
