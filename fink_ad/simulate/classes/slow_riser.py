"""Bright transients without a visible host that brighten for months at constant blue colour.

Like the slowest superluminous supernovae (e.g. SN 2018ibb, Schulze et al. 2024, A&A 683, A223),
with a rise of 100 days or more; a black body of 14 000 K in front of nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.classes.stars import star_magnitudes
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy, nothing_behind
from fink_ad.simulate.survey import Survey

__all__ = ["SLOW_RISER"]

Floats = NDArray[np.float64]

_RISE_MAG = 4.0  # from first light to the peak
_TEMPERATURE_K = 14000.0


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw transients by the date of their peak."""
    n_objects = len(draws)
    rise = draws.uniform("rise", 100, 180)
    peak_mag = survey.limit_mag - draws.uniform("peak", 2.5, 4.5)
    in_band = star_magnitudes(peak_mag, _TEMPERATURE_K)

    def flux(visits: Visits) -> Floats:
        days = (visits.mjd - event_mjd[:, None]) / rise[:, None]
        peak = np.take_along_axis(in_band, visits.band, axis=1)
        return mag_to_njy(peak + _RISE_MAG * days**2)

    # When it rose above the limit of the survey.
    visible = np.sqrt(np.minimum((survey.limit_mag - peak_mag) / _RISE_MAG, 1))
    return Sources(
        flux=flux,
        ref_mag=nothing_behind(n_objects),
        ref_sep_arcsec=np.full(n_objects, np.inf),
        star_galaxy=draws.towards("neighbour score", 0, 8),
        t0_mjd=event_mjd,
        since_mjd=event_mjd - rise * visible,
        parameters={"rise_days": rise, "peak_mag_r": peak_mag},
    )


SLOW_RISER = SourceClass("slow_riser", draw, window_days=(100, 40), anomaly=True)
