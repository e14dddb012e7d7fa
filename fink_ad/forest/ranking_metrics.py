"""How good a ranking of answered alerts is, also for many resamples of them at once.

A resample is a row of weights: how often each alert was drawn. All ones is the sample itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["area_under_curve", "average_precision", "precision_at", "within_bins"]


def average_precision(
    scores: NDArray[np.float64], hit: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean precision at the places of the hits, (n_resamples,); NaN without hits.

    Of equal scores those that are no hits come first.

    Parameters
    ----------
    scores : (n,) float64
        Higher = earlier.
    hit : (n,) bool
        What is looked for.
    weights : (n_resamples, n) float64
        How often each row counts.
    """
    order = _worst_case_order(scores, hit)
    drawn = weights[:, order]
    hits = drawn * hit[order]
    precision = np.cumsum(hits, axis=1) / np.maximum(np.cumsum(drawn, axis=1), 1e-12)
    return _ratio((hits * precision).sum(axis=1), hits.sum(axis=1))


def precision_at(
    k: int, scores: NDArray[np.float64], hit: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of hits among the first `k`, (n_resamples,); parameters as above."""
    order = _worst_case_order(scores, hit)
    drawn = weights[:, order]
    before = np.cumsum(drawn, axis=1) - drawn
    among_first = np.clip(k - before, 0.0, drawn)
    return _ratio((among_first * hit[order]).sum(axis=1), among_first.sum(axis=1))


def within_bins(
    bins: NDArray[np.int8],
    scores: NDArray[np.float64],
    hit: NDArray[np.bool_],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return `average_precision` inside bins, averaged over the hits, (n_resamples,).

    Bins that hold hits only, or none, rank nothing and are left out; NaN if all are.
    """
    total, n_hits = np.zeros(len(weights)), np.zeros(len(weights))
    for which in np.unique(bins).tolist():
        mine = bins == which
        if hit[mine].all() or not hit[mine].any():
            continue
        hits_here = weights[:, mine] @ hit[mine].astype(np.float64)
        found = average_precision(scores[mine], hit[mine], weights[:, mine])
        total += np.where(hits_here > 0.0, found, 0.0) * hits_here
        n_hits += hits_here
    return _ratio(total, n_hits)


def area_under_curve(scores: NDArray[np.float64], hit: NDArray[np.bool_]) -> float:
    """Return how often a hit scores above one that is none, ties counted by half."""
    others = np.sort(scores[~hit])
    below = np.searchsorted(others, scores[hit], side="left")
    not_above = np.searchsorted(others, scores[hit], side="right")
    n_pairs = len(others) * int(hit.sum())
    return float(0.5 * (below + not_above).sum() / n_pairs) if n_pairs else np.nan


def _worst_case_order(scores: NDArray[np.float64], hit: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.lexsort((hit, -scores))


def _ratio(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio: NDArray[np.float64] = np.divide(
        top, bottom, out=np.full(len(top), np.nan), where=bottom > 0.0
    )
    return ratio
