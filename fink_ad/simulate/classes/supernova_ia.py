"""Type Ia supernovae: fast rise, decline of about one magnitude in 15 days.

The shape is that of Bazin et al. (2009, A&A 499, 653), A exp(-t / fall) / (1 + exp(-t / rise)),
with a shoulder in r three to four weeks after maximum. Peak absolute magnitude -19.3, scatter
0.15 and stretch 0.7-1.15 as of normal events (e.g. Scolnic et al. 2018, ApJ 859, 101).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.cadence import Visits
from fink_ad.simulate.classes.hosts import distance_modulus, draw_hosts, draw_redshifts
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy

__all__ = ["SUPERNOVA_IA", "light_curve"]

_RISE_DAYS = (3.2, 3.8)  # g, r
_FALL_DAYS = (14.0, 21.0)
_SHOULDER, _SHOULDER_DAYS, _SHOULDER_WIDTH_DAYS = (0.0, 0.2), 26.0, 6.5


def light_curve(days: NDArray[np.float64], fid: NDArray[np.int64]) -> NDArray[np.float64]:
    """Flux relative to the peak, `days` after it in the frame of the supernova."""
    rise, fall = np.array(_RISE_DAYS)[fid - 1], np.array(_FALL_DAYS)[fid - 1]
    peak = rise * np.log(fall / rise - 1)  # where the shape has its maximum
    flux = _bazin(days + peak, rise, fall) / _bazin(peak, rise, fall)
    phase = (days - _SHOULDER_DAYS) / _SHOULDER_WIDTH_DAYS
    curve: NDArray[np.float64] = flux + np.array(_SHOULDER)[fid - 1] * np.exp(-0.5 * phase**2)
    return curve


def draw(rng: np.random.Generator, visits: Visits) -> Sources:
    """Draw supernovae that peak between 40 days before and 12 days after the last night."""
    n_objects = len(visits)
    redshift = draw_redshifts(rng, n_objects, 0.008, 0.1)
    stretch = np.clip(rng.normal(0.97, 0.09, n_objects), 0.7, 1.15)
    peak_mjd = visits.alert_mjd[1] + rng.uniform(-40, 12, n_objects)
    dust = rng.exponential(0.1, n_objects)
    colour = rng.normal(0, 0.05, n_objects) + dust
    peak_mag = (
        -19.3 - 1.4 * (stretch - 1) + rng.normal(0, 0.12, n_objects) + distance_modulus(redshift)
    )
    days = (visits.mjd_utc - peak_mjd[:, None]) / (stretch * (1 + redshift))[:, None]
    in_band = np.stack([peak_mag + 3.3 * colour, peak_mag + 2.3 * colour], axis=1)
    flux = mag_to_njy(in_band)[:, visits.fid - 1] * light_curve(days, visits.fid)
    ref_mag, separation, star_galaxy = draw_hosts(rng, redshift)
    start = visits.mjd_utc.min()
    return Sources(
        diff_flux_njy=flux,
        ref_mag=ref_mag,
        ref_sep_arcsec=separation,
        star_galaxy=star_galaxy,
        t0_mjd=peak_mjd,
        since_mjd=np.where(peak_mjd - 12 < start, peak_mjd - 12, np.nan),
        parameters={
            "redshift": redshift,
            "stretch": stretch,
            "peak_mag_g": in_band[:, 0],
            "peak_mag_r": in_band[:, 1],
        },
    )


def _bazin(
    days: NDArray[np.float64], rise: NDArray[np.float64], fall: NDArray[np.float64]
) -> NDArray[np.float64]:
    # Written with one exponent, which does not overflow long before the explosion.
    exponent = -days / fall - np.logaddexp(0.0, -days / rise)
    shape: NDArray[np.float64] = np.exp(exponent)
    return shape


SUPERNOVA_IA = SourceClass("supernova_ia", draw, share=0.10)
