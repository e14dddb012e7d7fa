"""What the camera makes of true fluxes: noise and detections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.photometry import COINCIDENCE_ARCSEC
from fink_ad.simulate.dust import EXTINCTION_PER_EBV
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import Sources, mag_to_njy, njy_to_mag
from fink_ad.simulate.survey import Survey

__all__ = ["DETECTION_SIGMA", "Measured", "measure"]

Floats = NDArray[np.float64]

DETECTION_SIGMA = 5.0

_CALIBRATION_ERROR = 0.015
_SUBTRACTION_ERROR = 0.004  # of the reference flux
_BEST_EFFICIENCY, _EFFICIENCY_WIDTH_MAG = 0.98, 0.1


@dataclass(frozen=True, eq=False)
class Measured:
    """Difference fluxes as measured, (n_objects, n_visits)."""

    flux_njy: Floats
    flux_err_njy: Floats
    detected: NDArray[np.bool_]


def measure(
    survey: Survey, draws: Draws, sources: Sources, visits: Visits, colour_excess: Floats
) -> Measured:
    """Add dust and noise, and decide what is detected.

    The variance is that of the background, from the 5-sigma limit, plus the photons of the
    source and of the reference source below it, plus calibration and subtraction errors in
    proportion to their fluxes. The zero point of a visit is in error for all its objects alike,
    and leaves that part of the reference flux. A detection has at least 5 sigma and passes an
    efficiency that falls to half at the limiting magnitude.

    Parameters
    ----------
    survey, draws, sources, visits
        N objects, and the visits to each.
    colour_excess : (n,) float64
        E(B-V) of the dust before each; 0 for none.
    """
    extinction = colour_excess[:, None] * EXTINCTION_PER_EBV
    dimming = 10 ** (-0.4 * np.take_along_axis(extinction, visits.band, axis=1))
    true = sources.flux(visits) * dimming
    behind = mag_to_njy(np.take_along_axis(sources.ref_mag + extinction, visits.band, axis=1))
    behind = behind * (sources.ref_sep_arcsec < COINCIDENCE_ARCSEC)[:, None]
    variance = (
        (mag_to_njy(visits.limit_mag) / DETECTION_SIGMA) ** 2
        + survey.electron_njy * (np.abs(true) + behind)
        + (_CALIBRATION_ERROR * true) ** 2
        + (_SUBTRACTION_ERROR * behind) ** 2
    )
    error = np.sqrt(variance)
    each = draws.at(visits.number)
    # The subtraction matches most of the reference, whatever the zero point.
    gain = 10 ** (0.4 * visits.zero_point_mag) - 1
    flux = true * (1 + gain) + 0.2 * gain * behind + error * each.normal("noise")
    faintness = njy_to_mag(np.maximum(np.abs(flux), 1e-3)) - visits.limit_mag
    exponent = np.clip(faintness / _EFFICIENCY_WIDTH_MAG, -50, 50)
    found = each.chance("found", _BEST_EFFICIENCY / (1 + np.exp(exponent)))
    detected = visits.observed & found & (np.abs(flux) >= DETECTION_SIGMA * error)
    return Measured(flux, error, detected)
