"""Drift: whether tonight's alerts are still those the model was made for.

Three looks at the same question, each against the model's reference sample and with room for
what two samples of one sky differ by anyway: feature by feature, through the leaves of the
trees, and in the scores among alerts with as many detections. Seeing, limits and cadence are
others every night; how much that moves each feature is learned from the reference's own nights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.features import FeatureTable
from fink_ad.forest.histograms import leaf_divergence, stability_index, stability_noise
from fink_ad.forest.model import Model
from fink_ad.forest.sketch import N_BINS, PEER_BINS, peer_bin

__all__ = ["MIN_ALERTS", "Drift", "measure_drift"]

MIN_ALERTS = 100
"""Of fewer alerts, tonight's or the reference's, nothing is said."""

_PSI_ALARM = 0.2  # the usual border of a major shift; 0.1 is that of a minor one
_ABOVE_USUAL = 1.5  # times what the reference's own nights reach: they are few
_MOST_NIGHTS = 20  # of the reference that are compared, the newest
# Where the reference is of one night: above what nights of one simulated sky differ by, which is
# 2.2 for the number of visits and 0.035 bits, and below what a column that is gone makes.
_ONE_NIGHT_PSI, _ONE_NIGHT_EXCESS = 4.0, 0.1
_LEAF_SIGMAS = 6.0  # above random splits of the same rows
_LEAF_EXCESS = 0.005  # bits above them: what is certain but small is no alarm
_SCORE_SIGMAS = 5.0
_SCORE_FACTOR = 2.0  # odds of a score above a quantile, times or divided by
_QUANTILES = (0.5, 0.9, 0.99)
_MIN_EXPECTED = 10.0  # alerts expected above a quantile, or it is not looked at
_N_NAMED = 10  # shifted columns named in the figures


@dataclass(frozen=True)
class Drift:
    """How far a night is from the reference sample.

    Attributes
    ----------
    figures : mapping
        All that was measured, JSON-able: ``n_alerts``, ``n_reference``, and ``n_nights`` of the
        reference that were compared with one another; ``psi_max`` and ``psi`` (the largest by
        column) with ``psi_alarm`` (the least border of any column); ``leaf_median``,
        ``leaf_max`` (Jensen-Shannon divergence over trees, bits), ``leaf_excess`` and
        ``leaf_sigmas`` (of their mean above random splits) with ``leaf_alarm``;
        ``scores`` (share of alerts above reference quantiles, by peer bin); ``reasons``. Only
        the first two and ``reasons`` for too few alerts.
    reasons : tuple of str
        What crossed a threshold, in words.
    """

    figures: Mapping[str, Any]
    reasons: tuple[str, ...]

    @property
    def alarm(self) -> bool:
        """Whether something crossed a threshold."""
        return bool(self.reasons)


def measure_drift(
    model: Model,
    table: FeatureTable,
    scores: NDArray[np.float64],
    n_det: NDArray[np.int64],
) -> Drift:
    """Compare alerts of a night with the reference sample of a model.

    An alarm is raised by a column whose population stability index reaches 0.2, or what any
    column reaches in one of a thousand same-sky samples of this size, or 1.5 times what one night
    of the reference reaches against its others, whichever is most; by a mean divergence of the
    leaf histograms six standard deviations above random splits of the same rows, and 0.005 bits
    or 1.5 times what nights of the reference reach; or by scores, where the odds of lying above
    the median, the 90 % or the 99 % quantile of the reference alerts with as many detections
    doubled or halved, by five standard errors.

    A reference of one night cannot tell drift from another night: then a column has to reach 4
    and the leaves 0.1 bits, as they do where a column is gone.

    Parameters
    ----------
    model : Model
        Whose reference sample, trees and scores.
    table : FeatureTable
        Features of the night's alerts, or of a random sample of some thousands of them.
    scores : (n_alerts,) float64
        What this model, in this revision, makes of them.
    n_det : (n_alerts,) int64
        Their numbers of detections.

    Raises
    ------
    ModelError
        If the table has another schema, or lengths differ.
    """
    values = model.prepare(table)
    if not len(values) == len(scores) == len(n_det):
        raise ModelError(
            f"{len(scores)} scores and {len(n_det)} numbers of detections for {len(values)} alerts"
        )
    reference = model.reference
    counts: dict[str, Any] = {"n_alerts": len(values), "n_reference": len(reference)}
    if min(counts.values()) < MIN_ALERTS:
        return Drift({**counts, "reasons": []}, ())
    reference_values = model.imputation.prepare(reference.values)
    usual = _usual(model)
    columns, column_reasons = _column_drift(model, np.asarray(table.values, np.float64), usual)
    trees, tree_reasons = _leaf_drift(model, reference_values, values, usual)
    shares, score_reasons = _score_drift(
        model.learner.score(reference_values, reference.peer_bins),
        reference.peer_bins,
        scores,
        peer_bin(n_det),
    )
    reasons = (*column_reasons, *tree_reasons, *score_reasons)
    return Drift(
        {
            **counts,
            "n_nights": usual.n_nights,
            **columns,
            **trees,
            **shares,
            "reasons": list(reasons),
        },
        reasons,
    )


@dataclass(frozen=True)
class _Usual:
    """What nights of the reference reach against its others, and how many were compared."""

    n_nights: int
    index: NDArray[np.float64]
    excess: float


@lru_cache(maxsize=2)
def _usual(model: Model) -> _Usual:
    """Compare each night of the reference with its others, columns and leaves."""
    reference = model.reference
    leaves = model.learner.leaves(model.imputation.prepare(reference.values))
    index, excess = [], []
    for night in np.unique(reference.nights)[-_MOST_NIGHTS:].tolist():
        here = reference.nights == night
        if min(here.sum(), (~here).sum()) >= MIN_ALERTS:
            index.append(_stability(reference.values[~here], reference.values[here]))
            divergence, by_chance = leaf_divergence(leaves[~here], leaves[here], model.seed)
            excess.append(float(divergence.mean() - by_chance.mean()))
    if not index:
        one_night = np.full(reference.values.shape[1], _ONE_NIGHT_PSI)
        return _Usual(0, one_night / _ABOVE_USUAL, _ONE_NIGHT_EXCESS / _ABOVE_USUAL)
    return _Usual(len(index), np.max(index, axis=0), max(excess))


def _stability(reference: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    columns = zip(reference.T, values.T, strict=True)
    return np.array([stability_index(one, other) for one, other in columns])


def _column_drift(
    model: Model, values: NDArray[np.float64], usual: _Usual
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Compare every column, those the model leaves out included: one may have come to life."""
    reference = model.reference.values
    index = _stability(reference, values)
    by_chance = max(_PSI_ALARM, stability_noise(len(reference), len(values), len(index)))
    alarm_from = np.maximum(by_chance, _ABOVE_USUAL * usual.index)
    # Those that raise an alarm are named before those that may differ more.
    shifted = index >= alarm_from
    worst = np.lexsort((-index, ~shifted))[:_N_NAMED]
    names = model.schema.names
    reasons = tuple(
        f"{names[place]} shifted: stability index {index[place]:.2f}, alarm from "
        f"{alarm_from[place]:.2f}"
        for place in worst
        if shifted[place]
    )
    figures = {
        "psi_max": float(index.max()),
        "psi": {names[place]: float(index[place]) for place in worst},
        "psi_alarm": float(alarm_from.min()),
        "n_shifted": int(shifted.sum()),
    }
    return figures, reasons


def _leaf_drift(
    model: Model,
    reference: NDArray[np.float32],
    values: NDArray[np.float32],
    usual: _Usual,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    divergence, by_chance = leaf_divergence(
        model.learner.leaves(reference), model.learner.leaves(values), model.seed
    )
    excess = float(divergence.mean() - by_chance.mean())
    sigmas = excess / max(float(by_chance.std(ddof=1)), np.finfo(np.float64).tiny)
    alarm_from = max(_LEAF_EXCESS, _ABOVE_USUAL * usual.excess)
    figures = {
        "leaf_alarm": alarm_from,
        "leaf_median": float(np.median(divergence)),
        "leaf_max": float(divergence.max()),
        "leaf_excess": excess,
        "leaf_sigmas": sigmas,
    }
    if sigmas < _LEAF_SIGMAS or excess < alarm_from:
        return figures, ()
    return figures, (f"alerts fall into other leaves: {excess:.3f} bits more than by chance",)


def _score_drift(
    reference_scores: NDArray[np.float64],
    reference_bins: NDArray[np.int8],
    scores: NDArray[np.float64],
    bins: NDArray[np.int8],
) -> tuple[dict[str, Any], tuple[str, ...]]:
    shares: dict[str, dict[str, float]] = {}
    reasons = []
    for which in range(N_BINS):
        usual, tonight = reference_scores[reference_bins == which], scores[bins == which]
        for quantile in _QUANTILES:
            expected = 1.0 - quantile
            if min(len(usual), len(tonight)) * expected < _MIN_EXPECTED:
                continue
            edge = np.quantile(usual, quantile)
            expected = float((usual > edge).mean())  # ties make it another than the quantile says
            share = float((tonight > edge).mean())
            shares.setdefault(PEER_BINS[which], {})[f"{quantile:g}"] = share
            if _differs(expected, len(usual), share, len(tonight)):
                reasons.append(
                    f"{share:.1%} of alerts with {PEER_BINS[which]} detections score above what "
                    f"{expected:.1%} of the reference do"
                )
    return {"scores": shares}, tuple(reasons)


def _differs(expected: float, n_expected: int, share: float, n_share: int) -> bool:
    """Say whether the odds differ by a factor of two, and by five sigma (two proportions)."""
    pooled = (expected * n_expected + share * n_share) / (n_expected + n_share)
    error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / n_expected + 1.0 / n_share))
    if abs(share - expected) <= _SCORE_SIGMAS * error:
        return False
    odds, usual = share * (1.0 - expected), expected * (1.0 - share)
    return bool(max(odds, usual) >= _SCORE_FACTOR * min(odds, usual))
