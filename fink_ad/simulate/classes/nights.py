"""Moments inside the dark hours of a night, for what lasts less than one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.survey import Survey

__all__ = ["moment_of_night"]


def moment_of_night(
    draws: Draws, survey: Survey, event_mjd: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Draw a moment between the beginning and the end of the night each event is dated to."""
    start, stop = survey.night_hours
    moment: NDArray[np.float64] = np.floor(event_mjd) + draws.uniform("moment", start, stop) / 24
    return moment
