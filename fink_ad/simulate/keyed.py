"""Randomness by key: the same object, visit and name always give the same number.

A sequence of random numbers depends on who drew before. Here every number is a hash of what it
belongs to, so that an object keeps its nature, and a visit its noise, whichever night is asked
for, in whatever order, and however the sky is cut into pieces.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

__all__ = ["Draws", "mix"]

Floats = NDArray[np.float64]
Real = float | Floats

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mix(keys: NDArray[np.uint64], other: int | NDArray[np.int64]) -> NDArray[np.uint64]:
    """Combine keys into one, element by element, by the finaliser of SplitMix64.

    Steele, Lea & Flood (2014, OOPSLA, doi:10.1145/2660193.2660195).
    """
    left = np.atleast_1d(keys)
    right = np.atleast_1d(np.asarray(other, np.int64)).astype(np.uint64)
    bits = left + (right + np.uint64(1)) * _GOLDEN
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    mixed: NDArray[np.uint64] = bits ^ (bits >> np.uint64(31))
    return mixed


class Draws:
    """Random numbers of things with keys; every method gives an array of the shape of the keys.

    Parameters
    ----------
    keys : array of uint64
        One per object, or one per visit of an object.
    """

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self.keys = keys

    def __len__(self) -> int:
        return len(self.keys)

    def at(self, numbers: NDArray[np.int64]) -> Draws:
        """Return draws of each object, (n,), at each of its visits, (n, n_visits)."""
        return Draws(mix(self.keys[:, None], numbers))

    def named(self, name: str) -> Draws:
        """Return draws with the same keys that are independent of these."""
        return Draws(mix(self.keys, zlib.crc32(name.encode())))

    def uniform(self, name: str, low: Real = 0.0, high: Real = 1.0) -> Floats:
        """Draw numbers uniform between two limits."""
        bits = self.named(name).keys >> np.uint64(11)
        fraction = (bits.astype(np.float64) + 0.5) * 2.0**-53
        scaled: Floats = low + fraction * (np.asarray(high, np.float64) - low)
        return scaled

    def normal(self, name: str, mean: Real = 0.0, sigma: Real = 1.0) -> Floats:
        """Draw normal deviates."""
        deviates: Floats = mean + ndtri(self.uniform(name)) * sigma
        return deviates

    def clipped(
        self, name: str, mean: float, sigma: float, low: float = -np.inf, high: float = np.inf
    ) -> Floats:
        """Draw normal deviates, those beyond the limits moved onto them."""
        return np.clip(self.normal(name, mean, sigma), low, high)

    def lognormal(self, name: str, median: Real, sigma: Real) -> Floats:
        """Draw log-normal deviates by their median and the scatter of the natural logarithm."""
        deviates: Floats = median * np.exp(self.normal(name, 0.0, sigma))
        return deviates

    def exponential(self, name: str, scale: Real = 1.0) -> Floats:
        """Draw exponential deviates by their mean."""
        deviates: Floats = -np.log(self.uniform(name)) * scale
        return deviates

    def rayleigh(self, name: str, scale: Real = 1.0) -> Floats:
        """Draw lengths of a vector of two normal deviates."""
        deviates: Floats = np.sqrt(-2.0 * np.log(self.uniform(name))) * scale
        return deviates

    def towards(self, name: str, end: int, power: Real) -> Floats:
        """Draw numbers in [0, 1] that crowd at 0 or 1, the more so the greater the power."""
        root = self.uniform(name) ** (1.0 / np.asarray(power))
        return root if end == 1 else 1.0 - root

    def integers(self, name: str, low: int, high: int) -> NDArray[np.int64]:
        """Draw whole numbers from `low` to below `high`."""
        return np.floor(self.uniform(name, low, high)).astype(np.int64)

    def chance(self, name: str, probability: Real) -> NDArray[np.bool_]:
        """Decide whether something of a given probability happens."""
        happens: NDArray[np.bool_] = self.uniform(name) < probability
        return happens
