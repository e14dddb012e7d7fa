"""What the explosions have in common: a history of luminosity and temperature, and a host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.blackbody import band_flux_njy
from fink_ad.simulate.classes.hosts import draw_hosts
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import Sources

__all__ = ["Evolution", "fireball", "rest_days"]

Floats = NDArray[np.float64]

Evolution = Callable[[Floats], tuple[Floats, Floats]]
"""``evolution(days) -> (luminosity_erg_s, temperature_k)``, all (n, n_visits), rest frame."""


def rest_days(visits: Visits, t0_mjd: Floats, redshift: Floats) -> Floats:
    """Days since an event in the frame of its source, (n, n_visits)."""
    days: Floats = (visits.mjd - t0_mjd[:, None]) / (1 + redshift)[:, None]
    return days


def fireball(
    draws: Draws,
    t0_mjd: Floats,
    redshift: Floats,
    evolution: Evolution,
    parameters: Mapping[str, NDArray[Any]],
    *,
    found_days: float,
    blanketing: float = 0.0,
    shape: Callable[[Floats, NDArray[np.int64]], Floats] | None = None,
    host_mag: float = -20.5,
    host_kpc: float = 4.0,
) -> Sources:
    """Return transients that shine as black bodies on host galaxies.

    Parameters
    ----------
    draws : Draws
        One key per event.
    t0_mjd, redshift : (n,) float64
        When and how far.
    evolution : callable
        See `Evolution`.
    parameters : mapping
        For the truth table; the redshift is added.
    found_days : float
        When, relative to `t0_mjd`, a survey would find it.
    blanketing : float
        See `band_flux_njy`.
    shape : callable, optional
        ``shape(days, band)`` multiplies the black body, for what is not thermal.
    host_mag, host_kpc : float
        Mean absolute magnitude of hosts, and scale of the offset from their centres.
    """

    def flux(visits: Visits) -> Floats:
        days = rest_days(visits, t0_mjd, redshift)
        luminosity, temperature = evolution(days)
        light = band_flux_njy(luminosity, temperature, redshift[:, None], visits.band, blanketing)
        return light if shape is None else light * shape(days, visits.band)

    ref_mag, separation, star_galaxy = draw_hosts(draws, redshift, host_mag, host_kpc)
    return Sources(
        flux=flux,
        ref_mag=ref_mag,
        ref_sep_arcsec=separation,
        star_galaxy=star_galaxy,
        t0_mjd=t0_mjd,
        since_mjd=t0_mjd + found_days,
        parameters={"redshift": redshift, **parameters},
    )
