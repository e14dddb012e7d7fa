"""The measured points of one alert's light curve, by time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.packets.flags import PointFlag

__all__ = ["Measured", "measured"]

_NOT_OF_THE_SOURCE = PointFlag.WITHDRAWN.value | PointFlag.INJECTED.value


@dataclass(frozen=True, eq=False)
class Measured:
    """Detections and forced photometry with a flux and an error; every array is (n,).

    Attributes
    ----------
    mjd_utc : float64
        Ascending.
    band : int8
        Codes into `BANDS`.
    flux_njy, flux_err_njy : float64
        Finite; the error positive.
    """

    mjd_utc: NDArray[np.float64]
    band: NDArray[np.int8]
    flux_njy: NDArray[np.float64]
    flux_err_njy: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.mjd_utc)

    def where(self, mask: NDArray[np.bool_]) -> Measured:
        """Keep the points where `mask` is true."""
        return Measured(*(values[mask] for values in vars(self).values()))


def measured(batch: AlertBatch, flux: str) -> Measured:
    """Return the points of one alert that say how bright the source was.

    Parameters
    ----------
    batch : AlertBatch
        One alert.
    flux : str
        ``diff`` or ``total``.
    """
    points = batch.points
    value, error = points[f"{flux}_flux_njy"], points[f"{flux}_flux_err_njy"]
    mjd = points["mjd_utc"]
    usable = points.of_kind("detection", "forced") & (points["flags"] & _NOT_OF_THE_SOURCE == 0)
    usable &= np.isfinite(mjd) & np.isfinite(value) & np.isfinite(error) & (error > 0)
    chosen = np.flatnonzero(usable)
    chosen = chosen[np.argsort(mjd[chosen], kind="stable")]
    return Measured(mjd[chosen], points["band"][chosen], value[chosen], error[chosen])
