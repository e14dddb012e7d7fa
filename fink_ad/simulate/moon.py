"""Where the Moon is and how bright, well enough for the depth of an exposure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.places import ecliptic_to_equatorial, separation_deg

__all__ = ["moon_lit", "moon_loss", "sun_longitude_deg"]

Floats = NDArray[np.float64]

_NEW_MOON_MJD, _SYNODIC_DAYS = 51549.76, 29.530589  # 2000-01-06 18:14 UTC
_GLOW_DEG = 40.0
_DIFFUSE = 0.35


def sun_longitude_deg(mjd_utc: Floats) -> Floats:
    """Mean ecliptic longitude of the Sun, degrees; the orbit is taken as a circle."""
    longitude: Floats = (280.46 + 0.9856474 * (mjd_utc - 51544.5)) % 360
    return longitude


def moon_lit(mjd_utc: Floats | NDArray[np.int64]) -> Floats:
    """Share of the disc of the Moon that is lit, by the mean synodic month."""
    return 0.5 - 0.5 * np.cos(_phase(mjd_utc))


def _phase(mjd_utc: Floats | NDArray[np.int64]) -> Floats:
    """Angle from the Sun to the Moon along the ecliptic."""
    angle: Floats = 2 * np.pi * (np.asarray(mjd_utc, np.float64) - _NEW_MOON_MJD) / _SYNODIC_DAYS
    return angle


def moon_loss(mjd_utc: Floats, ra_deg: Floats, dec_deg: Floats) -> tuple[Floats, Floats]:
    """Return what share of the full Moon's glow falls on each field, and its distance [deg].

    The mean synodic month and no latitude: good to some ten degrees. The light scattered in
    the air falls off with the distance to a floor, after the shape of Krisciunas & Schaefer
    (1991, PASP 103, 1033). Arguments broadcast.
    """
    longitude = sun_longitude_deg(mjd_utc) + np.degrees(_phase(mjd_utc))
    ra, dec = ecliptic_to_equatorial(longitude, 0.0)
    separation = separation_deg(ra, dec, ra_deg, dec_deg)
    near = _DIFFUSE + (1 - _DIFFUSE) * np.exp(-separation / _GLOW_DEG)
    share: Floats = moon_lit(mjd_utc) ** 2 * near
    return share, separation
