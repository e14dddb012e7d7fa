"""Where on the sky things are: densities with Galactic latitude, and the frames they need."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fink_ad.alerts.positions import TO_GALACTIC
from fink_ad.simulate.keyed import Draws

__all__ = [
    "Place",
    "ecliptic_to_equatorial",
    "galactic_to_equatorial",
    "halo",
    "isotropic",
    "nearby",
    "separation_deg",
    "thin_disc",
    "to_galactic",
]

Floats = NDArray[np.float64]
Place = Callable[[Draws, Floats], tuple[Floats, Floats]]
"""``place(draws, day) -> (ra_deg, dec_deg)``, one position per object."""

_OBLIQUITY = np.radians(23.4393)
_THIN_DEG, _NEARBY_DEG = 6.0, 25.0


def isotropic(draws: Draws, day: Floats) -> tuple[Floats, Floats]:
    """Everywhere alike, as galaxies are; dust, not this, empties the plane."""
    dec = np.degrees(np.arcsin(draws.uniform("sin dec", -1, 1)))
    return draws.uniform("ra", 0, 360), dec


def thin_disc(draws: Draws, day: Floats) -> tuple[Floats, Floats]:
    """Young and distant stars: crowded to the plane and towards the centre."""
    longitude = draws.normal("longitude", 0, 90)
    return _latitudes(draws, longitude, _THIN_DEG)


def nearby(draws: Draws, day: Floats) -> tuple[Floats, Floats]:
    """Faint stars of the neighbourhood: some crowding to the plane, none to the centre."""
    return _latitudes(draws, draws.uniform("longitude", 0, 360), _NEARBY_DEG)


def halo(draws: Draws, day: Floats) -> tuple[Floats, Floats]:
    """Old stars: a third in a bulge around the centre, the others everywhere."""
    ra, dec = isotropic(draws, day)
    longitude, latitude = draws.normal("longitude", 0, 35), draws.normal("latitude", 0, 25)
    bulge_ra, bulge_dec = galactic_to_equatorial(longitude, _folded(latitude))
    in_bulge = draws.chance("in bulge", 1 / 3)
    return np.where(in_bulge, bulge_ra, ra), np.where(in_bulge, bulge_dec, dec)


def _latitudes(draws: Draws, longitude: Floats, scale_deg: float) -> tuple[Floats, Floats]:
    """Latitudes that fall off exponentially to both sides of the plane."""
    side = np.where(draws.chance("north", 0.5), 1.0, -1.0)
    latitude = side * draws.exponential("latitude", scale_deg)
    return galactic_to_equatorial(longitude, _folded(latitude))


def _folded(latitude: Floats) -> Floats:
    """Bring latitudes beyond the poles back."""
    return np.degrees(np.arcsin(np.sin(np.radians(latitude))))


def _vector(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> Floats:
    longitude, latitude = np.broadcast_arrays(np.radians(longitude_deg), np.radians(latitude_deg))
    across = np.cos(latitude)
    return np.stack([across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)])


def _angles(vector: Floats) -> tuple[Floats, Floats]:
    longitude = np.degrees(np.arctan2(vector[1], vector[0])) % 360
    return longitude, np.degrees(np.arcsin(np.clip(vector[2], -1, 1)))


def galactic_to_equatorial(l_deg: ArrayLike, b_deg: ArrayLike) -> tuple[Floats, Floats]:
    """Convert Galactic to J2000 equatorial coordinates, degrees."""
    return _angles(np.tensordot(TO_GALACTIC.T, _vector(l_deg, b_deg), 1))


def to_galactic(ra_deg: ArrayLike, dec_deg: ArrayLike) -> tuple[Floats, Floats]:
    """Convert J2000 equatorial to Galactic coordinates, degrees.

    Not `fink_ad.alerts.positions.galactic`, which is exact at the poles: its last bits differ, and
    the same seed has to give the same packets in every release.
    """
    return _angles(np.tensordot(TO_GALACTIC, _vector(ra_deg, dec_deg), 1))


def ecliptic_to_equatorial(
    longitude_deg: ArrayLike, latitude_deg: ArrayLike
) -> tuple[Floats, Floats]:
    """Convert J2000 ecliptic to equatorial coordinates, degrees."""
    x, y, z = _vector(longitude_deg, latitude_deg)
    cos, sin = np.cos(_OBLIQUITY), np.sin(_OBLIQUITY)
    return _angles(np.stack([x, cos * y - sin * z, sin * y + cos * z]))


def separation_deg(
    ra1_deg: ArrayLike, dec1_deg: ArrayLike, ra2_deg: ArrayLike, dec2_deg: ArrayLike
) -> Floats:
    """Angle between positions by the haversine, degrees; arguments broadcast."""
    ra1, dec1, ra2, dec2 = (np.radians(x) for x in (ra1_deg, dec1_deg, ra2_deg, dec2_deg))
    half = np.sin((dec2 - dec1) / 2) ** 2
    half = half + np.cos(dec1) * np.cos(dec2) * np.sin((ra2 - ra1) / 2) ** 2
    angle: Floats = np.degrees(2 * np.arcsin(np.sqrt(np.clip(half, 0, 1))))
    return angle
