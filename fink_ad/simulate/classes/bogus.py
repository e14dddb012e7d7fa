"""What is not on the sky: bad subtractions, cosmic rays, edges of detectors.

Mostly single detections; a third sit on a bright star whose subtraction leaves a dipole, of
either sign, and come back at some other visits.
"""

from __future__ import annotations

import numpy as np

from fink_ad.simulate.cadence import Visits
from fink_ad.simulate.sources import NO_REFERENCE, SourceClass, Sources, mag_to_njy

__all__ = ["BOGUS"]

_DIPOLES = 1 / 3
_RETURNS = 0.08  # chance of a dipole at any other visit
_NEGATIVE = 0.5


def draw(rng: np.random.Generator, visits: Visits) -> Sources:
    """Draw artefacts, each at one visit of a night with alerts."""
    n_objects, n_visits = len(visits), visits.jd.shape[1]
    dipole = rng.random(n_objects) < _DIPOLES
    chance = rng.random((n_objects, n_visits)) * (visits.alerting & visits.observed)
    there = np.arange(n_visits) == chance.argmax(axis=1)[:, None]
    there |= dipole[:, None] & (rng.random((n_objects, n_visits)) < _RETURNS)
    sign = np.where(rng.random(n_objects) < _NEGATIVE, -1.0, 1.0)[:, None]
    # Exponential signal to noise above the threshold, in units of the limit at each visit.
    strength = 1.3 + rng.exponential(1.0, (n_objects, n_visits))
    flux = np.where(there, sign * strength * mag_to_njy(visits.limit_mag), 0.0)
    star_mag = rng.uniform(13, 17, n_objects)
    ref_mag = np.stack([star_mag + 0.6, star_mag], axis=1)
    when = visits.mjd_utc[np.arange(n_objects), chance.argmax(axis=1)]
    return Sources(
        diff_flux_njy=flux,
        ref_mag=np.where(dipole[:, None], ref_mag, NO_REFERENCE),
        ref_sep_arcsec=rng.uniform(0.3, 2.0, n_objects),
        star_galaxy=np.where(dipole, rng.beta(30, 1, n_objects), rng.random(n_objects)),
        t0_mjd=when,
        since_mjd=np.full(n_objects, np.nan),
        parameters={"dipole": dipole},
        bogus=True,
    )


BOGUS = SourceClass("bogus", draw, share=0.18)
