"""Light of expanding fireballs: black bodies seen through redshift, in bands.

A transient is described by how its bolometric luminosity and its temperature evolve, as in
Russeil et al. (2024, A&A 683, A251); everything a camera sees follows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fink_ad.simulate.bands import WAVELENGTH_A, WIDTH_A
from fink_ad.simulate.cosmology import luminosity_distance_mpc

__all__ = ["band_flux_njy", "bazin", "cooling", "star_colours"]

Floats = NDArray[np.float64]

_C_A, _MPC_CM = 2.99792458e18, 3.0856775814913673e24  # Angstrom / s, cm
_H_OVER_K = 6.62607015e-27 / 1.380649e-16  # s K
_SIGMA = 5.670374419e-5  # erg / cm2 / s / K4
_TWO_H_OVER_C2 = 2 * 6.62607015e-27 / (2.99792458e10) ** 2
_NJY = 1e-32  # erg / cm2 / s / Hz
_BLANKETED_A = 3500.0

# Gauss-Legendre: exact for a spectrum that is a fifth-order polynomial across the band.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(3)


def band_flux_njy(
    luminosity_erg_s: ArrayLike,
    temperature_k: ArrayLike,
    redshift: ArrayLike,
    band: NDArray[np.int64],
    blanketing: float = 0.0,
) -> Floats:
    """Mean flux density in a band of a black body at a redshift [nJy]; arguments broadcast.

    F_nu = (1 + z) L_nu(nu (1 + z)) / (4 pi D_L^2) with L_nu = pi B_nu(T) L / (sigma T^4), so
    that no K-correction is needed, averaged over the width of the band.

    Parameters
    ----------
    luminosity_erg_s, temperature_k, redshift : array_like
        Bolometric luminosity and temperature in the frame of the source, and its redshift.
    band : int array
        Codes into the bands.
    blanketing : float
        Below 3 500 Angstrom (rest frame) the spectrum is multiplied by
        (lambda / 3 500 Angstrom)^blanketing, for the metal lines of supernovae without
        hydrogen (as Nicholl et al. 2017, ApJ 850, 55, do with power 1 for magnetars).
    """
    temperature = np.asarray(temperature_k, np.float64)
    stretch = 1 + np.asarray(redshift, np.float64)
    distance_cm = luminosity_distance_mpc(redshift) * _MPC_CM
    scale = stretch * np.asarray(luminosity_erg_s) / (4 * np.pi * distance_cm**2)
    scale = scale * np.pi / (_SIGMA * temperature**4) / _NJY
    flux = np.zeros(np.broadcast_shapes(scale.shape, np.shape(band)))
    for node, weight in zip(_NODES, _WEIGHTS / 2, strict=True):
        rest_a = (WAVELENGTH_A + node * WIDTH_A / 2)[band] / stretch
        nu = _C_A / rest_a
        # The exponent is bounded so that a cold body is dark instead of an overflow.
        exponent = np.minimum(_H_OVER_K * nu / temperature, 700.0)
        planck = _TWO_H_OVER_C2 * nu**3 / np.expm1(exponent)
        if blanketing:
            planck = planck * np.minimum(rest_a / _BLANKETED_A, 1.0) ** blanketing
        flux += weight * planck
    density: Floats = scale * flux
    return density


def bazin(days: ArrayLike, rise_days: ArrayLike, fall_days: ArrayLike) -> Floats:
    """Rise and exponential fall of unit peak at day 0 (Bazin et al. 2009, A&A 499, 653).

    exp(-t / fall) / (1 + exp(-t / rise)), shifted and scaled; needs fall > rise.
    """
    rise, fall = np.asarray(rise_days, np.float64), np.asarray(fall_days, np.float64)
    peak = rise * np.log(fall / rise - 1)

    def log_shape(t: Floats) -> Floats:
        # One exponent, which does not overflow long before the explosion.
        shape: Floats = -t / fall - np.logaddexp(0.0, -t / rise)
        return shape

    curve: Floats = np.exp(log_shape(np.asarray(days) + peak) - log_shape(peak))
    return curve


def cooling(
    days: ArrayLike, hot_k: ArrayLike, cool_k: ArrayLike, middle_days: ArrayLike, width: ArrayLike
) -> Floats:
    """Temperature that falls from hot to cool around a time: a logistic function."""
    fraction = 0.5 - 0.5 * np.tanh((np.asarray(days) - middle_days) / (2 * np.asarray(width)))
    temperature: Floats = cool_k + (np.asarray(hot_k) - cool_k) * fraction
    return temperature


def star_colours(temperature_k: ArrayLike) -> Floats:
    """AB magnitudes of black bodies relative to r, (n, n_bands)."""
    temperature = np.atleast_1d(np.asarray(temperature_k, np.float64))[:, None]
    bands = np.arange(len(WAVELENGTH_A))
    flux = band_flux_njy(1e40, temperature, 1e-6, bands)
    colours: Floats = -2.5 * np.log10(flux / flux[:, 2:3])
    return colours
