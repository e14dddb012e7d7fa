"""The whole sky on a plane, with the ecliptic and the Galactic plane."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fink_ad.alerts.positions import TO_GALACTIC

__all__ = ["ecliptic", "galactic_plane", "mollweide"]

Floats = NDArray[np.float64]

_N_STEPS = 12
_OBLIQUITY_DEG = 23.4392911
"""Of the ecliptic at J2000 (Lieske et al. 1977, A&A 58, 1)."""


def mollweide(ra_deg: ArrayLike, dec_deg: ArrayLike) -> tuple[Floats, Floats]:
    """Project positions by Mollweide's equal-area projection, (n,) each.

    Right ascension 180° is in the middle and grows to the left, as the sky is seen from inside;
    x is in [-2, 2] and y in [-1, 1] (Snyder 1987, USGS Professional Paper 1395, p. 249).
    """
    ra = np.asarray(ra_deg, np.float64) % 360.0
    dec = np.radians(np.asarray(dec_deg, np.float64))
    # 2 t + sin 2t = π sin(dec), by Newton's method; its slope is zero at the poles alone.
    t = dec.copy()
    for _ in range(_N_STEPS):
        slope = np.maximum(2 + 2 * np.cos(2 * t), 1e-9)
        t = np.clip(
            t - (2 * t + np.sin(2 * t) - np.pi * np.sin(dec)) / slope, -np.pi / 2, np.pi / 2
        )
    return 2 * (180.0 - ra) / 180.0 * np.cos(t), np.sin(t)


def ecliptic() -> tuple[Floats, Floats]:
    """Return right ascension and declination of the ecliptic, degrees, by right ascension."""
    tilt = np.radians(_OBLIQUITY_DEG)
    towards = _circle()
    return _positions(
        towards[0],
        towards[1] * np.cos(tilt),
        towards[1] * np.sin(tilt),
    )


def galactic_plane() -> tuple[Floats, Floats]:
    """Return right ascension and declination of the Galactic plane, degrees, likewise."""
    circle = _circle()
    return _positions(*(TO_GALACTIC.T @ np.stack([circle[0], circle[1], np.zeros_like(circle[0])])))


def _circle() -> tuple[Floats, Floats]:
    angle = np.radians(np.arange(0.0, 360.0, 1.0))
    return np.cos(angle), np.sin(angle)


def _positions(x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats]:
    ra = np.degrees(np.arctan2(y, x)) % 360.0
    order = np.argsort(ra)
    return ra[order], np.degrees(np.arcsin(np.clip(z, -1, 1)))[order]
