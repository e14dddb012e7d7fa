"""View provider ``bazin``: a rise and a fall through the difference flux, band by band."""

from __future__ import annotations

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
        if batch.strings("population")[0] == "solar_system":
            return ()
        points = measured(batch, "diff")
        found = [_curve(points, code) for code in np.unique(points.band).tolist()]
        return tuple(curve for curve in found if curve is not None)


def _curve(points: Measured, code: int) -> ModelCurve | None:
    """Fit one band; None where the function says nothing about it."""
    points = points.where(points.band == code)
    points = points.where(np.diff(points.mjd_utc, prepend=-np.inf) > 0)
    if len(points) < _MIN_POINTS:
        return None
    flux, error = points.flux_njy, points.flux_err_njy
    brightest = float(flux.max())
    if brightest <= 0 or (flux / error).max() < _MIN_SIGNAL:
        return None
    t = points.mjd_utc - points.mjd_utc[0]
    value, error = flux / brightest, np.hypot(error, _ERROR_FLOOR * flux) / brightest
    fit = light_curve.BazinFit("mcmc-lmsder", mcmc_niter=32, lmsder_niter=30)
    *parameters, reduced_chi2 = fit(t, value, error, sorted=True).tolist()
    if not np.isfinite([*parameters, reduced_chi2]).all() or reduced_chi2 > MAX_REDUCED_CHI2:
        return None
    if _chance(value, error, reduced_chi2) > _MAX_CHANCE:
        return None
    drawn = np.linspace(0.0, t[-1], _N_DRAWN)
    model: NDArray[np.float64] = fit.model(drawn, np.array(parameters))
    if not np.isfinite(model).all() or np.abs(model).max() > _MAX_OVERSHOOT:
        return None
    return ModelCurve(
        BANDS[code],
        points.mjd_utc[0] + drawn,
        model * brightest,
        f"Bazin et al. 2009, reduced chi-square {reduced_chi2:.1f}",
    )


def _chance(value: NDArray[np.float64], error: NDArray[np.float64], reduced_chi2: float) -> float:
    """Return the probability that noise about a constant is fitted as well, by the F-test."""
    n_free = len(value) - _N_PARAMETERS
    mean = np.average(value, weights=error**-2)
    constant = float(np.sum(((value - mean) / error) ** 2))
    left = max(reduced_chi2 * n_free, np.finfo(float).tiny)
    n_more = _N_PARAMETERS - 1
    return float(f_distribution.sf((constant - left) / n_more / (left / n_free), n_more, n_free))
