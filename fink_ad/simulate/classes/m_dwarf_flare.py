"""Flares of M dwarfs: up within minutes, down in two exponentials.

Template of Davenport et al. (2014, ApJ 797, 122, eqs. 1 and 4), in units of the time spent above
half the peak; the flare is a black body of about 10 000 K on a red star, hence far stronger in g.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.bands import G
from fink_ad.simulate.blackbody import star_colours
from fink_ad.simulate.classes.nights import moment_of_night
from fink_ad.simulate.classes.stars import draw_magnitude, star_magnitudes
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.places import nearby
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy
from fink_ad.simulate.survey import Survey

__all__ = ["M_DWARF_FLARE", "light_curve"]

Floats = NDArray[np.float64]

_FLARE_K, _STAR_K = 10000.0, 3200.0
_FAINTEST, _BRIGHTEST, _POWER = 0.5, 100.0, 0.8  # peak flux over the quiet one in g


def light_curve(half_times: Floats) -> Floats:
    """Flux relative to the peak at times from it in units of the full width at half maximum."""
    rising = np.clip(half_times, -1, 0)
    rise = 1 + rising * (1.941 + rising * (-0.175 + rising * (-2.246 - 1.125 * rising)))
    falling = np.maximum(half_times, 0)
    decay = 0.6890 * np.exp(-1.600 * falling) + 0.3030 * np.exp(-0.2783 * falling)
    curve: Floats = np.where(
        half_times < -1, 0.0, np.where(half_times < 0, np.maximum(rise, 0.0), decay)
    )
    return curve


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw one flare per star, in the night it is dated to."""
    peak_mjd = moment_of_night(draws, survey, event_mjd)
    width_days = draws.lognormal("width", 15.0, 0.8) / 1440
    ref_mag = star_magnitudes(draw_magnitude(draws, survey, 0.0, 1.8), _STAR_K)
    contrast = np.minimum(_FAINTEST * draws.uniform("energy") ** (-1 / _POWER), _BRIGHTEST)
    peak_g = ref_mag[:, G] - 2.5 * np.log10(contrast)
    colours = star_colours(_FLARE_K)[0]
    in_band = peak_g[:, None] + colours - colours[G]

    def flux(visits: Visits) -> Floats:
        shape = light_curve((visits.mjd - peak_mjd[:, None]) / width_days[:, None])
        return mag_to_njy(np.take_along_axis(in_band, visits.band, axis=1)) * shape

    return Sources(
        flux=flux,
        ref_mag=ref_mag,
        ref_sep_arcsec=draws.rayleigh("reference offset", 0.25),
        star_galaxy=draws.towards("score", 1, 20),
        t0_mjd=peak_mjd,
        since_mjd=np.full(len(draws), np.nan),
        parameters={
            "width_days": width_days,
            "contrast_g": contrast,
            "quiet_mag_r": ref_mag[:, 2],
            "peak_mag_g": peak_g,
        },
    )


M_DWARF_FLARE = SourceClass("m_dwarf_flare", draw, nearby, window_days=(0, 0), share=0.02)
