"""What the camera makes of true fluxes: noise and detections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.photometry import COINCIDENCE_ARCSEC
from fink_ad.simulate.cadence import Visits
from fink_ad.simulate.sources import Sources, mag_to_njy, njy_to_mag

__all__ = ["DETECTION_SIGMA", "Measured", "measure"]

DETECTION_SIGMA = 5.0

# One photo-electron in 30 s: zero point 26.3 mag per count, 6.2 electrons per count.
_ELECTRON_NJY = 10 ** (0.4 * (31.4 - 26.3)) / 6.2
_CALIBRATION_ERROR = 0.015
_SUBTRACTION_ERROR = 0.004  # of the reference flux
_BEST_EFFICIENCY, _EFFICIENCY_WIDTH_MAG = 0.98, 0.1


@dataclass(frozen=True, eq=False)
class Measured:
    """Difference fluxes as measured, (n_objects, n_visits)."""

    flux_njy: NDArray[np.float64]
    flux_err_njy: NDArray[np.float64]
    detected: NDArray[np.bool_]


def measure(rng: np.random.Generator, sources: Sources, visits: Visits) -> Measured:
    """Add noise and decide what is detected.

    The variance is that of the background, from the 5-sigma limit, plus the photons of the
    source and of the reference source below it, plus calibration and subtraction errors in
    proportion to their fluxes. A detection has at least 5 sigma and passes an efficiency that
    falls to half at the limiting magnitude.
    """
    true = sources.diff_flux_njy
    behind = mag_to_njy(sources.ref_mag)[:, visits.fid - 1]
    behind = behind * (sources.ref_sep_arcsec < COINCIDENCE_ARCSEC)[:, None]
    variance = (
        (mag_to_njy(visits.limit_mag) / DETECTION_SIGMA) ** 2
        + _ELECTRON_NJY * (np.abs(true) + behind)
        + (_CALIBRATION_ERROR * true) ** 2
        + (_SUBTRACTION_ERROR * behind) ** 2
    )
    error = np.sqrt(variance)
    flux = true + error * rng.standard_normal(true.shape)
    faintness = njy_to_mag(np.maximum(np.abs(flux), 1e-3)) - visits.limit_mag
    exponent = np.clip(faintness / _EFFICIENCY_WIDTH_MAG, -50, 50)
    efficiency = _BEST_EFFICIENCY / (1 + np.exp(exponent))
    found = rng.random(true.shape) < efficiency
    detected = visits.observed & found & (np.abs(flux) >= DETECTION_SIGMA * error)
    return Measured(flux, error, detected)
