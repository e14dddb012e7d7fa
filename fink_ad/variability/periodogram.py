"""The period of a light curve in several bands, and how sure it is.

A fast periodogram finds where to look; there the light curve is fitted by a wave of three
harmonics, one for all bands, about a mean of each band (the multi-band periodogram of
VanderPlas & Ivezić 2015, ApJ 812, 18, with N_base = 3 and N_band = 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import light_curve
import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as f_distribution

__all__ = ["N_HARMONICS", "PeriodFit", "fit_period", "periodogram", "spectral_window"]

Floats = NDArray[np.float64]

N_HARMONICS = 3
"""Enough to tell the saw-tooth of an RR Lyrae star from its alias of one cycle per day."""

_OVERSAMPLING = 5
_MAX_GRID = 1 << 16
_N_PEAKS = 20
_NEAR = np.linspace(-1.0, 1.0, 5)  # steps of the coarse grid
_FINE = np.linspace(-0.5, 0.5, 11)
_N_REFINED = 8
_RELATED = (1.0, 2.0, 3.0, 1 / 2, 1 / 3)
_DOUBLED = np.log(100.0)


@dataclass(frozen=True)
class PeriodFit:
    """The wave that fits a light curve best.

    Attributes
    ----------
    frequency : float
        Cycles per day.
    false_alarm : float
        Probability that white noise is fitted as well at any of the frequencies searched.
    explained : float
        Share of the chi-square about the means that the wave takes away, 0 to 1.
    lead : float
        Logarithm of the likelihood ratio to the best other frequency that is neither a harmonic
        nor a subharmonic: how far the period is beyond its aliases. Infinite without another.
    """

    frequency: float
    false_alarm: float
    explained: float
    lead: float


def fit_period(
    t: Floats, value: Floats, error: Floats, band: NDArray[np.integer], max_frequency: float
) -> PeriodFit | None:
    """Find the period that explains most of a light curve.

    The false-alarm probability is 1 - (1 - p)^M: p that of the F-test of the fit at one frequency,
    where all errors may be wrong by one factor, M = span × highest frequency the number of
    independent frequencies (VanderPlas 2018, ApJS 236, 16, section 7.4.2). Likelihoods are those
    of normal errors with that same factor free. Twice the period is taken where it is a hundred
    times as likely: two unlike minima make one cycle.

    Parameters
    ----------
    t : (n,) float64
        Times [d], ascending.
    value, error : (n,) float64
        What varies, in magnitudes or any unit, and its error, > 0.
    band : (n,) int
        Band of each point; any numbers.
    max_frequency : float
        Highest frequency to search, in cycles per day. Over the longest spans it is lowered.

    Returns
    -------
    PeriodFit or None
        None if there are too few points to tell, or nothing varies.
    """
    bands, member = np.unique(band, return_inverse=True)
    span = float(np.ptp(t)) if len(t) else 0.0
    n_wave = 2 * N_HARMONICS
    n_free = len(t) - len(bands) - n_wave
    if span <= 0 or n_free < 1:
        return None
    t, weight = t - t[0], error**-2
    deviation = _without_means(value[None], weight, member)[0]
    constant = float(weight @ deviation**2)
    max_frequency = _highest(max_frequency, span)
    peaks, step = _peaks(t, deviation, max_frequency)
    if not constant > 0 or not len(peaks):
        return None
    fit = _Fit(t, deviation, weight, member)
    halves = np.arange(2 * len(peaks)) >= len(peaks)
    frequency, left = fit.best(np.concatenate((peaks, peaks / 2)), step * _NEAR)
    refined = np.argsort(left)[:_N_REFINED]
    frequency[refined], left[refined] = fit.best(frequency[refined], step * _FINE)
    likelihood = -0.5 * n_free * np.log(left)
    chosen = int(np.where(halves, -np.inf, likelihood).argmax())
    if likelihood[chosen + len(peaks)] > likelihood[chosen] + _DOUBLED:
        chosen += len(peaks)

    ratio = (constant - left[chosen]) / n_wave / (left[chosen] / n_free)
    single = min(float(f_distribution.sf(ratio, n_wave, n_free)), 1 - 1e-15)
    apart = [np.abs(frequency - one * frequency[chosen]) > 1.5 / span for one in _RELATED]
    other = likelihood[np.all(apart, axis=0)].max(initial=-np.inf)
    return PeriodFit(
        frequency=float(frequency[chosen]),
        false_alarm=float(-np.expm1(span * max_frequency * np.log1p(-single))),
        explained=float(1 - left[chosen] / constant),
        lead=float(likelihood[chosen] - other),
    )


def spectral_window(t: Floats, frequency: Floats) -> Floats:
    """Return the power of the times themselves, 0 to 1, (n_frequencies,).

    Where it is high, what hardly changes looks like a wave of that frequency: it is 1 at 0, and
    nearly 1 at whole cycles per day where one looks at the same hour every night (VanderPlas 2018,
    section 7.2).
    """
    power: Floats = np.abs(np.exp(2j * np.pi * np.outer(frequency, t - t[0])).mean(axis=1)) ** 2
    return power


def periodogram(
    t: Floats, value: Floats, error: Floats, band: NDArray[np.integer], max_frequency: float
) -> tuple[Floats, Floats]:
    """Return the frequencies where `fit_period` looks for peaks, and the power there.

    It is the power of one wave through the deviations from the mean of each band (Lomb 1976,
    Scargle 1982), in units of their variance; arguments as for `fit_period`.

    Returns
    -------
    frequency, power : (n_frequencies,) float64
        Cycles per day, from 0.
    """
    _, member = np.unique(band, return_inverse=True)
    deviation = _without_means(value[None], error**-2, member)[0]
    return _power(t - t[0], deviation, _highest(max_frequency, float(np.ptp(t))))


def _highest(max_frequency: float, span: float) -> float:
    return min(max_frequency, _MAX_GRID / (_OVERSAMPLING * span))


def _power(t: Floats, deviation: Floats, max_frequency: float) -> tuple[Floats, Floats]:
    size = 2 ** int(np.ceil(np.log2(max(_OVERSAMPLING * t[-1] * max_frequency, 4.0))))
    grid = np.linspace(0, 2 * np.pi * max_frequency, size + 1)
    angular, power = light_curve.Periodogram(freqs=grid, fast=True).freq_power(t, deviation)
    return angular / (2 * np.pi), np.nan_to_num(power)


def _peaks(t: Floats, deviation: Floats, max_frequency: float) -> tuple[Floats, float]:
    """Return the frequencies of the highest peaks, and the step between those tried."""
    frequency, power = _power(t, deviation, max_frequency)
    peaks = 1 + np.flatnonzero((power[1:-1] >= power[:-2]) & (power[1:-1] >= power[2:]))
    highest = peaks[np.argsort(power[peaks])[::-1][:_N_PEAKS]]
    return frequency[highest], max_frequency / (len(power) - 1)


@dataclass(frozen=True, eq=False)
class _Fit:
    """Waves fitted to a light curve without its means, all (n,)."""

    t: Floats
    deviation: Floats
    weight: Floats
    member: NDArray[np.intp]

    def best(self, frequency: Floats, steps: Floats) -> tuple[Floats, Floats]:
        """Return the best of the frequencies around each, and what it leaves, (n_frequencies,)."""
        lowest = 0.5 / self.t[-1]
        tried = np.clip(frequency[:, None] + steps, lowest, None)
        left = self.chi2(tried.ravel()).reshape(tried.shape)
        row, best = np.arange(len(tried)), left.argmin(axis=1)
        return tried[row, best], left[row, best]

    def chi2(self, frequency: Floats) -> Floats:
        """Return what chi-square the best wave of each frequency leaves, (n_frequencies,)."""
        turn = np.exp(2j * np.pi * np.outer(frequency, self.t))
        waves = [turn]
        for _ in range(1, N_HARMONICS):
            waves.append(waves[-1] * turn)
        terms = np.stack([part for wave in waves for part in (wave.real, wave.imag)], axis=1)
        terms = _without_means(terms, self.weight, self.member)
        weighted = terms * self.weight
        normal = weighted @ terms.transpose(0, 2, 1)
        right = weighted @ self.deviation
        # A wave that the times cannot tell from the means would leave the equations singular.
        ridge = 1e-9 * (np.trace(normal, axis1=1, axis2=2) + self.weight.sum())
        normal += ridge[:, None, None] * np.eye(2 * N_HARMONICS)
        solution = np.linalg.solve(normal, right[..., None])[..., 0]
        constant = float(self.weight @ self.deviation**2)
        left: Floats = np.maximum(constant - (right * solution).sum(axis=1), 1e-12 * constant)
        return left


def _without_means(values: Floats, weight: Floats, band: NDArray[np.intp]) -> Floats:
    """Subtract from values (..., n) their weighted mean in each band."""
    member = (band[:, None] == np.arange(band.max() + 1)).astype(np.float64)
    means = (values * weight) @ member / (weight @ member)
    deviations: Floats = values - means @ member.T
    return deviations
