"""Bright transients without a visible host that brighten for months at constant blue colour.

Like the slowest superluminous supernovae (e.g. SN 2018ibb, Schulze et al. 2024, A&A 683, A223),
with a rise of 100 days or more.
"""

from __future__ import annotations

import numpy as np

from fink_ad.simulate.cadence import Visits
from fink_ad.simulate.sources import NO_REFERENCE, SourceClass, Sources, mag_to_njy

__all__ = ["SLOW_RISER"]

_RISE_MAG = 4.0  # from first light to the peak
_COLOUR_MAG = -0.25


def draw(rng: np.random.Generator, visits: Visits) -> Sources:
    """Draw transients that peak between the last night and 60 days after it."""
    n_objects = len(visits)
    rise = rng.uniform(100, 180, n_objects)
    peak_mjd = visits.alert_mjd[1] + rng.uniform(0, 60, n_objects)
    peak_mag = rng.uniform(15.8, 17.5, n_objects)
    before = np.maximum(peak_mjd[:, None] - visits.mjd_utc, 0.0) / rise[:, None]
    r_mag = peak_mag[:, None] + _RISE_MAG * before**2
    mags = r_mag + _COLOUR_MAG * (visits.fid == 1)
    # First above 20.5 mag, about where the survey finds it.
    found_mjd = peak_mjd - rise * np.sqrt(np.minimum((20.5 - peak_mag) / _RISE_MAG, 1))
    return Sources(
        diff_flux_njy=mag_to_njy(mags),
        ref_mag=np.full((n_objects, 2), NO_REFERENCE),
        ref_sep_arcsec=np.full(n_objects, np.inf),
        star_galaxy=rng.beta(1, 8, n_objects),
        t0_mjd=peak_mjd,
        since_mjd=np.where(found_mjd < visits.mjd_utc.min(), found_mjd, np.nan),
        parameters={"rise_days": rise, "peak_mag_r": peak_mag},
    )


SLOW_RISER = SourceClass("slow_riser", draw, anomaly=True)
