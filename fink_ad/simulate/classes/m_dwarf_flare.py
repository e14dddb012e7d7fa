"""Flares of M dwarfs: up within minutes, down in two exponentials.

Template of Davenport et al. (2014, ApJ 797, 122), in units of the time spent above half the
peak; the flare is a black body of about 10 000 K on a red star, hence far stronger in g.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.cadence import Visits
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy

__all__ = ["M_DWARF_FLARE", "light_curve"]

_FLARE_COLOUR_MAG = -0.15  # g - r of the flare itself


def light_curve(half_times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Flux relative to the peak at times from it in units of the full width at half maximum."""
    rising = np.clip(half_times, -1, 0)
    rise = 1 + rising * (1.941 + rising * (-0.175 + rising * (-2.246 - 1.125 * rising)))
    falling = np.maximum(half_times, 0)
    decay = 0.6890 * np.exp(-1.600 * falling) + 0.3030 * np.exp(-0.2783 * falling)
    curve: NDArray[np.float64] = np.where(
        half_times < -1, 0.0, np.where(half_times < 0, np.maximum(rise, 0.0), decay)
    )
    return curve


def draw(rng: np.random.Generator, visits: Visits) -> Sources:
    """Draw one flare per star, shortly before one of its visits in a night with alerts."""
    n_objects = len(visits)
    width_days = np.exp(rng.normal(np.log(15), 0.8, n_objects)) / 1440
    r_mag = rng.uniform(15.5, 20, n_objects)
    colour = rng.normal(1.5, 0.1, n_objects)
    ref_mag = np.stack([r_mag + colour, r_mag], axis=1)
    # Peak flux over the quiet flux in g: a power law, from 0.3 up to a hundred.
    contrast = np.minimum(0.3 * (1 - rng.random(n_objects)) ** (-1 / 0.8), 100)
    chance = rng.random(visits.jd.shape) * (visits.alerting & visits.observed)
    visit = chance.argmax(axis=1)
    peak_mjd = visits.mjd_utc[np.arange(n_objects), visit]
    peak_mjd = peak_mjd - rng.uniform(-0.2, 3.0, n_objects) * width_days
    peak_mag = ref_mag[:, 0] - 2.5 * np.log10(contrast)
    in_band = np.stack([peak_mag, peak_mag - _FLARE_COLOUR_MAG], axis=1)
    shape = light_curve((visits.mjd_utc - peak_mjd[:, None]) / width_days[:, None])
    return Sources(
        diff_flux_njy=mag_to_njy(in_band)[:, visits.fid - 1] * shape,
        ref_mag=ref_mag,
        ref_sep_arcsec=rng.rayleigh(0.25, n_objects),
        star_galaxy=rng.beta(20, 1, n_objects),
        t0_mjd=peak_mjd,
        since_mjd=np.full(n_objects, np.nan),
        parameters={
            "width_days": width_days,
            "contrast_g": contrast,
            "quiet_mag_r": r_mag,
            "peak_mag_g": in_band[:, 0],
        },
    )


M_DWARF_FLARE = SourceClass("m_dwarf_flare", draw, share=0.05)
