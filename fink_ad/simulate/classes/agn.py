"""Active galactic nuclei: a damped random walk in magnitude.

Kelly et al. (2009, ApJ 698, 895); ranges of the decay time and of the asymptotic structure
function after MacLeod et al. (2010, ApJ 721, 1014).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.cadence import Visits
from fink_ad.simulate.sources import SourceClass, Sources, mag_to_njy

__all__ = ["AGN", "damped_random_walk"]

_AMPLITUDE_RATIO = (1.0, 0.8)  # g, r
_SURVEY_START_MJD = 58200.0


def damped_random_walk(
    rng: np.random.Generator,
    mjd: NDArray[np.float64],
    decay_days: NDArray[np.float64],
    structure_mag: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Draw Ornstein-Uhlenbeck paths at given times, exactly, (n, n_times).

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    mjd : (n, n_times) float64
        Ascending times.
    decay_days : (n,) float64
        Time in which the memory falls by e.
    structure_mag : (n,) float64
        Asymptotic structure function: the rms difference of distant epochs, which is sqrt(2)
        times the standard deviation.
    """
    sigma = structure_mag / np.sqrt(2)
    memory = np.exp(-np.diff(mjd, axis=1) / decay_days[:, None])
    kick = sigma[:, None] * np.sqrt(1 - memory**2) * rng.standard_normal(memory.shape)
    path = np.empty_like(mjd)
    path[:, 0] = sigma * rng.standard_normal(len(mjd))
    for step in range(memory.shape[1]):  # over times; all objects move together
        path[:, step + 1] = memory[:, step] * path[:, step] + kick[:, step]
    return path


def draw(rng: np.random.Generator, visits: Visits) -> Sources:
    """Draw nuclei whose reference image was made years ago, in another state."""
    n_objects = len(visits)
    decay = np.exp(rng.normal(np.log(200), 0.7, n_objects))
    structure = np.exp(rng.normal(np.log(0.3), 0.4, n_objects))
    mean_mag = 19.8 - rng.exponential(0.9, n_objects)
    colour = rng.normal(0.3, 0.2, n_objects)
    means = np.stack([mean_mag, mean_mag - colour], axis=1)
    path = damped_random_walk(rng, visits.mjd_utc, decay, structure)
    swing = path * np.array(_AMPLITUDE_RATIO)[visits.fid - 1]
    then = np.outer(structure / np.sqrt(2) * rng.standard_normal(n_objects), _AMPLITUDE_RATIO)
    ref_mag = means + then
    now_flux = mag_to_njy(means[:, visits.fid - 1] + swing)
    return Sources(
        diff_flux_njy=now_flux - mag_to_njy(ref_mag)[:, visits.fid - 1],
        ref_mag=ref_mag,
        ref_sep_arcsec=rng.rayleigh(0.15, n_objects),
        star_galaxy=rng.beta(1.2, 0.8, n_objects),
        t0_mjd=np.full(n_objects, np.nan),
        since_mjd=_SURVEY_START_MJD + rng.exponential(300, n_objects),
        parameters={
            "decay_days": decay,
            "structure_mag": structure,
            "mean_mag_g": mean_mag,
        },
    )


AGN = SourceClass("agn", draw, share=0.25)
