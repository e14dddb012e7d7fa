"""FAL, forest active learner: an isolation forest that learns from few answers, and quickly.

Three parts add up. A prior: the rank by isolation. A ridge regression of what the answers say
beyond the prior, with a kernel of shared nodes at all scales of the same trees: an answer
speaks for its leaf, and more softly for the branches around it. A vote of extremely randomised
trees, trusted the more, the more anomalies are known. What is kept for scoring is one number
per leaf and the trees of the vote, never the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.forest.leaf_kernel import DEEPEST
from fink_ad.forest.learners.contracts import Labels, complete_parameters
from fink_ad.forest.learners.fal_fit import Ground, Learned
from fink_ad.forest.learners.parts import join_parts, split_parts
from fink_ad.forest.rank_prior import RankPrior
from fink_ad.forest.trees import FlatForest

__all__ = ["ForestActiveLearner", "checked_parameters"]

DEFAULTS: Mapping[str, Any] = {
    "n_trees": 200,
    "subsample": 256,
    "max_depth": DEEPEST,
    "group_first": True,
    "peers": False,
    "prior_weight": 0.5,
    "prior_variance": 0.1,
    "noise": 0.6,
    "vote_weight": 2.0,
    "n_vote_trees": 50,
    "n_stand_ins": 256,
    "stand_in_weight": 0.3,
    "max_labels": 5000,
}


@dataclass(frozen=True, eq=False)
class ForestActiveLearner:
    """Forest ridge with a learned prior and a vote of extra-trees.

    Without answers the score is the prior times its weight and ranks as the isolation forest
    does. With answers, ordinary ones pull towards -1 and anomalies towards +1, plus up to
    ``vote_weight`` for what the vote takes for an anomaly.

    Attributes
    ----------
    trees : FlatForest
        Isolation trees; leaf values add up to minus the scaled path length.
    prior : RankPrior
        Bends that into the prior.
    learned : FlatForest
        The same trees with what the answers taught as leaf values.
    votes : FlatForest or None
        Trees of the vote, once an anomaly is known.
    slope, mean_prior : float
        What the prior is multiplied by, and its mean over the reference rows.
    parameters : mapping
        Every parameter with its value.

    Notes
    -----
    Parameters of `fit`, with defaults: ``n_trees`` 200, ``subsample`` 256 rows a tree,
    ``max_depth`` 8 (at most), ``group_first`` true (draw the column group, then the column),
    ``peers`` false (true: the prior is a rank among alerts with as many detections),
    ``prior_weight`` 0.5, ``prior_variance`` 0.1 (how freely answers change the weight of the
    prior: 1 helps where outliers are mostly artefacts, and costs a little elsewhere),
    ``noise`` 0.6 (variance of an answer), ``vote_weight`` 2, ``n_vote_trees`` 50,
    ``n_stand_ins`` 256 unanswered rows a vote tree takes as ordinary, ``stand_in_weight`` 0.3
    for each, ``max_labels`` 5000 (of more, ordinary ones are drawn at random).
    """

    trees: FlatForest
    prior: RankPrior
    learned: FlatForest
    votes: FlatForest | None
    slope: float
    mean_prior: float
    parameters: Mapping[str, Any]
    name: ClassVar[str] = "fal"

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
        """Grow the trees and learn; see `Learner.fit`.

        `fink_ad.forest.session.Session` does the same for many refits on one reference.
        """
        ground = Ground(values, groups, seed, checked_parameters(parameters), bins)
        return cls.of(ground, ground.learn(labels))

    @classmethod
    def of(cls, ground: Ground, learned: Learned) -> Self:
        """Put together what was grown and what was learned."""
        return cls(
            trees=ground.trees,
            prior=ground.prior,
            learned=ground.trees.revalued(learned.leaf_value, ground.leaves),
            votes=learned.votes,
            slope=learned.slope,
            mean_prior=ground.mean_prior,
            parameters=ground.parameters,
        )

    def score(
        self, values: NDArray[np.float32], bins: NDArray[np.int8] | None = None
    ) -> NDArray[np.float64]:
        """Return anomaly scores, (n_rows,), higher = stranger."""
        isolation, learned = self.trees.sum_two_leaf_values(self.learned.node_value, values)
        scores: NDArray[np.float64] = self.slope * self.prior(isolation, bins) + learned
        if self.votes is not None:
            scores += self.votes.sum_leaf_values(values)
        return scores

    def leaves(self, values: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the leaf reached in each tree, (n_rows, n_trees)."""
        return self.trees.leaves(values)

    def contributions(
        self, values: NDArray[np.float32], bins: NDArray[np.int8] | None = None
    ) -> NDArray[np.float64]:
        """Return what each column adds to the score, (n_rows, n_columns).

        A row adds up to its score minus the mean score of the reference rows. What learned
        leaves and votes add is credited split by split. The prior bends the isolation, so its
        change is shared as the isolation's change is: multiplied by the slope of the line from
        the mean isolation to that of the row. That the prior of the mean is not the mean prior
        is no column's doing, and shared evenly.
        """
        isolation = self.trees.sum_leaf_values(values)
        usual = self.trees.expectation
        ends = self.prior(isolation, bins), self.prior(np.full(len(values), usual), bins)
        change = isolation - usual
        steep = np.divide(ends[0] - ends[1], change, out=np.zeros(len(values)), where=change != 0)
        rest = (ends[1] - self.mean_prior) / values.shape[1]
        shares: NDArray[np.float64] = self.slope * (
            steep[:, None] * self.trees.contributions(values) + rest[:, None]
        )
        shares += self.learned.contributions(values)
        if self.votes is not None:
            shares += self.votes.contributions(values)
        return shares

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return trees, prior, leaf values and vote."""
        own = {
            "learned": self.learned.node_value,
            "slope": np.array(self.slope),
            "mean_prior": np.array(self.mean_prior),
        }
        return join_parts(
            {
                "": own,
                "trees": self.trees.to_arrays(),
                "prior": self.prior.to_arrays(),
                "votes": {} if self.votes is None else self.votes.to_arrays(),
            }
        )

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, NDArray[np.generic]],
        parameters: Mapping[str, Any],
        n_columns: int,
    ) -> Self:
        """Read what `to_arrays` wrote, checking it."""
        parts = split_parts(arrays)
        own = parts[""]
        if not {"trees", "prior"} <= set(parts) or set(own) != {"learned", "slope", "mean_prior"}:
            raise ModelError(f"not the arrays of learner 'fal': {sorted(arrays)}")
        trees = FlatForest.from_arrays(parts["trees"], n_columns)
        votes = parts.get("votes")
        return cls(
            trees=trees,
            prior=RankPrior.from_arrays(parts["prior"]),
            learned=FlatForest.from_arrays(
                {**parts["trees"], "node_value": own["learned"]}, n_columns
            ),
            votes=None if votes is None else FlatForest.from_arrays(votes, n_columns),
            slope=_finite_number("slope", own["slope"]),
            mean_prior=_finite_number("mean_prior", own["mean_prior"]),
            parameters=checked_parameters(parameters),
        )


def checked_parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters.

    Raises
    ------
    ModelError
        If one is unknown or impossible.
    """
    full = complete_parameters(ForestActiveLearner.name, DEFAULTS, given)
    if full["max_depth"] > DEEPEST:
        raise ModelError(f"fal.max_depth is {full['max_depth']}: give at most {DEEPEST}")
    for name, default in DEFAULTS.items():
        if type(default) is not float:
            continue
        lowest = 1e-6 if name == "noise" else 0.0
        if type(full[name]) not in (int, float) or not lowest <= full[name] < np.inf:
            raise ModelError(
                f"fal.{name} must be a finite number of at least {lowest:g}: {full[name]!r}"
            )
    return full


def _finite_number(name: str, array: NDArray[np.generic]) -> float:
    if array.dtype != np.float64 or array.shape != () or not np.isfinite(array):
        raise ModelError(f"learner 'fal' has no finite number for {name!r}")
    return float(array)
