"""R Coronae Borealis stars going into a dust dip: bright stars that all but vanish in weeks.

Depth and speed after Clayton (2012, JAAVSO 40, 539): up to eight magnitudes in a few weeks, and a
slower return as the dust thins, less at longer wavelengths as dust has it. Every alert is a
negative subtraction.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.bands import G
from fink_ad.simulate.classes.stars import star_magnitudes
from fink_ad.simulate.dust import EXTINCTION_PER_EBV
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.places import thin_disc
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources, variable_flux
from fink_ad.simulate.survey import Survey

__all__ = ["R_CRB"]

Floats = NDArray[np.float64]

_TEMPERATURE_K = 6500.0


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw stars by the date their dip begins."""
    r_mag = survey.bright_mag + draws.uniform("magnitude", 0.5, 3.0)
    depth = draws.uniform("depth", 2.5, 7.0)
    descent = draws.uniform("descent", 8, 20)
    recovery = draws.uniform("recovery", 20, 50)
    ref_mag = star_magnitudes(r_mag, _TEMPERATURE_K)

    def flux(visits: Visits) -> Floats:
        progress = (visits.mjd - event_mjd[:, None]) / descent[:, None]
        smooth = np.clip(progress, 0, 1)
        fading = depth[:, None] * smooth**2 * (3 - 2 * smooth)
        since_bottom = np.maximum(visits.mjd - event_mjd[:, None] - descent[:, None], 0.0)
        fading = fading * np.exp(-since_bottom / recovery[:, None])
        fading = fading * (EXTINCTION_PER_EBV / EXTINCTION_PER_EBV[G])[visits.band]
        return variable_flux(ref_mag, visits.band, fading)

    return Sources(
        flux=flux,
        ref_mag=ref_mag,
        ref_sep_arcsec=draws.rayleigh("reference offset", 0.1),
        star_galaxy=draws.towards("score", 1, 30),
        t0_mjd=event_mjd,
        since_mjd=event_mjd + 1.0,
        parameters={
            "depth_mag_g": depth,
            "descent_days": descent,
            "recovery_days": recovery,
            "quiet_mag_r": r_mag,
        },
    )


R_CRB = SourceClass("r_crb", draw, thin_disc, window_days=(0, 150), anomaly=True)
