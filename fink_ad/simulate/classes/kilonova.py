"""Kilonovae: blue, and gone within days.

Rise, peak and fading follow AT 2017gfo in g and r (Villar et al. 2017, ApJ 851, L21): peak near
-16 half a day after the merger, then 1.3 and 0.9 mag a day.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.cadence import Visits
from fink_ad.simulate.classes.hosts import distance_modulus, draw_hosts, draw_redshifts
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy

__all__ = ["KILONOVA", "light_curve"]

_PEAK_DAYS = 0.5
_FADING_MAG_PER_DAY = (1.3, 0.9)  # g, r


def light_curve(days: NDArray[np.float64], fid: NDArray[np.int64]) -> NDArray[np.float64]:
    """Flux relative to the peak, `days` after the merger."""
    since = np.maximum(days, 0.0)
    fading = np.maximum(since - _PEAK_DAYS, 0.0) * np.array(_FADING_MAG_PER_DAY)[fid - 1]
    curve: NDArray[np.float64] = np.minimum(since / _PEAK_DAYS, 1.0) * 10 ** (-0.4 * fading)
    return curve


def draw(rng: np.random.Generator, visits: Visits) -> Sources:
    """Draw mergers within three days before one of the nights with alerts."""
    n_objects = len(visits)
    redshift = draw_redshifts(rng, n_objects, 0.003, 0.02)
    first, last = visits.alert_mjd
    merger_mjd = rng.uniform(first - 3, last - 0.3, n_objects)
    peak_mag = -16.2 + rng.normal(0, 0.4, n_objects) + distance_modulus(redshift)
    shape = light_curve(visits.mjd_utc - merger_mjd[:, None], visits.fid)
    ref_mag, separation, star_galaxy = draw_hosts(rng, redshift)
    return Sources(
        diff_flux_njy=mag_to_njy(peak_mag)[:, None] * shape,
        ref_mag=ref_mag,
        ref_sep_arcsec=separation,
        star_galaxy=star_galaxy,
        t0_mjd=merger_mjd,
        since_mjd=np.full(n_objects, np.nan),
        parameters={"redshift": redshift, "peak_mag": peak_mag},
    )


KILONOVA = SourceClass("kilonova", draw, anomaly=True)
