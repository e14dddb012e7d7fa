"""How rare a score is among peers, and which alerts are candidates.

Alerts are compared with alerts that have a similar number of detections: whatever stands in
for missing features, a ranking of all together would be a ranking by number of points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.forest.sketch import N_BINS, ScoreSketch, peer_bin

__all__ = [
    "DEFAULT_THRESHOLD",
    "MIN_PEERS",
    "PROVISIONAL_BELOW",
    "Rarity",
    "candidate_threshold",
    "is_candidate",
    "is_provisional",
    "kept_threshold",
    "rarity",
]

DEFAULT_THRESHOLD = 1000.0
"""Rarity at which an alert becomes a candidate: one in a thousand."""

PROVISIONAL_BELOW = 20_000
"""A rarity measured against fewer reference alerts is provisional, and shown so."""

MIN_PEERS = 100
"""A peer bin with fewer reference alerts borrows those of its neighbours."""


@dataclass(frozen=True, eq=False)
class Rarity:
    """How rare scores are: "1 in `one_in`", or "rarer than" that.

    Attributes
    ----------
    one_in : (n,) float64
        At least 1.
    beyond : (n,) bool
        No reference peer scores as high: the alert is rarer than ``1 in one_in``.
    n_peers : (n,) int64
        Reference alerts each was compared with.
    """

    one_in: NDArray[np.float64]
    beyond: NDArray[np.bool_]
    n_peers: NDArray[np.int64]


def _peer_bins(sketch: ScoreSketch, which: int) -> range:
    """Return the bin and as many neighbours on both sides as give `MIN_PEERS` alerts."""
    for reach in range(N_BINS):
        bins = range(max(which - reach, 0), min(which + reach + 1, N_BINS))
        if sketch.bin_sizes[bins.start : bins.stop].sum() >= MIN_PEERS:
            return bins
    return range(N_BINS)


def rarity(sketch: ScoreSketch, scores: NDArray[np.float64], n_det: NDArray[np.int64]) -> Rarity:
    """Return how rare each score is among the reference alerts that are its peers.

    ``one_in = (n_peers + 1) / (n_at_or_above + 1)``, the reciprocal of the usual estimate of a
    p-value from a finite sample, which is never zero (Davison & Hinkley 1997, eq. 4.11): the
    alert itself counts among its peers.

    Parameters
    ----------
    sketch : ScoreSketch
        The reference, of the same model revision as the scores.
    scores : (n,) float64
        Anomaly scores.
    n_det : (n,) int64
        Number of detections of each alert.
    """
    bins = peer_bin(n_det)
    above = np.zeros(len(scores), np.int64)
    n_peers = np.zeros(len(scores), np.int64)
    for which in np.unique(bins).tolist():
        mine = bins == which
        for neighbour in _peer_bins(sketch, which):
            above[mine] += sketch.count_at_or_above(scores[mine], neighbour)
            n_peers[mine] += sketch.bin_sizes[neighbour]
    return Rarity((n_peers + 1.0) / (above + 1.0), above == 0, n_peers)


def is_provisional(sketch: ScoreSketch) -> bool:
    """Say whether rarities against this reference are provisional."""
    return len(sketch) < PROVISIONAL_BELOW


def candidate_threshold(
    sketch: ScoreSketch, n_peers: NDArray[np.int64], threshold: float = DEFAULT_THRESHOLD
) -> NDArray[np.float64]:
    """Return the rarity at which an alert with so many peers becomes a candidate, (n,).

    The threshold asked for, lowered in two cases so that small references also give a list:

    - to ``max(50, n_reference / 20)``: about 20 alerts of the reference reach it, or its
      strangest 2 % while it has fewer than 1 000. At `PROVISIONAL_BELOW` reference alerts
      this is 1 000, so nothing jumps when the provisional time ends.
    - to ``(n_peers + 1) / 2``, the rarity of an alert as strange as the strangest of its
      peers: among few peers no more can be shown. It is never less than 2: an alert without
      peers is no candidate.
    """
    by_reference = max(50.0, len(sketch) / 20.0)
    by_peers = np.maximum((n_peers.astype(np.float64) + 1.0) / 2.0, 2.0)
    return np.minimum(by_peers, min(threshold, by_reference))


def is_candidate(
    sketch: ScoreSketch, rarity: Rarity, threshold: float = DEFAULT_THRESHOLD
) -> NDArray[np.bool_]:
    """Say of each alert whether it is rare enough, looking at no other alert, (n,)."""
    enough: NDArray[np.bool_] = rarity.one_in >= candidate_threshold(
        sketch, rarity.n_peers, threshold
    )
    return enough & (rarity.n_peers > 0)


def kept_threshold(
    sketch: ScoreSketch, n_det: NDArray[np.int64], share: float = 0.01
) -> NDArray[np.float64]:
    """Return the score above which an alert is among the strangest `share` of its peers, (n,).

    Infinite where there is no reference.
    """
    by_bin = np.array([_quantile(sketch, which, share) for which in range(N_BINS)])
    thresholds: NDArray[np.float64] = by_bin[peer_bin(n_det)]
    return thresholds


def _quantile(sketch: ScoreSketch, which: int, share: float) -> float:
    """Return the lowest exact or cell-edge score that at most `share` of the peers reach."""
    bins = _peer_bins(sketch, which)
    n_wanted = max(1.0, share * sketch.bin_sizes[bins.start : bins.stop].sum())
    edges = np.unique(np.concatenate([sketch.edges(neighbour) for neighbour in bins]))
    above = sum(sketch.count_at_or_above(edges, neighbour) for neighbour in bins)
    few = edges[above <= n_wanted]
    return float(few[0]) if len(few) else np.inf
