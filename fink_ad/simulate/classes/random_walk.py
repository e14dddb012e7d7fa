"""Damped random walks that can be asked for any time, in any order.

The process with the covariance sigma^2 exp(-|dt| / tau) (Kelly, Bechtold & Siemiginowska 2009, ApJ
698, 895) has a Lorentzian power spectrum. A sum of waves with random phases, whose frequencies are
drawn from that spectrum, has this covariance exactly (Rahimi & Recht 2007, NIPS), and needs no
memory of the past.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.keyed import Draws, mix

__all__ = ["damped_random_walk"]

Floats = NDArray[np.float64]

_WAVES = 48


def damped_random_walk(draws: Draws, mjd: Floats, decay_days: Floats) -> Floats:
    """Return walks of unit variance at any times, (n, n_times), one walk per key.

    Parameters
    ----------
    draws : Draws
        One key per walk.
    mjd : (n, n_times) float64
        Times.
    decay_days : (n,) float64
        Time in which the memory falls by e.
    """
    wave = np.arange(_WAVES)
    each = Draws(mix(draws.keys[:, None], wave)).named("walk")
    # One frequency from each of equally probable parts of the Cauchy distribution: walks of few
    # waves are closer to the mean spectrum than with independent ones.
    quantile = (wave + each.uniform("frequency")) / (2 * _WAVES)
    frequency = np.tan(np.pi * quantile) / decay_days[:, None]
    phase = each.uniform("phase", 0, 2 * np.pi)
    walk = np.zeros_like(mjd)
    for i in range(_WAVES):  # over waves; all walks move together, and memory stays small
        walk += np.cos(frequency[:, i, None] * mjd + phase[:, i, None])
    walk *= np.sqrt(2 / _WAVES)
    return walk
