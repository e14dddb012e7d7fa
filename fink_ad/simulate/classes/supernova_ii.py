"""Type II-P supernovae: a hot week, a plateau of three months that reddens, a drop.

Plateau lengths and decline rates after Anderson et al. (2014, ApJ 786, 67). The photosphere cools
to 6 000 K, where hydrogen recombines, and stays there; the tail is cobalt 56 (0.0098 mag/day).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fink_ad.simulate.classes.fireballs import fireball
from fink_ad.simulate.classes.hosts import draw_redshifts
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.sources import SourceClass, Sources
from fink_ad.simulate.survey import Survey

__all__ = ["SUPERNOVA_II", "evolution"]

Floats = NDArray[np.float64]

PLATEAU_ERG_S = 1.6e42
_RISE_DAYS = 2.0  # e-folding time
_FLASH, _COOLING_DAYS = 3.0, 10.0
_FIRST_K, _RECOMBINATION_K = 22000.0, 6000.0
_DROP_MAG, _DROP_DAYS, _TAIL_MAG_PER_DAY = 2.0, 4.0, 0.0098


def evolution(
    days: Floats, slope: ArrayLike = 0.008, plateau_days: ArrayLike = 95.0
) -> tuple[Floats, Floats]:
    """Luminosity [erg/s] and temperature [K], days after the explosion.

    `slope` is the decline on the plateau [mag / day].
    """
    since = np.maximum(days, 0.0)
    on_plateau = np.minimum(since, plateau_days)
    drop = _DROP_MAG * (0.5 + 0.5 * np.tanh((days - np.asarray(plateau_days)) / (2 * _DROP_DAYS)))
    fading = on_plateau * slope + drop + (since - on_plateau) * _TAIL_MAG_PER_DAY
    hot = np.exp(-since / _COOLING_DAYS)
    luminosity = PLATEAU_ERG_S * -np.expm1(-since / _RISE_DAYS) * (1 + _FLASH * hot)
    temperature = _RECOMBINATION_K + (_FIRST_K - _RECOMBINATION_K) * hot
    return luminosity * 10 ** (-0.4 * fading), temperature


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw supernovae by the date of their explosion."""
    redshift = draw_redshifts(draws, survey, -17.8, 0.004)
    plateau = draws.clipped("plateau", 95, 12, 60, 130)
    slope = draws.clipped("slope", 0.008, 0.005, 0.0, 0.03)
    brightness = draws.lognormal("brightness", 1.0, 0.7)

    def scaled(days: Floats) -> tuple[Floats, Floats]:
        luminosity, temperature = evolution(days, slope[:, None], plateau[:, None])
        return luminosity * brightness[:, None], temperature

    return fireball(
        draws,
        event_mjd,
        redshift,
        scaled,
        {
            "plateau_days": plateau,
            "slope_mag_per_day": slope,
            "plateau_erg_s": PLATEAU_ERG_S * brightness,
        },
        found_days=2.0,
    )


SUPERNOVA_II = SourceClass("supernova_ii", draw, window_days=(0, 160), share=0.05, behind_dust=True)
