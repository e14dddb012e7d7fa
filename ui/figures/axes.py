"""Where the points of a light curve go: days or phases, fluxes or magnitudes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fink_ad.review import CurvePoints

__all__ = ["Axes", "Scale"]

Scale = Literal["magnitude", "flux"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Axes:
    """The axes of a light curve.

    Attributes
    ----------
    scale : {"magnitude", "flux"}
        AB magnitudes of the absolute flux, or signed flux.
    unit_njy, unit_name : float, str
        Unit of the flux.
    period_days : float or None
        What to fold with; None for days.
    """

    scale: Scale
    unit_njy: float
    unit_name: str
    period_days: float | None = None

    @property
    def in_magnitudes(self) -> bool:
        """Whether magnitudes are drawn."""
        return self.scale == "magnitude"

    def spread(self, points: CurvePoints) -> CurvePoints:
        """Return the points as often as they are drawn: each in both cycles, if folded."""
        if self.period_days is None:
            return points
        return points.where(np.tile(np.arange(len(points)), 2))

    def x(self, points: CurvePoints) -> Floats:
        """Return days since the alert, or phases; of points that were `spread`."""
        if self.period_days is None:
            return points.days
        phase: Floats = (points.days / self.period_days) % 1.0
        second = np.arange(len(phase)) >= len(phase) // 2
        return phase + second

    def y(self, points: CurvePoints) -> tuple[Floats, Floats]:
        """Return values and errors, NaN where unknown."""
        if self.in_magnitudes:
            return points.mag, points.mag_err
        return points.flux_njy / self.unit_njy, points.flux_err_njy / self.unit_njy
