"""Superluminous supernovae of type I: hot, slow, and in faint galaxies.

Peaks of about 10^44 erg/s, -21.5 mag, rises of 20-60 days, falls that are slower, and 14 000 to
20 000 K at first (De Cia et al. 2018, ApJ 860, 100; Nicholl et al. 2017, ApJ 850, 55, from where
the damping of the ultraviolet).
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

__all__ = ["SUPERLUMINOUS_SUPERNOVA"]

Floats = NDArray[np.float64]

_PEAK_ERG_S = 1.2e44
_BLANKETING = 1.0


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw supernovae by the date of their maximum."""
    redshift = draw_redshifts(draws, survey, -21.7, 0.03)
    rise = draws.lognormal("rise", 9.0, 0.35)
    fall = rise * draws.uniform("asymmetry", 3.5, 6.0)
    peak = draws.lognormal("brightness", _PEAK_ERG_S, 0.5)
    hot = draws.uniform("temperature", 14000, 20000)

    def evolution(days: Floats) -> tuple[Floats, Floats]:
        temperature = cooling(days, hot[:, None], 7000.0, rise[:, None] * 3, rise[:, None] * 2)
        return peak[:, None] * bazin(days, rise[:, None], fall[:, None]), temperature

    return fireball(
        draws,
        event_mjd,
        redshift,
        evolution,
        {"rise_days": rise, "fall_days": fall, "peak_erg_s": peak, "hot_k": hot},
        found_days=-30.0,
        blanketing=_BLANKETING,
        host_mag=-17.5,
        host_kpc=1.5,
    )


SUPERLUMINOUS_SUPERNOVA = SourceClass(
    "superluminous_supernova", draw, window_days=(90, 200), anomaly=True, behind_dust=True
)
