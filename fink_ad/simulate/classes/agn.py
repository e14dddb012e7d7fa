"""Active galactic nuclei: a damped random walk in magnitude.

Decay time and asymptotic structure function follow from wavelength, luminosity and black-hole mass
by the fits of MacLeod et al. (2010, ApJ 721, 1014, eq. 7); masses follow from the luminosity as
log M = 2.0 - 0.27 M_i with a scatter of 0.4 (Shen et al. 2008, ApJ 680, 169, as used there).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.bands import WAVELENGTH_A
from fink_ad.simulate.classes.random_walk import damped_random_walk
from fink_ad.simulate.classes.stars import draw_magnitude
from fink_ad.simulate.cosmology import distance_modulus
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy
from fink_ad.simulate.survey import Survey

__all__ = ["AGN", "decay_days", "structure_mag"]

Floats = NDArray[np.float64]

_COLOURS = np.array([0.45, 0.25, 0.0, -0.1, -0.15, -0.2])  # relative to r


def structure_mag(rest_a: Floats, absolute_i: Floats, log_mass: Floats) -> Floats:
    """Asymptotic rms difference of two epochs [mag]."""
    log_sf = -0.51 - 0.479 * np.log10(rest_a / 4000) + 0.131 * (absolute_i + 23)
    dispersion: Floats = 10 ** (log_sf + 0.18 * (log_mass - 9))
    return dispersion


def decay_days(rest_a: Floats, absolute_i: Floats, log_mass: Floats) -> Floats:
    """Time in which the memory falls by e, in the frame of the source [days]."""
    log_tau = 2.4 + 0.17 * np.log10(rest_a / 4000) + 0.03 * (absolute_i + 23)
    tau: Floats = 10 ** (log_tau + 0.21 * (log_mass - 9))
    return tau


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw nuclei whose reference image was made years ago, in another state."""
    n_objects = len(draws)
    mean_r = draw_magnitude(draws, survey, 0.8, 0.9)
    redshift = draws.uniform("redshift", 0.1, 2.5)
    absolute_i = np.minimum(mean_r - 0.1 - distance_modulus(redshift), -20.0)
    log_mass = 2.0 - 0.27 * absolute_i + draws.normal("mass", 0, 0.4)
    rest_a = WAVELENGTH_A / (1 + redshift)[:, None]
    swing = structure_mag(rest_a, absolute_i[:, None], log_mass[:, None]) / np.sqrt(2)
    decay = decay_days(rest_a[:, 2], absolute_i, log_mass) * (1 + redshift)
    colours = _COLOURS * draws.normal("colour", 1.0, 0.5)[:, None]
    mean = mean_r[:, None] + colours
    ref_mag = mean + swing * draws.normal("reference")[:, None]

    def flux(visits: Visits) -> Floats:
        walk = damped_random_walk(draws, visits.mjd, decay)
        offset = walk * np.take_along_axis(swing, visits.band, axis=1)
        now = np.take_along_axis(mean, visits.band, axis=1) + offset
        then = np.take_along_axis(ref_mag, visits.band, axis=1)
        return mag_to_njy(now) - mag_to_njy(then)

    return Sources(
        flux=flux,
        ref_mag=ref_mag,
        ref_sep_arcsec=draws.rayleigh("reference offset", 0.15),
        star_galaxy=draws.towards("score", 1, 1.5),
        t0_mjd=np.full(n_objects, np.nan),
        since_mjd=survey.start_mjd + draws.exponential("first detection", 300),
        parameters={
            "redshift": redshift,
            "mean_mag_r": mean_r,
            "decay_days": decay,
            "structure_mag_r": swing[:, 2] * np.sqrt(2),
            "log_mass_solar": log_mass,
        },
    )


AGN = SourceClass("agn", draw, share=0.17, behind_dust=True)
