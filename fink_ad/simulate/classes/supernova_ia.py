"""Type Ia supernovae: a magnitude in a fortnight, and a second maximum in the red.

A black body whose luminosity follows the form of Bazin et al. (2009, A&A 499, 653), with a slow
part for the tail, and whose temperature falls after the maximum (as in Russeil et al. 2024, A&A
683, A251), dimmed below 3 500 Angstrom by iron-group lines. In i the first maximum is fainter than
the black body, and a second one follows four weeks later. The numbers were fitted to a normal
light curve: peak at -19.3 in g, declines of 0.9 mag in g and 0.7 in r after 15 days. Stretch
and scatter as in Scolnic et al. (2018, ApJ 859, 101).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.blackbody import bazin, cooling
from fink_ad.simulate.classes.fireballs import fireball
from fink_ad.simulate.classes.hosts import draw_redshifts
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.sources import SourceClass, Sources
from fink_ad.simulate.survey import Survey

__all__ = ["SUPERNOVA_IA", "evolution", "second_maximum"]

Floats = NDArray[np.float64]

PEAK_ERG_S = 2.1e43
BLANKETING = 1.6
_RISE_DAYS, _FALL_DAYS = 3.1, 7.8
_TAIL_SHARE, _TAIL_RISE_DAYS, _TAIL_DAYS = 0.28, 4.6, 45.0
_HOT_K, _COOL_K, _MIDDLE_DAYS, _WIDTH_DAYS = 9860.0, 4960.0, 16.0, 4.0
_FIRST_MAXIMUM = np.array([1.0, 1.0, 1.0, 0.675, 0.6, 0.6])  # of the black body, ugrizy
_SECOND_MAXIMUM = np.array([0.0, 0.0, 0.22, 0.31, 0.3, 0.3])
_SECOND_DAYS, _SECOND_WIDTH_DAYS = 27.3, 5.0
_STANDARD_MAG = -19.3


def evolution(days: Floats) -> tuple[Floats, Floats]:
    """Luminosity [erg/s] and temperature [K] of a normal event, days from the maximum."""
    peak = bazin(days, _RISE_DAYS, _FALL_DAYS)
    tail = bazin(days, _TAIL_RISE_DAYS, _TAIL_DAYS)
    luminosity = PEAK_ERG_S * ((1 - _TAIL_SHARE) * peak + _TAIL_SHARE * tail)
    return luminosity, cooling(days, _HOT_K, _COOL_K, _MIDDLE_DAYS, _WIDTH_DAYS)


def second_maximum(days: Floats, band: NDArray[np.int64]) -> Floats:
    """Factor on the black body for what lines take from the red, and give back weeks later."""
    phase = (days - _SECOND_DAYS) / _SECOND_WIDTH_DAYS
    factor: Floats = _FIRST_MAXIMUM[band] + _SECOND_MAXIMUM[band] * np.exp(-0.5 * phase**2)
    return factor


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw supernovae by the date of their maximum."""
    redshift = draw_redshifts(draws, survey, _STANDARD_MAG, 0.008)
    stretch = draws.clipped("stretch", 0.97, 0.09, 0.7, 1.15)[:, None]
    # Brighter when slower (Phillips 1993), and dimmed by some dust of the host.
    dimming = draws.normal("scatter", 0, 0.12) + draws.exponential("host dust", 0.15)
    brightness = 10 ** (-0.4 * (dimming[:, None] - 1.4 * (stretch - 1)))

    def scaled(days: Floats) -> tuple[Floats, Floats]:
        luminosity, temperature = evolution(days / stretch)
        return luminosity * brightness, temperature

    return fireball(
        draws,
        event_mjd,
        redshift,
        scaled,
        {"stretch": stretch[:, 0], "dimming_mag": dimming},
        found_days=-12.0,
        blanketing=BLANKETING,
        shape=lambda days, band: second_maximum(days / stretch, band),
    )


SUPERNOVA_IA = SourceClass("supernova_ia", draw, window_days=(25, 90), share=0.08, behind_dust=True)
