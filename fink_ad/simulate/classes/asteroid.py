"""Main-belt asteroids: a new place every night, brighter towards opposition.

Bodies on circular orbits between 2.1 and 3.3 au with the small inclinations of the belt. Brightness
follows distance and the phase function of Bowell et al. (1989, Asteroids II, 524): H, G magnitudes,
colours of C and S types. A body moves by arcseconds between two visits of a night, so every
detection is an object of its own; the name tells that it is the same body.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.moon import sun_longitude_deg
from fink_ad.simulate.places import ecliptic_to_equatorial
from fink_ad.simulate.schedule import SLOTS, Visits
from fink_ad.simulate.sources import Bodies, SourceClass, Sources, mag_to_njy, nothing_behind
from fink_ad.simulate.survey import Survey

__all__ = ["ASTEROID", "geometry", "phase_dimming"]

Floats = NDArray[np.float64]

_YEAR_DAYS = 365.256
_V_MINUS_R = 0.2
# Colours relative to r of carbon-rich and stony rock, ugrizy.
_C_TYPE = np.array([1.75, 0.47, 0.0, -0.10, -0.12, -0.12])
_S_TYPE = np.array([2.05, 0.65, 0.0, -0.20, -0.13, -0.15])


def phase_dimming(phase_deg: ArrayLike, slope: ArrayLike) -> Floats:
    """Magnitudes lost at a phase angle against full phase: the H, G function, valid to 120 deg."""
    half = np.tan(np.radians(np.asarray(phase_deg, np.float64)) / 2)
    sin = np.sin(np.radians(np.asarray(phase_deg, np.float64)))
    weight = np.exp(-90.56 * half**2)
    total = np.zeros(np.broadcast_shapes(half.shape, np.shape(slope)))
    shares = (1 - np.asarray(slope), np.asarray(slope))
    for share, a, b, c in zip(shares, (3.332, 1.862), (0.631, 1.218), (0.986, 0.238), strict=True):
        smooth = np.exp(-a * half**b)
        opposition = 1 - c * sin / (0.119 + 1.341 * sin - 0.754 * sin**2)
        total = total + share * (weight * opposition + (1 - weight) * smooth)
    dimming: Floats = -2.5 * np.log10(total)
    return dimming


def geometry(body: Draws, mjd: Floats) -> tuple[Floats, ...]:
    """Return RA and Dec [deg], phase [deg], distance to the Sun and to the Earth [au]."""
    axis = body.uniform("axis", 2.1, 3.3)
    tilt = np.radians(body.rayleigh("inclination", 6.0))
    node = body.uniform("node", 0, 360)
    angle = body.uniform("longitude", 0, 360) + 360 * mjd / (_YEAR_DAYS * axis**1.5)
    along = np.radians(angle)
    turn = np.radians(node)
    x, y, z = np.cos(along), np.sin(along) * np.cos(tilt), np.sin(along) * np.sin(tilt)
    x, y = np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y
    sun = np.radians(sun_longitude_deg(mjd))
    # The Sun seen from the Earth plus the body seen from the Sun.
    dx, dy, dz = axis * x + np.cos(sun), axis * y + np.sin(sun), axis * z
    distance = np.sqrt(dx**2 + dy**2 + dz**2)
    longitude, latitude = np.degrees(np.arctan2(dy, dx)), np.degrees(np.arcsin(dz / distance))
    ra, dec = ecliptic_to_equatorial(longitude, latitude)
    cosine = (axis**2 + distance**2 - 1) / (2 * axis * distance)
    return ra, dec, np.degrees(np.arccos(np.clip(cosine, -1, 1))), axis, distance


def place(draws: Draws, day: Floats) -> tuple[Floats, Floats]:
    """Where each body is in the night of its date."""
    ra, dec, *_ = geometry(draws, day + 0.3)
    return ra, dec


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw bodies in the night each is dated to, at the first or the second visit."""
    n_objects = len(draws)
    night = np.floor(event_mjd).astype(np.int64)
    _, _, phase, helio, topo = geometry(draws, np.floor(event_mjd) + 0.3)
    # Ten times as many for every two magnitudes, down to what is just seen in the belt.
    absolute_v = survey.limit_mag - 2.7 - draws.exponential("absolute magnitude", 1.0)
    slope = draws.clipped("slope", 0.15, 0.08, 0.0, 0.5)
    predicted_v = absolute_v + 5 * np.log10(helio * topo) + phase_dimming(phase, slope)
    stony = draws.chance("stony", 0.4)
    # Where in its rotation the body is caught.
    spin = draws.at(night[:, None]).normal("spin", 0, 0.12)[:, 0]
    colours = np.where(stony[:, None], _S_TYPE, _C_TYPE)
    in_band = (predicted_v - _V_MINUS_R + spin)[:, None] + colours
    second = event_mjd - night >= 0.5

    def flux(visits: Visits) -> Floats:
        tonight = visits.night_mjd == night[:, None]
        turn = visits.number % SLOTS
        there = tonight & (turn == second[:, None])
        light = mag_to_njy(np.take_along_axis(in_band, visits.band, axis=1))
        return np.where(there, light, 0.0)

    number = draws.integers("number", 100_000, 1_000_000)
    return Sources(
        flux=flux,
        ref_mag=nothing_behind(n_objects),
        ref_sep_arcsec=np.full(n_objects, np.inf),
        star_galaxy=draws.uniform("score"),
        t0_mjd=event_mjd,
        since_mjd=np.full(n_objects, np.nan),
        parameters={
            "number": number,
            "absolute_mag_v": absolute_v,
            "slope": slope,
            "phase_deg": phase,
            "helio_au": helio,
            "topo_au": topo,
        },
        bodies=Bodies(number.astype("S8"), phase, helio, topo, predicted_v),
    )


ASTEROID = SourceClass("asteroid", draw, place, window_days=(0, 0), share=0.05, returns=True)
