"""Afterglows of gamma-ray bursts, some seen from beside the jet: one colour, all the time.

Synchrotron light of electrons with a power law of index p = 2.2 between the injection and the
cooling break (Sari, Piran & Narayan 1998, ApJ 497, L17): F ~ nu^-(p-1)/2 t^-3(p-1)/4, and t^-p
after the jet break (Sari, Piran & Halpern 1999, ApJ 519, L17). Seen from beside the jet, at an
angle of `off_axis` times its opening, the light rises until the beam has widened to the line of
sight, at (off_axis - 0.6)^(8/3) times the break: the power is that of the deceleration, the
offset puts the peak within a factor of two of that of top-hat jets in afterglowpy (Ryan et al.
2020, ApJ 896, 166) at 1.5 and 2 openings. Spectrum and slopes seen along the axis agree with the
same code. Magnitudes at the break are of the order of those of Kann et al. (2010, ApJ 720, 1513),
set by the depth of the survey.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fink_ad.simulate.bands import WAVELENGTH_A, R
from fink_ad.simulate.classes.hosts import draw_hosts
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy
from fink_ad.simulate.survey import Survey

__all__ = ["AFTERGLOW", "SPECTRAL_INDEX", "light_curve"]

Floats = NDArray[np.float64]

_P = 2.2
SPECTRAL_INDEX = (_P - 1) / 2
_BEFORE, _AFTER = 3 * (_P - 1) / 4, _P
_EDGE = 0.6
_RISE = 3.0  # power of time before the beam reaches the line of sight
_SMOOTHNESS = 3.0
_FIRST_MINUTES_DAYS = 2e-3


def light_curve(days: Floats, break_days: ArrayLike, off_axis: ArrayLike) -> Floats:
    """Flux relative to that of the on-axis jet at its break, days after the burst."""
    t = np.maximum(days, _FIRST_MINUTES_DAYS) / break_days
    decay = (t ** (_SMOOTHNESS * _BEFORE) + t ** (_SMOOTHNESS * _AFTER)) ** (-1 / _SMOOTHNESS)
    beside = np.maximum(np.asarray(off_axis) - _EDGE, 1e-3) ** (8 / 3)
    turn_on = (1 + (t / beside) ** (-_SMOOTHNESS * (_RISE + _BEFORE))) ** (-1 / _SMOOTHNESS)
    shape: Floats = np.where(days > 0, decay * np.where(np.asarray(off_axis) > 1, turn_on, 1), 0)
    return shape * 2 ** (1 / _SMOOTHNESS)


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw bursts by their date."""
    redshift = draws.clipped("redshift", 1.5, 0.8, 0.1, 4.0)
    break_days = draws.lognormal("break", 0.8, 0.6)
    off_axis = draws.uniform("angle", 0.0, 2.0)
    mag_at_break = draws.normal("brightness", survey.limit_mag - 2.0, 1.2)
    in_band = mag_at_break[:, None] + 2.5 * SPECTRAL_INDEX * np.log10(
        WAVELENGTH_A[R] / WAVELENGTH_A
    )

    def flux(visits: Visits) -> Floats:
        days = visits.mjd - event_mjd[:, None]
        shape = light_curve(days, break_days[:, None], off_axis[:, None])
        return mag_to_njy(np.take_along_axis(in_band, visits.band, axis=1)) * shape

    ref_mag, separation, star_galaxy = draw_hosts(draws, redshift, -20.0, 2.0)
    return Sources(
        flux=flux,
        ref_mag=ref_mag,
        ref_sep_arcsec=separation,
        star_galaxy=star_galaxy,
        t0_mjd=event_mjd,
        since_mjd=event_mjd,
        parameters={
            "redshift": redshift,
            "break_days": break_days,
            "off_axis": off_axis,
            "break_mag_r": mag_at_break,
        },
    )


AFTERGLOW = SourceClass("afterglow", draw, window_days=(0, 8), anomaly=True, behind_dust=True)
