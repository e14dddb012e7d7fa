"""RR Lyrae stars of type ab: a steep rise and a slow decline, every half day.

The shape is a saw-tooth cut at its eighth harmonic. Periods and amplitudes, and the ratio of
amplitudes between the bands, as in Sesar et al. (2010, ApJ 708, 717).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.cadence import Visits
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy

__all__ = ["RR_LYRAE", "saw_tooth"]

_HARMONICS = 8
_AMPLITUDE_RATIO = (1.0, 0.72)  # g, r
_COLOUR_MAG = 0.25
_SURVEY_START_MJD = 58200.0


def saw_tooth(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Magnitude offset of unit full amplitude: fades through the cycle, brightens at its end."""
    grid = np.linspace(0, 1, 512)
    shape = _series(grid)
    offset: NDArray[np.float64] = _series(phase) / (shape.max() - shape.min())
    return offset


def draw(rng: np.random.Generator, visits: Visits) -> Sources:
    """Draw stars whose mean is the reference image."""
    n_objects = len(visits)
    period = np.clip(rng.normal(0.57, 0.07, n_objects), 0.40, 0.85)
    amplitude = np.clip(1.0 - 2.2 * (period - 0.57) + rng.normal(0, 0.12, n_objects), 0.3, 1.4)
    mean_mag = 19.6 - rng.exponential(1.4, n_objects)
    phase0 = rng.random(n_objects)
    means = np.stack([mean_mag, mean_mag - _COLOUR_MAG], axis=1)
    phase = visits.mjd_utc / period[:, None] + phase0[:, None]
    swing = amplitude[:, None] * np.array(_AMPLITUDE_RATIO)[visits.fid - 1] * saw_tooth(phase)
    mean_flux = mag_to_njy(means)[:, visits.fid - 1]
    return Sources(
        diff_flux_njy=mean_flux * (10 ** (-0.4 * swing) - 1),
        ref_mag=means + rng.normal(0, 0.02, means.shape),
        ref_sep_arcsec=rng.rayleigh(0.12, n_objects),
        star_galaxy=rng.beta(30, 1, n_objects),
        t0_mjd=np.full(n_objects, np.nan),
        since_mjd=_SURVEY_START_MJD + rng.exponential(60, n_objects),
        parameters={"period_days": period, "amplitude_g_mag": amplitude, "mean_mag_g": mean_mag},
    )


def _series(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    cycle = 2 * np.pi * np.asarray(phase)
    total = np.zeros_like(cycle)
    for harmonic in range(1, _HARMONICS + 1):
        total -= np.sin(harmonic * cycle) / harmonic
    return total


RR_LYRAE = SourceClass("rr_lyrae", draw, share=0.32)
