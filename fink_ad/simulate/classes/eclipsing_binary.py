"""Eclipsing binaries: constant, but for two dips a cycle, and rounded when the stars are near.

Dips are Gaussians in phase, of widths that shrink with the period; near pairs also show twice a
cycle the changing faces of tidally stretched stars. Periods and depths as in Prsa et al. (2011, AJ
141, 83). The reference is the full light.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.classes.stars import draw_magnitude, star_magnitudes, varying_star
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.places import nearby
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources
from fink_ad.simulate.survey import Survey

__all__ = ["ECLIPSING_BINARY"]

Floats = NDArray[np.float64]


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw pairs of stars."""
    period = np.clip(draws.lognormal("period", 0.7, 0.9), 0.22, 20.0)
    width = np.clip(0.07 * period ** (-0.5), 0.008, 0.09)  # sigma, of the cycle
    primary = draws.uniform("primary", 0.25, 1.2)
    secondary = primary * draws.uniform("secondary", 0.2, 1.0)
    stretched = np.where(period < 0.6, 0.12, 0.02) * draws.uniform("ellipsoidal", 0.3, 1.0)
    phase0 = draws.uniform("phase")

    def offset(visits: Visits) -> Floats:
        phase = visits.mjd / period[:, None] + phase0[:, None]
        from_primary = (phase + 0.5) % 1 - 0.5
        from_secondary = phase % 1 - 0.5
        w = width[:, None]
        dips = primary[:, None] * np.exp(-0.5 * (from_primary / w) ** 2)
        dips = dips + secondary[:, None] * np.exp(-0.5 * (from_secondary / w) ** 2)
        return dips + stretched[:, None] * (0.5 + 0.5 * np.cos(4 * np.pi * phase))

    temperature = draws.uniform("temperature", 4500, 8500)
    mean = star_magnitudes(draw_magnitude(draws, survey, 1.5), temperature)
    parameters = {"period_days": period, "primary_mag": primary, "secondary_mag": secondary}
    return varying_star(draws, survey, mean, offset, parameters)


ECLIPSING_BINARY = SourceClass("eclipsing_binary", draw, nearby, share=0.06)
