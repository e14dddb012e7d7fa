"""Visits at chosen times, for looking at a class without cadence or noise."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from fink_ad.simulate import Night, simulate_night
from fink_ad.simulate.cadence import MJD_TO_JD, Visits

LAST_MJD = 61100.4

VisitsMaker = Callable[[int, NDArray[np.float64], int], Visits]


@pytest.fixture
def visits_at() -> VisitsMaker:
    """Visits of n objects at given mid-exposure MJD in one band; the last day gives alerts."""

    def make(n_objects: int, mjd: NDArray[np.float64], fid: int) -> Visits:
        times = np.broadcast_to(mjd, (n_objects, len(mjd)))
        return Visits(
            jd=times + MJD_TO_JD - 15 / 86400,
            limit_mag=np.full(times.shape, 21.0),
            observed=np.ones(times.shape, bool),
            alerting=times > mjd[-1] - 1,
            fid=np.full(len(mjd), fid),
        )

    return make


@pytest.fixture(scope="session")
def night() -> Night:
    """A night of about 900 alerts with the default classes."""
    return simulate_night(20260301, seed=5)
