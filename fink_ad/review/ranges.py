"""What part of the fluxes a picture shows, in which unit, with which magnitudes beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import Points
from fink_ad.alerts.photometry import flux_to_mag, mag_to_flux

__all__ = ["flux_range", "flux_unit", "magnitude_ticks"]

_UNITS = ((1e6, "mJy"), (1e3, "µJy"), (1.0, "nJy"))
_REACH = 1.5
"""How many times the spread of the many a point may lie beyond it and still set the range."""


def flux_range(points: Points, own: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the lowest and highest difference flux to show, in nJy.

    Zero, the alert's own detection, limits that are not far above everything else, and all
    points but those far from the many: beyond `_REACH` times the spread of what is left without
    the highest and the lowest 2 %, one point at least.

    Parameters
    ----------
    points : Points
        Of one alert.
    own : (n_points,) bool
        Which of them is the alert itself.
    """
    flux = points["diff_flux_njy"]
    drawn = np.isfinite(flux) & points.of_kind("detection", "forced")
    shown = [0.0, *flux[own & drawn].tolist()]
    if drawn.any():
        few = np.quantile(flux[drawn], 0.02, method="higher")
        most = np.quantile(flux[drawn], 0.98, method="lower")
        few, most = min(few, most), max(few, most)
        reach = _REACH * max(most - few, 0.2 * max(abs(few), abs(most)))
        near = drawn & (flux >= few - reach) & (flux <= most + reach)
        errors = points["diff_flux_err_njy"][near]
        whiskers = np.where((errors > 0) & (errors < reach), errors, 0)
        shown += [*(flux[near] - whiskers).tolist(), *(flux[near] + whiskers).tolist()]
    limits = points["limit_flux_njy"][points.of_kind("limit")]
    top = max(map(abs, shown))
    shown += limits[np.isfinite(limits) & ((limits <= 2 * top) | (top == 0))].tolist()
    low, high = min(shown), max(shown)
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin


def flux_unit(largest_njy: float) -> tuple[float, str]:
    """Return how many nJy the handiest unit has, and its name."""
    for unit, name in _UNITS:
        if largest_njy >= 2 * unit:
            return unit, name
    return _UNITS[-1]


def magnitude_ticks(low_njy: float, high_njy: float) -> list[float]:
    """Return magnitudes in steps of a half whose fluxes lie well apart in the range."""
    if high_njy <= 0:
        return []
    brightest = float(flux_to_mag(np.array([high_njy]))[0][0])
    ticks: list[float] = []
    last = np.inf
    for tick in np.arange(np.ceil(2 * brightest) / 2, brightest + 4, 0.5).tolist():
        flux = float(mag_to_flux(np.array([tick]))[0][0])
        if last - flux >= 0.07 * (high_njy - low_njy) and flux >= 0.05 * (high_njy - low_njy):
            ticks.append(tick)
            last = flux
    return ticks
