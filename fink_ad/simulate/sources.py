"""What a class of sources hands to the camera."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.photometry import flux_to_mag, mag_to_flux
from fink_ad.simulate.bands import N_BANDS
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.places import Place, isotropic
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.survey import Survey

__all__ = [
    "NO_REFERENCE",
    "Bodies",
    "Draw",
    "SourceClass",
    "Sources",
    "mag_to_njy",
    "njy_to_mag",
    "nothing_behind",
    "variable_flux",
]

Floats = NDArray[np.float64]

NO_REFERENCE = np.inf
"""Magnitude of a reference source that is not there."""


@dataclass(frozen=True, eq=False)
class Bodies:
    """Solar-system geometry of N detections; every array is (n,)."""

    designation: NDArray[np.bytes_]
    phase_deg: Floats
    helio_au: Floats
    topo_au: Floats
    predicted_mag: Floats


@dataclass(frozen=True, eq=False)
class Sources:
    """N objects of one class: what is behind them, and how they behave.

    Attributes
    ----------
    flux : callable
        ``flux(visits) -> (n, n_visits)``: flux minus that of the reference image [nJy] at any
        visits; negative when fainter.
    ref_mag : (n, n_bands) float64
        AB magnitude of the source of the reference image, `NO_REFERENCE` if there is none
        nearby; then an unrelated field source takes its place in the packet.
    ref_sep_arcsec : (n,) float64
        Distance to that source.
    star_galaxy : (n,) float64
        Score of that source in the deep catalogue: 0 galaxy, 1 star.
    t0_mjd : (n,) float64
        The moment that dates the event (peak, start, first light); NaN for what has none.
    since_mjd : (n,) float64
        When the survey first detected the object; NaN if that is in the history of its alerts.
    parameters : mapping of str to (n,) array
        What was drawn, for the truth table; units in the names.
    artefact : (n,) bytes array or None
        What the camera made up: ``cosmic_ray``, ``ghost``, ``edge``, ``dipole``, ``saturated``;
        empty for what is on the sky.
    bodies : Bodies or None
        Names and geometry of solar-system bodies.
    """

    flux: Callable[[Visits], Floats]
    ref_mag: Floats
    ref_sep_arcsec: Floats
    star_galaxy: Floats
    t0_mjd: Floats
    since_mjd: Floats
    parameters: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    artefact: NDArray[np.bytes_] | None = None
    bodies: Bodies | None = None


Draw = Callable[[Draws, Survey, Floats], Sources]
"""``draw(draws, survey, event_mjd) -> Sources``, one object per key of the draws."""


@dataclass(frozen=True)
class SourceClass:
    """A kind of object the simulator can draw.

    Attributes
    ----------
    name : str
        As in the options ``rates`` and ``inject`` and in the truth table.
    draw : callable
        See `Draw`. For events, `event_mjd` dates each; otherwise it is NaN.
    place : callable
        Density on the sky; see `fink_ad.simulate.places`.
    window_days : (float, float) or None
        From how long before to how long after its date an event can give alerts; None for
        what is always there.
    returns : bool
        Whether an event belongs to something that returns every night, as bodies of the solar
        system do, each night at the first and at the second visit.
    share : float
        Share of the objects of an ordinary night; 0 for what is only injected.
    anomaly : bool
        True if a reviewer would want to see it.
    behind_dust : bool
        Whether the dust of the Milky Way is to be applied; magnitudes of stars are drawn as
        seen, those of galaxies as without dust.
    """

    name: str
    draw: Draw
    place: Place = isotropic
    window_days: tuple[float, float] | None = None
    returns: bool = False
    share: float = 0.0
    anomaly: bool = False
    behind_dust: bool = False


def mag_to_njy(mag: Floats) -> Floats:
    """AB magnitude to nanojansky; infinite magnitude is no flux."""
    return mag_to_flux(mag)[0]


def njy_to_mag(flux_njy: Floats) -> Floats:
    """Positive nanojansky to AB magnitude."""
    return flux_to_mag(flux_njy)[0]


def nothing_behind(n_objects: int) -> Floats:
    """Return reference magnitudes of objects without a reference source."""
    return np.full((n_objects, N_BANDS), NO_REFERENCE)


def variable_flux(ref_mag: Floats, band: NDArray[np.int64], offset_mag: Floats) -> Floats:
    """Difference flux [nJy] of sources that are `offset_mag` fainter than their reference."""
    reference = mag_to_njy(np.take_along_axis(ref_mag, band, axis=1))
    change: Floats = reference * (10 ** (-0.4 * offset_mag) - 1)
    return change
