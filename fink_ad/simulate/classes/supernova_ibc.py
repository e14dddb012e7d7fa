"""Type Ib and Ic supernovae: stripped stars, fainter and redder than Ia.

Luminosities and time scales after Taddia et al. (2018, A&A 609, A136): peaks of about 10^42.3 to
10^42.7 erg/s, absolute r magnitudes around -17.6, and widths like those of Ia. Black body,
blanketed below 3 500 Angstrom.
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

__all__ = ["SUPERNOVA_IBC", "evolution"]

Floats = NDArray[np.float64]

PEAK_ERG_S = 2.8e42
BLANKETING = 2.0


def evolution(days: Floats) -> tuple[Floats, Floats]:
    """Luminosity [erg/s] and temperature [K] of a typical event, days from the maximum."""
    return PEAK_ERG_S * bazin(days, 4.5, 22.0), cooling(days, 9500.0, 4800.0, 4.0, 6.0)


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw supernovae by the date of their maximum."""
    redshift = draw_redshifts(draws, survey, -18.0, 0.004)
    width = draws.lognormal("width", 1.0, 0.2)[:, None]
    brightness = draws.lognormal("brightness", 1.0, 0.5)

    def scaled(days: Floats) -> tuple[Floats, Floats]:
        luminosity, temperature = evolution(days / width)
        return luminosity * brightness[:, None], temperature

    return fireball(
        draws,
        event_mjd,
        redshift,
        scaled,
        {"width": width[:, 0], "peak_erg_s": PEAK_ERG_S * brightness},
        found_days=-10.0,
        blanketing=BLANKETING,
    )


SUPERNOVA_IBC = SourceClass(
    "supernova_ibc", draw, window_days=(25, 90), share=0.02, behind_dust=True
)
