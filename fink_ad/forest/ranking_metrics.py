"""How good a ranking of answered alerts is, also for many resamples of them at once.

A resample is a row of weights: how often each alert was drawn, a whole number. All ones is the
sample itself. Equal scores, and copies of one alert, stand in no order: a figure is what it is
on average over all orders, so that a ranking neither gains nor loses by being coarse.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["area_under_curve", "average_precision", "place_among_peers", "precision_at"]


def average_precision(
    scores: NDArray[np.float64], hit: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean precision at the places of the hits, (n_resamples,); NaN without hits.

    Of ``m`` equal rows with ``h`` hits behind ``N`` rows with ``H`` hits, the one at place ``i``
    is a hit with probability ``h / m``, and then ``H + 1 + (i - 1) (h - 1) / (m - 1)`` of the
    first ``N + i`` are hits on average. The sum over ``i`` is one of harmonic numbers.

    Parameters
    ----------
    scores : (n,) float64
        Higher = earlier.
    hit : (n,) bool
        What is looked for.
    weights : (n_resamples, n) float64
        How often each row counts.
    """
    rows, hits = _equal_rows(scores, hit, weights)
    rows_before, hits_before = np.cumsum(rows, axis=1) - rows, np.cumsum(hits, axis=1) - hits
    most = int(weights.sum(axis=1).max())
    harmonic = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, most + 1))])
    inverse = harmonic[(rows_before + rows).astype(int)] - harmonic[rows_before.astype(int)]
    mates = np.maximum(hits - 1.0, 0.0) / np.maximum(rows - 1.0, 1.0)
    found = (hits_before + 1.0) * inverse + mates * (rows - (rows_before + 1.0) * inverse)
    return _ratio((hits / np.maximum(rows, 1.0) * found).sum(axis=1), hits.sum(axis=1))


def precision_at(
    k: int, scores: NDArray[np.float64], hit: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of hits among the first `k`, (n_resamples,); parameters as above."""
    rows, hits = _equal_rows(scores, hit, weights)
    rows_before = np.cumsum(rows, axis=1) - rows
    among_first = np.clip(k - rows_before, 0.0, rows)
    share = hits / np.maximum(rows, 1.0)
    return _ratio((among_first * share).sum(axis=1), among_first.sum(axis=1))


def place_among_peers(bins: NDArray[np.int8], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of a row's bin that it stands above, (n,), its equals by half.

    Ranked by it, rows of all bins meet on even terms: what merely tells one bin from another
    is worth nothing.
    """
    places = np.empty(len(scores))
    for which in np.unique(bins).tolist():
        mine = bins == which
        usual = np.sort(scores[mine])
        below = np.searchsorted(usual, scores[mine], side="left")
        not_above = np.searchsorted(usual, scores[mine], side="right")
        places[mine] = 0.5 * (below + not_above) / len(usual)
    return places


def area_under_curve(scores: NDArray[np.float64], hit: NDArray[np.bool_]) -> float:
    """Return how often a hit scores above one that is none, ties counted by half."""
    others = np.sort(scores[~hit])
    below = np.searchsorted(others, scores[hit], side="left")
    not_above = np.searchsorted(others, scores[hit], side="right")
    n_pairs = len(others) * int(hit.sum())
    return float(0.5 * (below + not_above).sum() / n_pairs) if n_pairs else np.nan


def _equal_rows(
    scores: NDArray[np.float64], hit: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rows and hits among them per distinct score, highest first, (n_resamples, n)."""
    order = np.argsort(-scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0.0)
    drawn = weights[:, order]
    return (
        np.add.reduceat(drawn, starts, axis=1),
        np.add.reduceat(drawn * hit[order], starts, axis=1),
    )


def _ratio(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio: NDArray[np.float64] = np.divide(
        top, bottom, out=np.full(len(top), np.nan), where=bottom > 0.0
    )
    return ratio
