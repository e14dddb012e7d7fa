"""Young stars behind clumps of their own discs: dips of days, at the pace of the rotation.

Dippers as in NGC 2264 (Cody et al. 2014, AJ 147, 82): quasi-periodic over 2-15 days, depths of a
tenth to more than a magnitude that change from turn to turn, redder when fainter by the
extinction of small grains.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.bands import G
from fink_ad.simulate.classes.stars import draw_magnitude, star_magnitudes, varying_star
from fink_ad.simulate.dust import EXTINCTION_PER_EBV
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.places import thin_disc
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources
from fink_ad.simulate.survey import Survey

__all__ = ["YOUNG_STAR"]

Floats = NDArray[np.float64]

_TEMPERATURE_K = 4000.0
_WIDTH = 0.12  # sigma, of a turn


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw stars."""
    period = np.clip(draws.lognormal("period", 6, 0.5), 2, 15)
    deepest = draws.uniform("depth", 0.4, 2.0)

    def offset(visits: Visits) -> Floats:
        turn = visits.mjd / period[:, None]
        number = np.floor(turn).astype(np.int64)
        each = draws.at(number)
        middle = 0.5 + each.normal("jitter", 0, 0.05)
        depth = deepest[:, None] * each.uniform("depth")
        dip = depth * np.exp(-0.5 * ((turn - number - middle) / _WIDTH) ** 2)
        fading: Floats = dip * (EXTINCTION_PER_EBV / EXTINCTION_PER_EBV[G])[visits.band]
        return fading

    mean = star_magnitudes(draw_magnitude(draws, survey, 1.5, 1.8), _TEMPERATURE_K)
    parameters = {"period_days": period, "deepest_mag_g": deepest}
    return varying_star(draws, survey, mean, offset, parameters)


YOUNG_STAR = SourceClass("young_star", draw, thin_disc, share=0.03)
