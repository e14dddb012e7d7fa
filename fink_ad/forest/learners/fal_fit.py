"""Fitting FAL: what is grown once from the reference rows, and what every refit solves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.forest.growing import group_layout
from fink_ad.forest.leaf_kernel import KernelMemo, kernel_matrix, path_codes, weighted_leaves
from fink_ad.forest.learners.contracts import Labels
from fink_ad.forest.learners.static import StaticForest
from fink_ad.forest.rank_prior import RankPrior, checked_bins
from fink_ad.forest.ridge import Ridge
from fink_ad.forest.trees import FlatForest
from fink_ad.forest.votes import grow_votes

__all__ = ["Ground", "Learned"]

_FAINTEST = 0.1  # confidence below which the noise of an answer grows no further
_HALF_TRUST = 3.0  # anomalies known when the vote has half its weight


@dataclass(frozen=True, eq=False)
class Learned:
    """What answers teach.

    Attributes
    ----------
    ridge : Ridge or None
        Weights of the kernel columns; None without answers.
    leaves : (n_labels, n_trees) int32
        Leaves of the answered rows, in the order of the weights.
    prior : (n_labels,) float64
        Their prior.
    slope : float
        What the prior is multiplied by.
    leaf_value : (n_nodes,) float64
        What the leaves add to the score.
    votes : FlatForest or None
        Trees of the vote; None as long as no anomaly is known.
    """

    ridge: Ridge | None
    leaves: NDArray[np.int32]
    prior: NDArray[np.float64]
    slope: float
    leaf_value: NDArray[np.float64]
    votes: FlatForest | None


class Ground:
    """Trees, prior and reference rows: all that stays while answers come and go.

    Parameters
    ----------
    values : (n_rows, n_columns) float32
        Reference rows.
    groups : sequence of str
        One group name per column.
    seed : int
        All randomness comes from it.
    parameters : mapping
        Every parameter of the learner.
    bins : (n_rows,) int8, optional
        Peer bin of each row; needed when the parameter ``peers`` is true.
    """

    def __init__(
        self,
        values: NDArray[np.float32],
        groups: Sequence[str],
        seed: int,
        parameters: Mapping[str, Any],
        bins: NDArray[np.int8] | None,
    ) -> None:
        self.values = np.ascontiguousarray(values, np.float32)
        self.parameters = parameters
        self.seed = seed
        shared = ("n_trees", "subsample", "max_depth", "group_first")
        static = {name: parameters[name] for name in shared}
        self.trees = StaticForest.fit(self.values, groups, None, seed, static).forest
        self.leaves = self.trees.leaves(self.values)
        isolation = self.trees.sum_leaf_values(self.values)
        bins = self._peers(bins, len(self.values))
        self.prior = RankPrior.of(isolation, bins)
        self.mean_prior = float(self.prior(isolation, bins).mean())
        first = parameters["group_first"]
        self._layout = group_layout(groups if first else [""] * len(groups))
        self._codes = path_codes(self.trees)
        self._memo = KernelMemo(parameters["max_depth"])
        self._keys = _row_keys(self.values)

    def learn(self, labels: Labels | None) -> Learned:
        """Solve for answers; their order does not matter.

        Raises
        ------
        ModelError
            If the weights cannot be solved for.
        """
        if labels is None:
            labels = Labels(self.values[:0], np.empty(0, np.int8), bins=np.empty(0, np.int8))
        bins = self._peers(labels.bins, len(labels))
        order = self._taken(labels)
        values = np.ascontiguousarray(labels.values[order], np.float32)
        weights = labels.weights[order]
        targets = labels.targets[order] * weights
        leaves = self.trees.leaves(values)
        prior = self.prior(
            self.trees.sum_leaf_values(values), None if bins is None else bins[order]
        )
        if not len(order):
            nothing = np.zeros(len(self.trees.left))
            return Learned(None, leaves, prior, self.parameters["prior_weight"], nothing, None)
        kernel = self._memo(self._codes[leaves])
        kernel += self.parameters["prior_variance"] * np.outer(prior, prior)
        ridge = Ridge.fit(
            kernel,
            self.parameters["noise"] / np.maximum(weights, _FAINTEST),
            targets - self.parameters["prior_weight"] * prior,
        )
        slope, leaf_value = self._spread(ridge, leaves, prior)
        return Learned(ridge, leaves, prior, slope, leaf_value, self._vote(values, targets))

    def pretend(
        self, learned: Learned, leaves: NDArray[np.int32], prior: float, target: float
    ) -> Learned:
        """Return what would be learned from one answer more, the vote left as it is.

        Parameters
        ----------
        learned : Learned
            What is known.
        leaves : (1, n_trees) int32
            Leaves of the row answered.
        prior, target : float
            Its prior, and the answer between -1 and 1.
        """
        parameters = self.parameters
        noise = parameters["noise"] / max(abs(target), _FAINTEST)
        residual = target - parameters["prior_weight"] * prior
        corner = 1.0 + parameters["prior_variance"] * prior**2
        if learned.ridge is None:
            ridge = Ridge.fit(np.array([[corner]]), np.array([noise]), np.array([residual]))
        else:
            codes = self._codes
            column = kernel_matrix(codes[learned.leaves], codes[leaves], parameters["max_depth"])
            column[:, 0] += parameters["prior_variance"] * learned.prior * prior
            ridge = learned.ridge.extended(column[:, 0], corner, noise, residual)
        all_leaves = np.concatenate([learned.leaves, leaves])
        all_priors = np.append(learned.prior, prior)
        slope, leaf_value = self._spread(ridge, all_leaves, all_priors)
        return Learned(ridge, all_leaves, all_priors, slope, leaf_value, learned.votes)

    def _spread(
        self, ridge: Ridge, leaves: NDArray[np.int32], prior: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64]]:
        """Return the slope of the prior and the leaf values that ridge weights stand for."""
        parameters = self.parameters
        slope = parameters["prior_weight"] + parameters["prior_variance"] * (prior @ ridge.weights)
        leaf_value = weighted_leaves(self.trees, leaves, ridge.weights, parameters["max_depth"])
        return float(slope), leaf_value

    def _peers(self, bins: NDArray[np.int8] | None, n_rows: int) -> NDArray[np.int8] | None:
        return checked_bins(bins, n_rows) if self.parameters["peers"] else None

    def _taken(self, labels: Labels) -> NDArray[np.int64]:
        """Return which labels to learn from, in an order that depends on their content only."""
        keys = (labels.weights, labels.targets, *labels.values.T)
        order = np.lexsort(keys)
        n_most = self.parameters["max_labels"]
        if len(order) <= n_most:
            return order
        # Anomalies are few and precious; the ordinary fill what room they leave.
        draw = np.random.default_rng(self.seed).permutation(len(order))
        draw = draw[np.argsort(labels.targets[order][draw] < 0, kind="stable")]
        return order[np.sort(draw[:n_most])]

    def _vote(self, values: NDArray[np.float32], targets: NDArray[np.float64]) -> FlatForest | None:
        is_anomaly = targets > 0
        n_anomalies = int(is_anomaly.sum())
        parameters = self.parameters
        trust = parameters["vote_weight"] * n_anomalies / (n_anomalies + _HALF_TRUST)
        if trust == 0.0:
            return None
        others = self.values[~np.isin(self._keys, _row_keys(values))]
        n_trees = parameters["n_vote_trees"]
        children = np.random.SeedSequence(self.seed, spawn_key=(1,))
        feature, threshold, left, roots, share = grow_votes(
            np.concatenate([values, others]),
            np.concatenate([is_anomaly, np.zeros(len(others), np.bool_)]),
            np.abs(targets),
            len(values),
            parameters["n_stand_ins"],
            float(parameters["stand_in_weight"]),
            *self._layout,
            max(1, int(np.sqrt(values.shape[1]))),
            children.generate_state(n_trees, np.uint64).astype(np.uint64),
        )
        return FlatForest.grown(
            feature, threshold, left, roots, share * (trust / n_trees), self.values
        )


def _row_keys(values: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Return a number per row that equal rows share, and others hardly ever."""
    bits = (values + np.float32(0.0)).view(np.uint32).astype(np.uint64)  # there is one zero
    keys = np.full(len(values), 0x9E3779B97F4A7C15, np.uint64)
    for column in bits.T:
        keys ^= column
        keys *= np.uint64(0xBF58476D1CE4E5B9)
        keys ^= keys >> np.uint64(29)
    return keys
