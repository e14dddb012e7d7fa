"""Microlensing: a star that brightens and fades by geometry, the same in all colours, once.

Paczynski (1986, ApJ 304, 1): A = (u^2 + 2) / (u sqrt(u^2 + 4)), u^2 = u0^2 + ((t - t0) / tE)^2.
Einstein times around 25 days (e.g. Mroz et al. 2019, ApJS 244, 29); part of the light is of other
stars.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fink_ad.simulate.classes.stars import draw_magnitude, star_magnitudes
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.places import thin_disc
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy
from fink_ad.simulate.survey import Survey

__all__ = ["MICROLENSING", "magnification"]

Floats = NDArray[np.float64]

_FOUND_AT = 1.0  # Einstein times before the maximum


def magnification(einstein_times: Floats, impact: ArrayLike) -> Floats:
    """Magnification at times from the maximum in units of the Einstein time."""
    u_squared = np.asarray(impact) ** 2 + einstein_times**2
    factor: Floats = (u_squared + 2) / np.sqrt(u_squared * (u_squared + 4))
    return factor


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw events by the date of their maximum."""
    impact = draws.uniform("impact", 0.01, 0.8)
    einstein_days = np.clip(draws.lognormal("einstein time", 25, 0.6), 4, 80)
    share = draws.uniform("source share", 0.3, 1.0)
    temperature = draws.uniform("temperature", 4500, 6500)
    ref_mag = star_magnitudes(draw_magnitude(draws, survey, 0.0, 1.2), temperature)

    def flux(visits: Visits) -> Floats:
        times = (visits.mjd - event_mjd[:, None]) / einstein_days[:, None]
        source = share[:, None] * mag_to_njy(np.take_along_axis(ref_mag, visits.band, axis=1))
        return source * (magnification(times, impact[:, None]) - 1)

    return Sources(
        flux=flux,
        ref_mag=ref_mag,
        ref_sep_arcsec=draws.rayleigh("reference offset", 0.2),
        star_galaxy=draws.towards("score", 1, 30),
        t0_mjd=event_mjd,
        since_mjd=event_mjd - _FOUND_AT * einstein_days,
        parameters={
            "impact": impact,
            "einstein_days": einstein_days,
            "source_share": share,
            "base_mag_r": ref_mag[:, 2],
        },
    )


MICROLENSING = SourceClass("microlensing", draw, thin_disc, window_days=(120, 120), anomaly=True)
