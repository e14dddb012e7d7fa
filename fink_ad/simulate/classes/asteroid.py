"""Known main-belt asteroids: one detection, a name, and nothing there before or after.

A body moves many arcseconds between the bands of one night, so that every detection is an
object of its own.
"""

from __future__ import annotations

import numpy as np

from fink_ad.simulate.cadence import Visits
from fink_ad.simulate.sources import NO_REFERENCE, SourceClass, Sources, mag_to_njy

__all__ = ["ASTEROID"]

_COLOUR_MAG = 0.55  # g - r of sunlight off rock


def draw(rng: np.random.Generator, visits: Visits) -> Sources:
    """Draw bodies at one visit each of a night with alerts; numbers of bodies are invented."""
    n_objects, n_visits = len(visits), visits.jd.shape[1]
    r_mag = 20.5 - rng.exponential(0.9, n_objects)
    chance = rng.random((n_objects, n_visits)) * (visits.alerting & visits.observed)
    visit = chance.argmax(axis=1)
    mags = np.stack([r_mag + _COLOUR_MAG, r_mag], axis=1)[:, visits.fid - 1]
    there = np.arange(n_visits) == visit[:, None]
    number = rng.integers(900_000, 999_999, n_objects)
    return Sources(
        diff_flux_njy=np.where(there, mag_to_njy(mags), 0.0),
        ref_mag=np.full((n_objects, 2), NO_REFERENCE),
        ref_sep_arcsec=np.full(n_objects, np.inf),
        star_galaxy=rng.random(n_objects),
        t0_mjd=visits.mjd_utc[np.arange(n_objects), visit],
        since_mjd=np.full(n_objects, np.nan),
        parameters={"mag_r": r_mag, "number": number},
        designation=number.astype("S8"),
    )


ASTEROID = SourceClass("asteroid", draw, share=0.03)
