"""Damped random walks that can be asked for any time, in any order.

The process with the covariance sigma^2 exp(-|dt| / tau) (Kelly, Bechtold & Siemiginowska 2009,
ApJ 698, 895) has a Lorentzian power spectrum. A sum of waves with random phases, whose
frequencies are drawn from that spectrum, has this covariance exactly (Rahimi & Recht 2007, NIPS),
and needs no memory of the past. One wave is drawn from each of many intervals of equal ratio,
with the power of its interval, so that all time scales from a thousandth to a hundred decay times
have theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.keyed import Draws, mix

__all__ = ["damped_random_walk"]

Floats = NDArray[np.float64]

_EDGES = np.concatenate([[0.0], np.geomspace(1e-2, 1e3, 63), [np.inf]])  # times decay time
_QUANTILES = 2 / np.pi * np.arctan(_EDGES)
_WAVES = len(_EDGES) - 1
_HEIGHTS = np.sqrt(2 * np.diff(_QUANTILES))


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
    quantile = _QUANTILES[:-1] + each.uniform("frequency") * np.diff(_QUANTILES)
    frequency = np.tan(np.pi / 2 * quantile) / decay_days[:, None]
    phase = each.uniform("phase", 0, 2 * np.pi)
    walk = np.zeros_like(mjd)
    for i in range(_WAVES):  # over waves; all walks move together, and memory stays small
        walk += _HEIGHTS[i] * np.cos(frequency[:, i, None] * mjd + phase[:, i, None])
    return walk
