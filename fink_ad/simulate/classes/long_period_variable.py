"""Long-period variables: red giants that swell and shrink over most of a year by magnitudes.

Periods around 280 days and amplitudes of one to five magnitudes, twice as large in g as in i, with
some change from cycle to cycle (Mira stars; Iwanek et al. 2021, ApJS 257, 23).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.classes.stars import draw_magnitude, star_magnitudes, varying_star
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.places import thin_disc
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources
from fink_ad.simulate.survey import Survey

__all__ = ["LONG_PERIOD_VARIABLE"]

Floats = NDArray[np.float64]

_AMPLITUDE_RATIO = np.array([1.1, 1.0, 0.85, 0.55, 0.4, 0.35])  # ugrizy
_TEMPERATURE_K = 3100.0


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw stars."""
    period = draws.clipped("period", 280, 70, 120, 500)
    amplitude = draws.uniform("amplitude", 1.0, 4.5)
    change = draws.uniform("change", 0.0, 0.15)
    phase0, phase1 = draws.uniform("phase"), draws.uniform("phase of change")

    def offset(visits: Visits) -> Floats:
        cycle = 2 * np.pi * (visits.mjd / period[:, None] + phase0[:, None])
        slow = 2 * np.pi * (visits.mjd / (2.7 * period[:, None]) + phase1[:, None])
        height = 0.5 * amplitude[:, None] * (1 + change[:, None] * np.sin(slow))
        # A fifth of the first overtone makes the rise steeper than the fall.
        swing = np.sin(cycle) + 0.2 * np.sin(2 * cycle)
        fading: Floats = height * _AMPLITUDE_RATIO[visits.band] * swing
        return fading

    mean = star_magnitudes(draw_magnitude(draws, survey, 1.0, 2.0), _TEMPERATURE_K)
    parameters = {"period_days": period, "amplitude_g_mag": amplitude}
    return varying_star(draws, survey, mean, offset, parameters)


LONG_PERIOD_VARIABLE = SourceClass("long_period_variable", draw, thin_disc, share=0.06)
