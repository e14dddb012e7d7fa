"""Classical Cepheids: the saw-tooth of young, bright stars of the disc, over days to weeks.

Periods around eight days and amplitudes that grow with them, as in the catalogues of the Milky
Way (Pietrukowicz et al. 2021, AcA 71, 205); amplitudes fall to the red as the temperature swings.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.classes.rr_lyrae import saw_tooth
from fink_ad.simulate.classes.stars import draw_magnitude, star_magnitudes, varying_star
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.places import thin_disc
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources
from fink_ad.simulate.survey import Survey

__all__ = ["CEPHEID"]

Floats = NDArray[np.float64]

_AMPLITUDE_RATIO = np.array([1.25, 1.0, 0.68, 0.55, 0.5, 0.48])  # ugrizy
_HARMONICS = 3
_TEMPERATURE_K = 5300.0


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw stars."""
    period = np.clip(draws.lognormal("period", 8.0, 0.7), 2.0, 60.0)
    amplitude = np.clip(
        0.55 + 0.35 * np.log10(period) + draws.normal("amplitude", 0, 0.15), 0.2, 1.6
    )
    phase0 = draws.uniform("phase")

    def offset(visits: Visits) -> Floats:
        phase = visits.mjd / period[:, None] + phase0[:, None]
        swing = saw_tooth(phase, _HARMONICS)
        fading: Floats = amplitude[:, None] * _AMPLITUDE_RATIO[visits.band] * swing
        return fading

    mean = star_magnitudes(draw_magnitude(draws, survey, 2.0, 2.5), _TEMPERATURE_K)
    parameters = {"period_days": period, "amplitude_g_mag": amplitude}
    return varying_star(draws, survey, mean, offset, parameters)


CEPHEID = SourceClass("cepheid", draw, thin_disc, share=0.03)
