"""Dwarf novae: cataclysmic variables whose disc flares up for a week, every few weeks or months.

A rise in a day, a plateau, a fall at about half a magnitude a day; outbursts are blue, and the
brighter the rarer (amplitude and cycle after Kukarkin & Parenago 1934: see Coppejans et al. 2016,
MNRAS 456, 4441). The moment within each cycle is random.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.classes.stars import draw_magnitude, star_magnitudes
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.places import nearby
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy
from fink_ad.simulate.survey import Survey

__all__ = ["DWARF_NOVA", "outburst"]

Floats = NDArray[np.float64]

_QUIET_K, _OUTBURST_K = 6500.0, 14000.0
_RISE_DAYS = 1.0
_FALL_DAYS_PER_MAG = 2.0


def outburst(days: Floats, height_mag: Floats, plateau_days: Floats) -> Floats:
    """Magnitudes above quiescence, days after the onset."""
    rise = height_mag * np.clip(days / _RISE_DAYS, 0, 1)
    fall = np.maximum(days - _RISE_DAYS - plateau_days, 0) / _FALL_DAYS_PER_MAG
    brightening: Floats = np.maximum(rise - fall, 0.0)
    return brightening


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw binaries by the magnitude of their outbursts."""
    n_objects = len(draws)
    cycle = np.clip(draws.lognormal("cycle", 60, 0.8), 15, 600)
    height = np.clip(1.9 + 1.6 * np.log10(cycle / 10) + draws.normal("height", 0, 0.5), 1.5, 7)
    plateau = draws.uniform("plateau", 2, 8)
    quiet_r = draw_magnitude(draws, survey, 0.8, 1.5) + height
    quiet = star_magnitudes(quiet_r, _QUIET_K)
    bright = star_magnitudes(quiet_r, _OUTBURST_K)

    def flux(visits: Visits) -> Floats:
        number = np.floor(visits.mjd / cycle[:, None]).astype(np.int64)
        brightening = np.zeros_like(visits.mjd)
        for back in (0, 1):
            each = draws.at(number - back)
            onset = (number - back + each.uniform("onset", 0.0, 0.6)) * cycle[:, None]
            scale = each.uniform("scale", 0.75, 1.0) * height[:, None]
            one = outburst(visits.mjd - onset, scale, plateau[:, None])
            brightening = np.maximum(brightening, one)
        at_rest = mag_to_njy(np.take_along_axis(quiet, visits.band, axis=1))
        disc = mag_to_njy(np.take_along_axis(bright, visits.band, axis=1))
        return np.where(brightening > 0, disc * 10 ** (0.4 * brightening) - at_rest, 0.0)

    return Sources(
        flux=flux,
        ref_mag=quiet,
        ref_sep_arcsec=draws.rayleigh("reference offset", 0.2),
        star_galaxy=draws.towards("score", 1, 12),
        t0_mjd=np.full(n_objects, np.nan),
        since_mjd=survey.start_mjd + draws.exponential("first detection", cycle),
        parameters={"cycle_days": cycle, "height_mag": height, "quiet_mag_r": quiet_r},
    )


DWARF_NOVA = SourceClass("dwarf_nova", draw, nearby, share=0.03)
