"""Tidal disruption events: blue, at the very centre of a galaxy, and blue for months.

Peaks of 10^43.5 to 10^44.5 erg/s, a Gaussian rise, an exponential fall, and a constant 12 000 to
40 000 K (van Velzen et al. 2021, ApJ 908, 4; Hammerstein et al. 2023, ApJ 942, 9).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.classes.fireballs import fireball
from fink_ad.simulate.classes.hosts import draw_redshifts
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.sources import SourceClass, Sources
from fink_ad.simulate.survey import Survey

__all__ = ["TIDAL_DISRUPTION_EVENT"]

Floats = NDArray[np.float64]

_PEAK_ERG_S = 8e43


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw events by the date of their maximum."""
    redshift = draw_redshifts(draws, survey, -19.5, 0.01)
    rise = draws.lognormal("rise", 14.0, 0.4)  # sigma of the Gaussian
    fall = draws.lognormal("fall", 60.0, 0.4)
    peak = draws.lognormal("brightness", _PEAK_ERG_S, 0.7)
    temperature = draws.lognormal("temperature", 20000.0, 0.3)

    def evolution(days: Floats) -> tuple[Floats, Floats]:
        before = np.exp(-0.5 * (days / rise[:, None]) ** 2)
        after = np.exp(-np.maximum(days, 0.0) / fall[:, None])
        shape = np.where(days < 0, before, after)
        return peak[:, None] * shape, np.broadcast_to(temperature[:, None], days.shape)

    return fireball(
        draws,
        event_mjd,
        redshift,
        evolution,
        {"rise_days": rise, "fall_days": fall, "peak_erg_s": peak, "temperature_k": temperature},
        found_days=-20.0,
        host_mag=-20.0,
        host_kpc=0.05,
    )


TIDAL_DISRUPTION_EVENT = SourceClass(
    "tidal_disruption_event", draw, window_days=(50, 250), anomaly=True, behind_dust=True
)
