"""The measured points of each alert up to the alert itself, prepared once for all groups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import BANDS, AlertBatch, Points
from fink_ad.alerts.times import SAME_EXPOSURE_S, SECONDS_PER_DAY

__all__ = ["EPSILON_DAY", "History"]

EPSILON_DAY = SAME_EXPOSURE_S / SECONDS_PER_DAY
"""Two times closer than this are the same exposure."""

_COLUMNS = (
    "mjd_utc",
    "band",
    "kind",
    "diff_flux_njy",
    "diff_flux_err_njy",
    "total_flux_njy",
    "total_flux_err_njy",
    "real_bogus",
)


@dataclass(frozen=True, eq=False)
class History:
    """Detections and forced photometry of N alerts with a finite flux and a positive error.

    Points later than their alert do not belong to its history.

    Parameters
    ----------
    points : Points
        The points, sorted by band and time inside each alert.
    alert_mjd_utc : (n_alerts,) float64
        Time of each alert.
    """

    points: Points
    alert_mjd_utc: NDArray[np.float64]

    @classmethod
    def of(cls, batch: AlertBatch) -> History:
        """Select the measured points of a batch."""
        points = batch.points
        alert_mjd_utc = batch.numbers("mjd_utc")
        error = points["diff_flux_err_njy"]
        measured = points.of_kind("detection", "forced")
        measured &= np.isfinite(points["diff_flux_njy"]) & np.isfinite(error) & (error > 0)
        measured &= points["mjd_utc"] <= (alert_mjd_utc + EPSILON_DAY)[points.alert]
        # Copying all columns would cost more than everything that is done with these.
        used = Points(points.offsets, {name: points[name] for name in _COLUMNS})
        return cls(used if measured.all() else used.select(measured), alert_mjd_utc)

    @cached_property
    def days_before_alert(self) -> NDArray[np.float64]:
        """Age of each point seen from its alert, (n_points,)."""
        days: NDArray[np.float64] = self.alert_mjd_utc[self.points.alert] - self.points["mjd_utc"]
        return days

    @cached_property
    def is_detection(self) -> NDArray[np.bool_]:
        """Mask of the survey's own detections, (n_points,)."""
        return self.points.of_kind("detection")

    @cached_property
    def curve(self) -> NDArray[np.int64]:
        """Number of the light curve of each point, ``alert * len(BANDS) + band``, (n_points,)."""
        curve: NDArray[np.int64] = self.points.alert * len(BANDS) + self.points["band"]
        return curve

    @cached_property
    def curve_offsets(self) -> NDArray[np.int64]:
        """Where the points of each curve begin, (n_alerts * len(BANDS) + 1,)."""
        counts = np.bincount(self.curve, minlength=len(self.alert_mjd_utc) * len(BANDS))
        return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
