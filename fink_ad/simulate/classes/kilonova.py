"""Kilonovae: blue for a day, red the next, gone within a week.

A black body that follows AT 2017gfo: about 10^42 erg/s and 11 000 K half a day after the merger,
falling as t^-1.0 and t^-0.55 to a floor of 2 500 K, where lanthanides recombine (Drout et al. 2017,
Science 358, 1570; Villar et al. 2017, ApJ 851, L21).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.classes.fireballs import fireball
from fink_ad.simulate.classes.hosts import draw_redshifts
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.sources import SourceClass, Sources
from fink_ad.simulate.survey import Survey

__all__ = ["KILONOVA", "evolution"]

Floats = NDArray[np.float64]

PEAK_ERG_S = 1e42
_PEAK_DAYS = 0.5
_LUMINOSITY_POWER, _TEMPERATURE_POWER = -1.0, -0.55
_HOT_K, _FLOOR_K = 11000.0, 2500.0


def evolution(days: Floats) -> tuple[Floats, Floats]:
    """Luminosity [erg/s] and temperature [K], days after the merger."""
    since = np.maximum(days, 0.0) / _PEAK_DAYS
    late = np.maximum(since, 1.0)
    luminosity = PEAK_ERG_S * np.minimum(since, 1.0) * late**_LUMINOSITY_POWER
    # Nothing shines as r-process material does once the ejecta are thin, after a week or two.
    luminosity = luminosity * np.exp(-np.maximum(days, 0.0) / 8.0)
    return luminosity, np.maximum(_HOT_K * late**_TEMPERATURE_POWER, _FLOOR_K)


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw mergers by their date."""
    redshift = draw_redshifts(draws, survey, -16.2, 0.003)
    brightness = draws.lognormal("brightness", 1.0, 0.4)

    def scaled(days: Floats) -> tuple[Floats, Floats]:
        luminosity, temperature = evolution(days)
        return luminosity * brightness[:, None], temperature

    return fireball(
        draws,
        event_mjd,
        redshift,
        scaled,
        {"peak_erg_s": PEAK_ERG_S * brightness},
        found_days=0.3,
    )


KILONOVA = SourceClass("kilonova", draw, window_days=(0, 6), anomaly=True, behind_dust=True)
