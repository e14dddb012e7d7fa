"""Positions on the sky: equatorial to Galactic."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["TO_GALACTIC", "galactic"]

TO_GALACTIC = np.array(
    [
        [-0.0548755604, -0.8734370902, -0.4838350155],
        [+0.4941094279, -0.4448296300, +0.7469822445],
        [-0.8676661490, -0.1980763734, +0.4559837762],
    ]
)
"""Rotation from ICRS to Galactic axes, (3, 3): The Hipparcos Catalogue (ESA SP-1200, 1997), vol. 1,
equation 1.5.11."""


def galactic(
    ra_deg: ArrayLike, dec_deg: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Galactic longitude in [0, 360) and latitude of ICRS positions, (n,) degrees each.

    NaN where a coordinate is not finite.
    """
    ra = np.radians(np.asarray(ra_deg, np.float64))
    dec = np.radians(np.asarray(dec_deg, np.float64))
    with np.errstate(invalid="ignore"):
        towards = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
        x, y, z = np.tensordot(TO_GALACTIC, towards, axes=1)
        longitude = np.degrees(np.arctan2(y, x)) % 360.0
        latitude = np.degrees(np.arctan2(z, np.hypot(x, y)))
    # A longitude a rounding error below zero becomes 360 by the remainder.
    return np.where(longitude >= 360.0, 0.0, longitude), latitude
