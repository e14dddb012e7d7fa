"""View provider ``bazin``: a rise and a fall through the difference flux, band by band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import light_curve
import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as f_distribution

from fink_ad.alerts import BANDS, AlertBatch
from fink_ad.features import Context, ModelCurve
from fink_ad.variability.measured import Measured, measured

__all__ = ["RiseAndFall"]

MAX_REDUCED_CHI2 = 5.0
"""A worse fit says nothing; the function has five parameters and no second maximum."""

_MIN_POINTS = 8
_MIN_SIGNAL = 5.0  # of the best point
_MAX_CHANCE = 1e-3  # that a constant with noise is fitted as much better
_MAX_OVERSHOOT = 2.0  # times the brightest point, between the points
_ERROR_FLOOR = 0.03  # of the flux: no function of five parameters is better than that
_N_PARAMETERS = 5
_N_DRAWN = 400
_FUNCTION = light_curve.BazinFit("mcmc-lmsder", mcmc_niter=32, lmsder_niter=30)
_HEIGHT_PX = 330
_ROWS = (
    "curve",
    "amplitude [µJy]",
    "baseline [µJy]",
    "reference time [MJD]",
    "rise [d]",
    "fall [d]",
    "reduced chi-square",
)
_NOTHING = ("",) * (len(_ROWS) - 1)


class RiseAndFall:
    """The function of Bazin et al. (2009, A&A 499, 653), fitted to each band by itself.

    A curve is given for bands with eight points or more in which it fits (reduced chi-square of 5
    at most, with errors of 3 % of the flux at least), where a constant would fit far worse, and
    which rise above the noise. It ends where the points of the band do.
    """

    name = "bazin"
    version = "1"
    requires: tuple[str, ...] = ()

    def curves(self, batch: AlertBatch, context: Context) -> tuple[ModelCurve, ...]:
        """Return the curves of one alert; none of a body that moves."""
        return tuple(one.curve() for one in _fits(batch).values() if isinstance(one, _Fit))

    def figure(self, batch: AlertBatch, context: Context) -> dict[str, Any] | None:
        """Return a table of what was fitted to each band, or why nothing was."""
        fits = _fits(batch)
        if not fits:
            return None
        told = [one.told() if isinstance(one, _Fit) else (one, *_NOTHING) for one in fits.values()]
        table = {
            "type": "table",
            "columnwidth": [1.5] + [1.0] * len(fits),
            "header": {"values": ["band", *(BANDS[code] for code in fits)]},
            "cells": {"values": [list(_ROWS), *(list(one) for one in told)], "align": "left"},
        }
        return {"data": [table], "layout": {"margin": {"t": 8, "b": 8}, "height": _HEIGHT_PX}}


@dataclass(frozen=True, eq=False)
class _Fit:
    """The function fitted to one band.

    Attributes
    ----------
    band : str
    parameters : (5,) float64
        Amplitude and baseline in units of `scale_njy`, reference time, time of the rise and time
        of the fall in days, the first counted from `mjd_utc`.
    """

    band: str
    mjd_utc: float
    span_days: float
    scale_njy: float
    parameters: NDArray[np.float64]
    reduced_chi2: float

    def drawn(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return days and fluxes in units of `scale_njy`, from the first to the last point."""
        days = np.linspace(0.0, self.span_days, _N_DRAWN)
        return days, _FUNCTION.model(days, self.parameters)

    def curve(self) -> ModelCurve:
        """Return what is drawn over the points."""
        days, flux = self.drawn()
        label = f"Bazin et al. 2009, reduced chi-square {self.reduced_chi2:.1f}"
        return ModelCurve(self.band, self.mjd_utc + days, flux * self.scale_njy, label)

    def told(self) -> tuple[str, ...]:
        """Return the cells of the table, as `_ROWS` has them."""
        amplitude, baseline, reference, rise, fall = self.parameters.tolist()
        unit = self.scale_njy / 1000.0
        return (
            "drawn over the points",
            f"{amplitude * unit:.4g}",
            f"{baseline * unit:.4g}",
            f"{self.mjd_utc + reference:.2f}",
            f"{rise:.3g}",
            f"{fall:.3g}",
            f"{self.reduced_chi2:.1f}",
        )


def _fits(batch: AlertBatch) -> dict[int, _Fit | str]:
    """Fit each band that was seen; instead of a fit that says nothing, why it does not."""
    if batch.strings("population")[0] == "solar_system":
        return {}
    points = measured(batch, "diff")
    return {code: _fit(points, code) for code in np.unique(points.band).tolist()}


def _fit(points: Measured, code: int) -> _Fit | str:
    points = points.where(points.band == code)
    points = points.where(np.diff(points.mjd_utc, prepend=-np.inf) > 0)
    if len(points) < _MIN_POINTS:
        return f"{len(points)} points, {_MIN_POINTS} are needed"
    flux, error = points.flux_njy, points.flux_err_njy
    brightest = float(flux.max())
    if brightest <= 0 or (flux / error).max() < _MIN_SIGNAL:
        return f"no point above {_MIN_SIGNAL:.0f} sigma"
    t = points.mjd_utc - points.mjd_utc[0]
    value, error = flux / brightest, np.hypot(error, _ERROR_FLOOR * flux) / brightest
    *parameters, reduced_chi2 = _FUNCTION(t, value, error, sorted=True).tolist()
    if not np.isfinite([*parameters, reduced_chi2]).all():
        return "no fit was found"
    if reduced_chi2 > MAX_REDUCED_CHI2:
        return f"reduced chi-square {reduced_chi2:.1f}, {MAX_REDUCED_CHI2:.0f} at most"
    if _chance(value, error, reduced_chi2) > _MAX_CHANCE:
        return "a constant fits nearly as well"
    start, span = float(points.mjd_utc[0]), float(t[-1])
    fit = _Fit(BANDS[code], start, span, brightest, np.array(parameters), reduced_chi2)
    _, model = fit.drawn()
    if not np.isfinite(model).all() or np.abs(model).max() > _MAX_OVERSHOOT:
        return "far beyond the points between them"
    return fit


def _chance(value: NDArray[np.float64], error: NDArray[np.float64], reduced_chi2: float) -> float:
    """Return the probability that noise about a constant is fitted as well, by the F-test."""
    n_free = len(value) - _N_PARAMETERS
    mean = np.average(value, weights=error**-2)
    constant = float(np.sum(((value - mean) / error) ** 2))
    left = max(reduced_chi2 * n_free, np.finfo(float).tiny)
    n_more = _N_PARAMETERS - 1
    return float(f_distribution.sf((constant - left) / n_more / (left / n_free), n_more, n_free))
