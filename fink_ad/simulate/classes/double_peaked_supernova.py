"""Supernovae with a first, short and blue peak before the main one.

The first peak is the cooling of an extended envelope, as in SN 1993J and SN 2016gkg (Arcavi et
al. 2017, ApJ 837, L2): here a rise of half a day and an exponential decay over two and a half
days, at g - r = -0.4 and 10-16 days ahead of the main peak.
"""

from __future__ import annotations

import numpy as np

from fink_ad.simulate.cadence import Visits
from fink_ad.simulate.classes import supernova_ia
from fink_ad.simulate.classes.hosts import distance_modulus, draw_hosts, draw_redshifts
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy

__all__ = ["DOUBLE_PEAKED_SUPERNOVA"]

_RISE_DAYS, _DECAY_DAYS = 0.5, 2.5
_FIRST_PEAK_COLOUR_MAG = -0.4


def draw(rng: np.random.Generator, visits: Visits) -> Sources:
    """Draw supernovae whose main peak is near or shortly before the last night."""
    n_objects = len(visits)
    redshift = draw_redshifts(rng, n_objects, 0.003, 0.02)
    lead = rng.uniform(10, 16, n_objects)
    peak_mjd = visits.alert_mjd[1] + rng.uniform(-10, 3, n_objects)
    main_mag = -17.4 + rng.normal(0, 0.3, n_objects) + distance_modulus(redshift)
    first_mag = main_mag + rng.uniform(-0.3, 0.5, n_objects)
    days = visits.mjd_utc - peak_mjd[:, None]
    main = mag_to_njy(main_mag)[:, None] * supernova_ia.light_curve(days * 1.3, visits.fid)
    since = np.maximum(days + lead[:, None], 0.0)
    shape = -np.expm1(-since / _RISE_DAYS) * np.exp(-since / _DECAY_DAYS)
    colours = np.stack([first_mag, first_mag - _FIRST_PEAK_COLOUR_MAG], axis=1)
    ref_mag, separation, star_galaxy = draw_hosts(rng, redshift)
    return Sources(
        diff_flux_njy=main + mag_to_njy(colours)[:, visits.fid - 1] * shape / _shape_peak(),
        ref_mag=ref_mag,
        ref_sep_arcsec=separation,
        star_galaxy=star_galaxy,
        t0_mjd=peak_mjd,
        since_mjd=np.full(n_objects, np.nan),
        parameters={
            "redshift": redshift,
            "main_peak_mag": main_mag,
            "first_peak_mag": first_mag,
            "lead_days": lead,
        },
    )


def _shape_peak() -> float:
    """Greatest value of (1 - exp(-t / rise)) exp(-t / decay)."""
    ratio = _RISE_DAYS / _DECAY_DAYS
    return float((1 / (1 + ratio)) * (ratio / (1 + ratio)) ** ratio)


DOUBLE_PEAKED_SUPERNOVA = SourceClass("double_peaked_supernova", draw, anomaly=True)
