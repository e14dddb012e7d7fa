"""Distances in a flat universe, for arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "comoving_mpc",
    "distance_modulus",
    "luminosity_distance_mpc",
    "redshift_at_comoving",
    "redshift_at_modulus",
]

Floats = NDArray[np.float64]

_HUBBLE_DISTANCE_MPC = 299792.458 / 70.0
_OMEGA_M = 0.3
_MOST_REDSHIFT = 12.0

# Equal steps of log(1 + z); the trapezium is good to 1e-6 here.
_GRID = np.expm1(np.linspace(0, np.log1p(_MOST_REDSHIFT), 4096))
_INVERSE_E = 1 / np.sqrt(_OMEGA_M * (1 + _GRID) ** 3 + 1 - _OMEGA_M)
_COMOVING = _HUBBLE_DISTANCE_MPC * np.concatenate(
    [[0.0], np.cumsum(np.diff(_GRID) * (_INVERSE_E[1:] + _INVERSE_E[:-1]) / 2)]
)


def comoving_mpc(redshift: ArrayLike) -> Floats:
    """Comoving distance, c/H0 times the integral of dz / E(z); H0 = 70 km/s/Mpc, Omega_m = 0.3.

    Hogg (1999, arXiv:astro-ph/9905116), eq. 15; redshifts up to 12.
    """
    return np.interp(np.asarray(redshift, np.float64), _GRID, _COMOVING)


def luminosity_distance_mpc(redshift: ArrayLike) -> Floats:
    """Luminosity distance, (1 + z) times the comoving one (Hogg 1999, eq. 21)."""
    distance: Floats = (1 + np.asarray(redshift)) * comoving_mpc(redshift)
    return distance


def distance_modulus(redshift: ArrayLike) -> Floats:
    """Distance modulus [mag]."""
    modulus: Floats = 5 * np.log10(luminosity_distance_mpc(redshift)) + 25
    return modulus


def redshift_at_modulus(modulus_mag: float) -> float:
    """Redshift at which the distance modulus has a value."""
    return float(np.interp(modulus_mag, distance_modulus(_GRID[1:]), _GRID[1:]))


def redshift_at_comoving(distance_mpc: ArrayLike) -> Floats:
    """Invert `comoving_mpc`."""
    return np.interp(np.asarray(distance_mpc, np.float64), _COMOVING, _GRID)
