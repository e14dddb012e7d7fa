"""R Coronae Borealis stars going into a dust dip: bright stars that all but vanish in weeks.

Depth and speed after Clayton (2012, JAAVSO 40, 539): up to eight magnitudes in a few weeks,
less at longer wavelengths. Every alert is a negative subtraction.
"""

from __future__ import annotations

import numpy as np

from fink_ad.simulate.cadence import Visits
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy

__all__ = ["R_CRB"]

_COLOUR_MAG = 0.8
_DEPTH_RATIO = (1.0, 0.75)  # g, r


def draw(rng: np.random.Generator, visits: Visits) -> Sources:
    """Draw stars whose dip began 5 to 25 days before the last night."""
    n_objects = len(visits)
    r_mag = rng.uniform(13.0, 15.5, n_objects)
    depth = rng.uniform(2.5, 7.0, n_objects)
    descent_days = rng.uniform(8, 20, n_objects)
    start_mjd = visits.alert_mjd[1] - rng.uniform(5, 25, n_objects)
    ref_mag = np.stack([r_mag + _COLOUR_MAG, r_mag], axis=1)
    progress = (visits.mjd_utc - start_mjd[:, None]) / descent_days[:, None]
    smooth = np.clip(progress, 0, 1)
    fading = depth[:, None] * smooth**2 * (3 - 2 * smooth)
    fading = fading * np.array(_DEPTH_RATIO)[visits.fid - 1]
    quiet = mag_to_njy(ref_mag)[:, visits.fid - 1]
    return Sources(
        diff_flux_njy=quiet * (10 ** (-0.4 * fading) - 1),
        ref_mag=ref_mag,
        ref_sep_arcsec=rng.rayleigh(0.1, n_objects),
        star_galaxy=rng.beta(30, 1, n_objects),
        t0_mjd=start_mjd,
        since_mjd=np.full(n_objects, np.nan),
        parameters={"depth_mag_g": depth, "descent_days": descent_days, "quiet_mag_r": r_mag},
    )


R_CRB = SourceClass("r_crb", draw, anomaly=True)
