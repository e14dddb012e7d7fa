"""Where transients happen: distances, and the galaxies behind them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["distance_modulus", "draw_hosts", "draw_redshifts"]

_HUBBLE_DISTANCE_MPC = 299792.458 / 70.0
_DECELERATION = -0.55


def draw_redshifts(
    rng: np.random.Generator, n_objects: int, smallest: float, largest: float
) -> NDArray[np.float64]:
    """Draw redshifts uniform in Euclidean volume between two limits, (n,)."""
    return rng.uniform(smallest**3, largest**3, n_objects) ** (1 / 3)


def distance_modulus(redshift: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance modulus [mag] to second order in redshift, H0 = 70 km/s/Mpc, q0 = -0.55."""
    mpc = _HUBBLE_DISTANCE_MPC * redshift * (1 + 0.5 * (1 - _DECELERATION) * redshift)
    modulus: NDArray[np.float64] = 5 * np.log10(mpc) + 25
    return modulus


def draw_hosts(
    rng: np.random.Generator, redshift: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Draw host galaxies: magnitudes in g and r (n, 2), separations [arcsec], star scores.

    Absolute r magnitudes are normal around -20.5 and projected separations exponential with
    4 kpc, as for supernovae of large samples (e.g. Perley et al. 2020, ApJ 904, 35).
    """
    n_objects = len(redshift)
    r_mag = -20.5 + rng.normal(0, 1.3, n_objects) + distance_modulus(redshift)
    g_mag = r_mag + rng.normal(0.6, 0.15, n_objects)
    kpc_per_arcsec = _HUBBLE_DISTANCE_MPC * redshift * 1e3 / 206265
    separation = np.minimum(rng.exponential(4.0, n_objects) / kpc_per_arcsec, 18.0)
    return np.stack([g_mag, r_mag], axis=1), separation, rng.beta(1, 8, n_objects)
