"""Stars that do not subtract: dipoles of misaligned images, and saturated cores.

They come back whenever alignment or seeing is poor, with either sign, and clutter real lists more
than anything else.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.classes.stars import star_magnitudes
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.places import nearby
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy
from fink_ad.simulate.survey import Survey

__all__ = ["BAD_SUBTRACTION"]

Floats = NDArray[np.float64]

_SATURATED = 0.3


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw stars."""
    n_objects = len(draws)
    saturated = draws.chance("saturated", _SATURATED)
    r_mag = survey.bright_mag + np.where(
        saturated, draws.uniform("magnitude", -2.5, 0.0), draws.uniform("magnitude", 0.3, 4.0)
    )
    returns = draws.uniform("returns", 0.02, 0.3)
    ref_mag = star_magnitudes(r_mag, draws.uniform("temperature", 4000, 8000))

    def flux(visits: Visits) -> Floats:
        each = draws.at(visits.number)
        there = each.chance("there", returns[:, None])
        sign = np.where(each.chance("negative", 0.5), -1.0, 1.0)
        strength = sign * (1.2 + each.exponential("strength", 1.5))
        return np.where(there, strength * mag_to_njy(visits.limit_mag), 0.0)

    kind = np.where(saturated, b"saturated", b"dipole")
    return Sources(
        flux=flux,
        ref_mag=ref_mag,
        ref_sep_arcsec=draws.uniform("reference offset", 0.2, 1.8),
        star_galaxy=draws.towards("score", 1, 30),
        t0_mjd=np.full(n_objects, np.nan),
        since_mjd=survey.start_mjd + draws.exponential("first detection", 400),
        parameters={"kind": np.char.decode(kind, "ascii"), "star_mag_r": r_mag},
        artefact=kind,
    )


BAD_SUBTRACTION = SourceClass("bad_subtraction", draw, nearby, share=0.05)
