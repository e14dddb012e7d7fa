"""Where transients happen: distances, and the galaxies behind them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.cosmology import (
    comoving_mpc,
    distance_modulus,
    redshift_at_comoving,
    redshift_at_modulus,
)
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.survey import Survey

__all__ = ["draw_hosts", "draw_redshifts"]

Floats = NDArray[np.float64]

_COLOURS = np.array([1.6, 0.6, 0.0, -0.3, -0.5, -0.6])  # relative to r, a spiral nearby
_SEE_BEYOND_MAG = 0.3
_LARGEST_SEP_ARCSEC = 18.0


def draw_redshifts(
    draws: Draws, survey: Survey, absolute_mag: float, smallest: float = 0.003
) -> Floats:
    """Draw redshifts uniform in comoving volume, (n,), out to where the survey sees such a peak.

    The limit is a distance modulus at which `absolute_mag` is 0.3 mag below the survey's.
    """
    largest = redshift_at_modulus(survey.limit_mag + _SEE_BEYOND_MAG - absolute_mag)
    near, far = comoving_mpc(np.array([smallest, max(largest, 2 * smallest)])) ** 3
    return redshift_at_comoving(draws.uniform("volume", near, far) ** (1 / 3))


def draw_hosts(
    draws: Draws, redshift: Floats, absolute_mag: float = -20.5, scale_kpc: float = 4.0
) -> tuple[Floats, Floats, Floats]:
    """Draw host galaxies: magnitudes (n, n_bands), separations [arcsec], star scores.

    Absolute r magnitudes are normal with a scatter of 1.3, and projected separations
    exponential, as for supernovae of large samples (e.g. Perley et al. 2020, ApJ 904, 35).
    Colours redden with redshift.
    """
    r_mag = draws.normal("host", absolute_mag, 1.3) + distance_modulus(redshift)
    blueness = draws.normal("host colour", 1.0, 0.2) + redshift
    kpc_per_arcsec = comoving_mpc(redshift) / (1 + redshift) * 1e3 / 206265
    separation = draws.exponential("host offset", scale_kpc) / kpc_per_arcsec
    mags = r_mag[:, None] + _COLOURS * blueness[:, None]
    score = draws.towards("host score", 0, 8)
    return mags, np.minimum(separation, _LARGEST_SEP_ARCSEC), score
