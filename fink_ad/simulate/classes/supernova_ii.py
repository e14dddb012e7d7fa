"""Type II-P supernovae: a rise of a week, a plateau of three months that reddens, a drop.

Plateau lengths, decline rates and luminosities after Anderson et al. (2014, ApJ 786, 67).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.cadence import Visits
from fink_ad.simulate.classes.hosts import distance_modulus, draw_hosts, draw_redshifts
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy

__all__ = ["SUPERNOVA_II", "light_curve"]

_RISE_DAYS = 2.5  # e-folding time
_EXTRA_FADING_G = 0.012  # g falls faster than r as the envelope cools [mag / day]
_DROP_MAG, _DROP_DAYS = 2.0, 5.0
_TAIL_MAG_PER_DAY = 0.0098  # decay of cobalt 56


def light_curve(
    days: NDArray[np.float64],
    fid: NDArray[np.int64],
    slope: NDArray[np.float64],
    plateau_days: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Flux relative to the start of the plateau, `days` after the explosion, rest frame.

    ``slope`` is the decline in r on the plateau [mag / day].
    """
    since = np.maximum(days, 0.0)
    on_plateau = np.minimum(since, plateau_days)
    fading = on_plateau * (slope + _EXTRA_FADING_G * (fid == 1))
    drop = _DROP_MAG / (1 + np.exp(-np.clip((days - plateau_days) / _DROP_DAYS, -50, 50)))
    tail = (since - on_plateau) * _TAIL_MAG_PER_DAY
    curve: NDArray[np.float64] = -np.expm1(-since / _RISE_DAYS) * mag_to_njy(
        31.4 + fading + drop + tail
    )
    return curve


def draw(rng: np.random.Generator, visits: Visits) -> Sources:
    """Draw supernovae that exploded within 110 days before the last night."""
    n_objects = len(visits)
    redshift = draw_redshifts(rng, n_objects, 0.004, 0.05)
    explosion_mjd = visits.alert_mjd[1] - rng.uniform(0.5, 110, n_objects)
    plateau = rng.normal(95, 12, n_objects)
    slope = np.clip(rng.normal(0.008, 0.005, n_objects), 0, 0.03)
    peak_mag = -17.2 + rng.normal(0, 0.9, n_objects) + distance_modulus(redshift)
    days = (visits.mjd_utc - explosion_mjd[:, None]) / (1 + redshift)[:, None]
    shape = light_curve(days, visits.fid, slope[:, None], plateau[:, None])
    ref_mag, separation, star_galaxy = draw_hosts(rng, redshift)
    start = visits.mjd_utc.min()
    return Sources(
        diff_flux_njy=mag_to_njy(peak_mag)[:, None] * shape,
        ref_mag=ref_mag,
        ref_sep_arcsec=separation,
        star_galaxy=star_galaxy,
        t0_mjd=explosion_mjd,
        since_mjd=np.where(explosion_mjd + 2 < start, explosion_mjd + 2, np.nan),
        parameters={
            "redshift": redshift,
            "peak_mag": peak_mag,
            "plateau_days": plateau,
            "slope_mag_per_day": slope,
        },
    )


SUPERNOVA_II = SourceClass("supernova_ii", draw, share=0.07)
