"""Supernovae with a first, short and blue peak before the main one.

The first peak is the cooling of an extended envelope, as in SN 1993J and SN 2016gkg (Arcavi et al.
2017, ApJ 837, L2): here a rise of half a day, a fall with an e-folding time of two and a half days,
and 20 000 K at first. The main one is that of a stripped star, 12-18 days later.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.blackbody import band_flux_njy
from fink_ad.simulate.classes import supernova_ibc
from fink_ad.simulate.classes.fireballs import rest_days
from fink_ad.simulate.classes.hosts import draw_hosts, draw_redshifts
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources
from fink_ad.simulate.survey import Survey

__all__ = ["DOUBLE_PEAKED_SUPERNOVA"]

Floats = NDArray[np.float64]

_RISE_DAYS, _DECAY_DAYS = 0.5, 2.5
_FASTER = 1.6
_FIRST_ERG_S, _FIRST_K, _LAST_K = 1.6e43, 20000.0, 8000.0


def _first_peak(days: Floats) -> tuple[Floats, Floats]:
    """Luminosity [erg/s] and temperature [K] of the envelope, days after the explosion."""
    since = np.maximum(days, 0.0)
    shape = -np.expm1(-since / _RISE_DAYS) * np.exp(-since / _DECAY_DAYS)
    temperature = _LAST_K + (_FIRST_K - _LAST_K) * np.exp(-since / _DECAY_DAYS)
    return _FIRST_ERG_S * shape, temperature


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw supernovae by the date of their main peak."""
    redshift = draw_redshifts(draws, survey, -17.8)
    lead = draws.uniform("lead", 12, 18)
    main_scale = draws.lognormal("brightness", 1.0, 0.3)
    first_scale = main_scale * draws.lognormal("first peak", 1.0, 0.3)

    def flux(visits: Visits) -> Floats:
        days = rest_days(visits, event_mjd, redshift)
        # Faster than usual, so that there is a valley between the peaks.
        main, main_k = supernova_ibc.evolution(days * _FASTER)
        first, first_k = _first_peak(days + lead[:, None])
        z, band = redshift[:, None], visits.band
        blanketing = supernova_ibc.BLANKETING
        return band_flux_njy(main * main_scale[:, None], main_k, z, band, blanketing) + (
            band_flux_njy(first * first_scale[:, None], first_k, z, band)
        )

    ref_mag, separation, star_galaxy = draw_hosts(draws, redshift)
    return Sources(
        flux=flux,
        ref_mag=ref_mag,
        ref_sep_arcsec=separation,
        star_galaxy=star_galaxy,
        t0_mjd=event_mjd,
        since_mjd=event_mjd - lead,
        parameters={
            "redshift": redshift,
            "lead_days": lead,
            "main_peak_erg_s": supernova_ibc.PEAK_ERG_S * main_scale,
            "first_peak_erg_s": _FIRST_ERG_S * first_scale,
        },
    )


DOUBLE_PEAKED_SUPERNOVA = SourceClass(
    "double_peaked_supernova", draw, window_days=(22, 60), anomaly=True, behind_dust=True
)
