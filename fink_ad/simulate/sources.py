"""What a class of sources hands to the camera."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.photometry import flux_to_mag, mag_to_flux
from fink_ad.simulate.cadence import Visits

__all__ = ["NO_REFERENCE", "SourceClass", "Sources", "mag_to_njy", "njy_to_mag"]

NO_REFERENCE = np.inf
"""Magnitude of a reference source that is not there."""


@dataclass(frozen=True, eq=False)
class Sources:
    """True behaviour of N objects of one class at their visits.

    Attributes
    ----------
    diff_flux_njy : (n, n_visits) float64
        Flux minus the flux in the reference image; negative when fainter.
    ref_mag : (n, 2) float64
        Magnitude of the nearest source of the reference image in g and r, `NO_REFERENCE` if
        there is none nearby; then an unrelated field source takes its place in the packet.
    ref_sep_arcsec : (n,) float64
        Distance to that source.
    star_galaxy : (n,) float64
        Score of that source in the deep catalogue: 0 galaxy, 1 star.
    t0_mjd : (n,) float64
        The moment that dates the event (peak, start, first light); NaN for what has none.
    since_mjd : (n,) float64
        When the survey first detected the object, if before the simulated history; else NaN.
    parameters : mapping of str to (n,) array
        What was drawn, for the truth table; units in the names.
    bogus : bool
        True if the camera, not the sky, made it.
    designation : (n,) bytes array or None
        Names of solar-system bodies.
    """

    diff_flux_njy: NDArray[np.float64]
    ref_mag: NDArray[np.float64]
    ref_sep_arcsec: NDArray[np.float64]
    star_galaxy: NDArray[np.float64]
    t0_mjd: NDArray[np.float64]
    since_mjd: NDArray[np.float64]
    parameters: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    bogus: bool = False
    designation: NDArray[np.bytes_] | None = None


@dataclass(frozen=True)
class SourceClass:
    """A kind of object the simulator can draw.

    Attributes
    ----------
    name : str
        As in the options ``rates`` and ``inject`` and in the truth table.
    draw : callable
        ``draw(rng, visits) -> Sources``, one object per row of the visits. Objects are aimed at
        the nights that give alerts; those that are not detected there are drawn again.
    share : float
        Share of the objects of an ordinary night; 0 for what is only injected.
    anomaly : bool
        True if a reviewer would want to see it.
    """

    name: str
    draw: Callable[[np.random.Generator, Visits], Sources]
    share: float = 0.0
    anomaly: bool = False


def mag_to_njy(mag: NDArray[np.float64]) -> NDArray[np.float64]:
    """AB magnitude to nanojansky; infinite magnitude is no flux."""
    return mag_to_flux(mag)[0]


def njy_to_mag(flux_njy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positive nanojansky to AB magnitude."""
    return flux_to_mag(flux_njy)[0]
