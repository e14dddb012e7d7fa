"""Dust of the Milky Way: a layer along the plane, and the extinction it makes in each band."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fink_ad.simulate.bands import WAVELENGTH_A

__all__ = ["EXTINCTION_PER_EBV", "colour_excess", "extinction_curve"]

Floats = NDArray[np.float64]

_R_V = 3.1
_POLE_EBV, _MOST_EBV = 0.018, 3.0
# Near infrared to near ultraviolet, in powers of (1 / micron - 1.82): Cardelli, Clayton &
# Mathis (1989, ApJ 345, 245), eqs. 3a and 3b.
_A = (1.0, 0.17699, -0.50447, -0.02427, 0.72085, 0.01979, -0.77530, 0.32999)
_B = (0.0, 1.41338, 2.28305, 1.07233, -5.38434, -0.62251, 5.30260, -2.09002)


def extinction_curve(wavelength_a: ArrayLike) -> Floats:
    """A(lambda) / E(B-V) for R_V = 3.1 from 3 000 to 33 000 Angstrom (Cardelli et al. 1989)."""
    inverse = 1e4 / np.asarray(wavelength_a, np.float64)  # 1 / micron
    y = inverse - 1.82
    optical_a, optical_b = (np.polynomial.polynomial.polyval(y, c) for c in (_A, _B))
    red = inverse < 1.1
    a = np.where(red, 0.574 * inverse**1.61, optical_a)
    b = np.where(red, -0.527 * inverse**1.61, optical_b)
    curve: Floats = _R_V * a + b
    return curve


EXTINCTION_PER_EBV = extinction_curve(WAVELENGTH_A)
"""A(band) / E(B-V) in the order of the bands."""


def colour_excess(l_deg: ArrayLike, b_deg: ArrayLike) -> Floats:
    """E(B-V) [mag] of a plane-parallel layer: a cosecant of the latitude, in smooth clouds.

    The scale is that of the Galactic poles in the maps of Schlegel et al. (1998, ApJ 500, 525);
    the clouds are waves, not real ones.
    """
    longitude, latitude = np.radians(l_deg), np.radians(b_deg)
    clouds = np.sin(5 * longitude + 3 * latitude) + np.sin(11 * longitude - 7 * latitude + 1)
    clouds = clouds + np.sin(23 * longitude + 17 * latitude + 2)
    layer = _POLE_EBV / np.maximum(np.abs(np.sin(latitude)), 0.01)
    excess: Floats = np.minimum(layer * np.exp(0.35 * clouds), _MOST_EBV)
    return excess
