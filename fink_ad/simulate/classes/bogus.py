"""What is not on the sky and does not come back: cosmic rays, ghosts, edges of detectors.

Mostly single detections of random strength and either sign, near nothing in particular.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.classes.nights import moment_of_night
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy, nothing_behind
from fink_ad.simulate.survey import Survey

__all__ = ["BOGUS", "nearest_visit"]

Floats = NDArray[np.float64]

_KINDS = np.array([b"cosmic_ray", b"ghost", b"edge"])
_NEGATIVE = 0.3


def nearest_visit(visits: Visits, moment_mjd: Floats) -> NDArray[np.bool_]:
    """Mark the one visit nearest to a moment, if it is in the same night, (n, n_visits)."""
    away = np.where(visits.observed, np.abs(visits.mjd - moment_mjd[:, None]), np.inf)
    nearest = away == away.min(axis=1, keepdims=True)
    marked: NDArray[np.bool_] = nearest & (away < 0.5)
    return marked


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw artefacts, each at one visit of the night it is dated to."""
    n_objects = len(draws)
    moment = moment_of_night(draws, survey, event_mjd)
    sign = np.where(draws.chance("negative", _NEGATIVE), -1.0, 1.0)
    # Exponential signal to noise above the threshold.
    strength = sign * (1.2 + draws.exponential("strength", 1.2))
    kind = _KINDS[draws.integers("kind", 0, len(_KINDS))]

    def flux(visits: Visits) -> Floats:
        there = nearest_visit(visits, moment)
        return np.where(there, strength[:, None] * mag_to_njy(visits.limit_mag), 0.0)

    return Sources(
        flux=flux,
        ref_mag=nothing_behind(n_objects),
        ref_sep_arcsec=np.full(n_objects, np.inf),
        star_galaxy=draws.uniform("score"),
        t0_mjd=moment,
        since_mjd=np.full(n_objects, np.nan),
        parameters={"kind": np.char.decode(kind, "ascii")},
        artefact=kind,
    )


BOGUS = SourceClass("bogus", draw, window_days=(0, 0), share=0.13)
