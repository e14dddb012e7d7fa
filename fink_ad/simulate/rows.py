"""Lists the visits of objects, one row each, and finds the alerts among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.keyed import Draws, mix
from fink_ad.simulate.population import Population

__all__ = ["Rows"]

Longs = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Visits of all objects, object after object and each in order of time.

    Attributes
    ----------
    obj, visit : (n_rows,) int64
        Row of the population, and column of its visits.
    alert : (n_alerts,) int64
        Rows that give alerts, in order of time.
    first : (n_alerts,) int64
        First row of each alert's history, which ends before the alert's own row.
    draws : Draws
        One key per row: what belongs to this object at this visit.
    """

    obj: Longs
    visit: Longs
    alert: Longs
    first: Longs
    draws: Draws

    @classmethod
    def of(cls, population: Population, nights: tuple[int, int], history_days: int) -> Rows:
        """List the visits of a population; nights (first and last MJD) give alerts."""
        visits = population.visits
        obj, visit = np.nonzero(visits.observed)
        mjd = visits.mjd[obj, visit]
        night = visits.night_mjd[obj, visit]
        alerting = population.detected[obj, visit] & (night >= nights[0]) & (night <= nights[1])
        alert = np.flatnonzero(alerting)
        alert = alert[np.lexsort((obj[alert], mjd[alert]))]
        # One ascending key over all objects: each has far more room than a history is long.
        key = obj * 1e5 + (mjd - mjd.min())
        first = np.searchsorted(key, key[alert] - history_days)
        first = np.maximum(first, np.searchsorted(obj, obj[alert]))
        number = visits.number[obj, visit]
        return cls(obj, visit, alert, first, Draws(mix(population.keys[obj], number)))
