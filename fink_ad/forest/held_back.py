"""Ranking answers by models that have not seen them: folds, refits, resamples, figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.forest.ranking_metrics import average_precision, place_among_peers, precision_at
from fink_ad.forest.sketch import peer_bin
from fink_ad.forest.training import TARGETS

__all__ = [
    "INSIDE",
    "N_TOP",
    "Answered",
    "Contestant",
    "Figures",
    "as_measured",
    "best_of",
    "deal_folds",
    "differences",
    "held_back",
    "measure",
    "resamples",
]

N_TOP = 30
"""How much of the head of a ranking is looked at."""

INSIDE = "_within_bins"
"""Ends the names of figures of the ranking among alerts with a similar number of detections."""

Contestant = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
"""Learns from rows of the answers, and scores others: ``(learn_from, judged) -> scores``."""

Figures = dict[str, NDArray[np.float64]]
"""By name: first of the sample, then of its resamples."""

_TAIL = 10.0  # per cent of resamples cut off either side: each bound is 90 % sure


@dataclass(frozen=True, eq=False)
class Answered:
    """Answers to judge by, one row per object.

    Attributes
    ----------
    object_ids : (n,) str
    answers : (n,) str
        Keys of `fink_ad.forest.training.TARGETS`.
    answered_at : (n,) float64
        When; any unit that rises with time.
    n_det : (n,) int64
        Number of detections.
    trusted : (n,) bool
        False for imports nobody vouched for: they teach, and never judge.
    age_days : (n,) float64, optional
        Time since the first detection, NaN where unknown.
    """

    object_ids: NDArray[np.str_]
    answers: NDArray[np.str_]
    answered_at: NDArray[np.float64]
    n_det: NDArray[np.int64]
    trusted: NDArray[np.bool_]
    age_days: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        for name, array in vars(self).items():
            if array is not None and array.shape != (len(self.answers),):
                raise ModelError(f"{name} has shape {array.shape} for {len(self.answers)} answers")
        wrong = np.setdiff1d(self.answers, list(TARGETS))
        if len(wrong):
            raise ModelError(f"answer {str(wrong[0])!r} is not one of {', '.join(TARGETS)}")
        names, counts = np.unique(self.object_ids, return_counts=True)
        if (counts > 1).any():
            raise ModelError(f"object {names[counts > 1][0]} has more than one answer: give one")

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def is_anomaly(self) -> NDArray[np.bool_]:
        """Which answers say anomaly, (n,)."""
        return np.asarray(self.answers == "anomaly", np.bool_)

    @property
    def is_bogus(self) -> NDArray[np.bool_]:
        """Which answers say artefact, (n,)."""
        return np.asarray(self.answers == "bogus", np.bool_)


def deal_folds(
    hit: NDArray[np.bool_], n_folds: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Deal objects into folds, (n,), anomalies evenly."""
    order = random.permutation(len(hit))
    order = order[np.argsort(hit[order], kind="stable")]
    folds = np.empty(len(hit), np.int64)
    folds[order] = np.arange(len(hit)) % n_folds
    return folds


def held_back(
    contestant: Contestant,
    judged: NDArray[np.int64],
    folds: NDArray[np.int64],
    imported: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Score each judged row by a refit that has not seen it, (n_judged,)."""
    scores = np.empty(len(judged))
    for fold in np.unique(folds).tolist():
        inside = folds == fold
        scores[inside] = contestant(np.concatenate([judged[~inside], imported]), judged[inside])
    if not np.isfinite(scores).all():
        raise ModelError(
            f"{(~np.isfinite(scores)).sum()} scores of held-back alerts are no numbers"
        )
    return scores


def resamples(
    hit: NDArray[np.bool_], n_resamples: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Return how often each row counts, (1 + n_resamples, n); the first row is the sample."""
    n_rows = len(hit)
    drawn = random.multinomial(n_rows, np.full(n_rows, 1.0 / n_rows), size=n_resamples)
    return np.concatenate([np.ones((1, n_rows)), drawn[(drawn @ hit) > 0]])


def measure(
    scores: NDArray[np.float64],
    answered: Answered,
    judged: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> Figures:
    """Return the figures of a ranking of the judged rows, by name, each (n_resamples,).

    Those that end with `INSIDE` are of the same rows ranked by their places among their peers.
    """
    hit, bogus = answered.is_anomaly[judged], answered.is_bogus[judged]
    places = place_among_peers(peer_bin(answered.n_det[judged]), scores)
    figures = {}
    for suffix, ranks in (("", scores), (INSIDE, places)):
        figures[f"average_precision{suffix}"] = average_precision(ranks, hit, weights)
        figures[f"precision_10{suffix}"] = precision_at(10, ranks, hit, weights)
        figures[f"precision_30{suffix}"] = precision_at(N_TOP, ranks, hit, weights)
        figures[f"artefact_share{suffix}"] = precision_at(N_TOP, ranks, bogus, weights)
    return figures


def as_measured(figures: Figures) -> dict[str, float | None]:
    """Return the figures of the sample itself; None for what cannot be told."""
    return {
        key: float(found[0]) if np.isfinite(found[0]) else None for key, found in figures.items()
    }


def best_of(figures: Sequence[Figures]) -> Figures:
    """Return the best precision that any of several rankings has, resample by resample."""
    return {
        key: np.max([one[key] for one in figures], axis=0)
        for key in figures[0]
        if "precision" in key
    }


def differences(ours: Figures, theirs: Figures) -> dict[str, dict[str, float | None]]:
    """Compare two rankings, resample by resample."""
    return {key: _interval(ours[key] - theirs[key]) for key in ours if key in theirs}


def _interval(difference: NDArray[np.float64]) -> dict[str, float | None]:
    """Return what was measured, and the bounds that hold in nine of ten resamples each."""
    known = difference[1:][np.isfinite(difference[1:])]
    if not len(known) or not np.isfinite(difference[0]):
        return {"measured": None, "lower_90": None, "upper_90": None}
    low, high = np.percentile(known, [_TAIL, 100.0 - _TAIL])
    return {"measured": float(difference[0]), "lower_90": float(low), "upper_90": float(high)}
