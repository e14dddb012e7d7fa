"""What the stars have in common: magnitudes with faint ones in the majority, and colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.bands import N_BANDS
from fink_ad.simulate.blackbody import star_colours
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import Sources, mag_to_njy
from fink_ad.simulate.survey import Survey

__all__ = ["draw_magnitude", "star_magnitudes", "varying_star"]

Floats = NDArray[np.float64]

_BRIGHTER_BY = 8.0
_REFERENCE_ERROR_MAG = 0.02


def draw_magnitude(
    draws: Draws, survey: Survey, below_limit: float = 1.0, scale: float = 1.4
) -> Floats:
    """Draw r magnitudes: numbers grow exponentially, by e in `scale`, to the faint end.

    The end is `below_limit` brighter than the survey's 5-sigma limit; none saturates, and none
    is more than eight magnitudes brighter.
    """
    faintest = survey.limit_mag - below_limit
    range_mag = min(faintest - survey.bright_mag, _BRIGHTER_BY)
    # The exponential distribution, cut at the bright end and inverted.
    share = draws.uniform("magnitude") * -np.expm1(-range_mag / scale)
    magnitude: Floats = faintest + scale * np.log1p(-share)
    return magnitude


def star_magnitudes(r_mag: Floats, temperature_k: Floats | float) -> Floats:
    """Magnitudes of black bodies in all bands from that in r, (n, n_bands)."""
    magnitudes: Floats = r_mag[:, None] + star_colours(np.broadcast_to(temperature_k, r_mag.shape))
    return magnitudes


def varying_star(
    draws: Draws,
    survey: Survey,
    mean_mag: Floats,
    offset_mag: Callable[[Visits], Floats],
    parameters: Mapping[str, NDArray[Any]],
) -> Sources:
    """Return stars that have always varied around their mean, which is the reference image.

    ``offset_mag(visits) -> (n, n_visits)`` is how much fainter than the mean they are; the
    reference is in error by 0.02 mag.
    """
    n_stars = len(draws)
    error = np.stack([draws.normal(f"reference {b}", 0, 1) for b in range(N_BANDS)], axis=1)
    ref_mag = mean_mag + _REFERENCE_ERROR_MAG * error

    def flux(visits: Visits) -> Floats:
        mean = mag_to_njy(np.take_along_axis(mean_mag, visits.band, axis=1))
        reference = mag_to_njy(np.take_along_axis(ref_mag, visits.band, axis=1))
        change: Floats = mean * 10 ** (-0.4 * offset_mag(visits)) - reference
        return change

    return Sources(
        flux=flux,
        ref_mag=ref_mag,
        ref_sep_arcsec=draws.rayleigh("reference offset", 0.12),
        star_galaxy=draws.towards("star score", 1, 30),
        t0_mjd=np.full(n_stars, np.nan),
        since_mjd=survey.start_mjd + draws.exponential("first detection", 60.0),
        parameters={"mean_mag_r": mean_mag[:, 2], **parameters},
    )
