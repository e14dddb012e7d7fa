"""Blazars: a fast random walk of all bands together, and flares of a magnitude or three.

The walk has the memory of weeks and the amplitude of blazars in optical surveys (Ruan et al. 2012,
ApJ 760, 51); flares rise and fall exponentially, one in a cycle of its own length, at random phase.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.bands import N_BANDS, WAVELENGTH_A
from fink_ad.simulate.classes.random_walk import damped_random_walk
from fink_ad.simulate.classes.stars import draw_magnitude
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources, variable_flux
from fink_ad.simulate.survey import Survey

__all__ = ["BLAZAR", "flare_mag"]

Floats = NDArray[np.float64]

_SPECTRAL_INDEX = 1.1


def flare_mag(
    draws: Draws, mjd: Floats, cycle_days: Floats, rise_days: Floats, height_mag: Floats
) -> Floats:
    """Magnitudes by which flares brighten a source, (n, n_times); one in each cycle.

    A flare rises by e in `rise_days` and falls twice as slowly; the cycle before is still seen.
    """
    cycle = np.floor(mjd / cycle_days[:, None]).astype(np.int64)
    total = np.zeros_like(mjd)
    for back in (0, 1):
        each = draws.at(cycle - back)
        peak = (cycle - back + each.uniform("flare time")) * cycle_days[:, None]
        height = height_mag[:, None] * each.uniform("flare height", 0.2, 1.0)
        days = (mjd - peak) / rise_days[:, None]
        total += height * np.exp(np.where(days < 0, days, -0.5 * days))
    return total


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw blazars."""
    n_objects = len(draws)
    r_mag = draw_magnitude(draws, survey, 1.5, 1.2)
    decay = draws.lognormal("decay", 60, 0.6)
    swing = draws.lognormal("swing", 0.35, 0.3)
    cycle = draws.lognormal("cycle", 150, 0.4)
    rise = draws.lognormal("flare rise", 4, 0.5)
    height = draws.uniform("flare height", 0.8, 3.0)
    spectrum = 2.5 * _SPECTRAL_INDEX * np.log10(WAVELENGTH_A[2] / WAVELENGTH_A)
    ref_mag = r_mag[:, None] + spectrum + np.zeros(N_BANDS)

    def flux(visits: Visits) -> Floats:
        walk = swing[:, None] * damped_random_walk(draws, visits.mjd, decay)
        flares = flare_mag(draws, visits.mjd, cycle, rise, height)
        return variable_flux(ref_mag, visits.band, walk - flares)

    return Sources(
        flux=flux,
        ref_mag=ref_mag,
        ref_sep_arcsec=draws.rayleigh("reference offset", 0.15),
        star_galaxy=draws.towards("score", 1, 3),
        t0_mjd=np.full(n_objects, np.nan),
        since_mjd=survey.start_mjd + draws.exponential("first detection", 200),
        parameters={"mean_mag_r": r_mag, "decay_days": decay, "flare_rise_days": rise},
    )


BLAZAR = SourceClass("blazar", draw, share=0.02, behind_dust=True)
