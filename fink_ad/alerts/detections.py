"""Which points of an alert are detections of its object so far, and how many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.batch import AlertBatch
from fink_ad.alerts.schema import BANDS
from fink_ad.alerts.times import SAME_EXPOSURE_S, SECONDS_PER_DAY

__all__ = ["n_detections", "n_detections_by_band"]


def n_detections(batch: AlertBatch) -> NDArray[np.int64]:
    """Count the detections of each alert in its packet, its own included, (n_alerts,).

    A detection whose error is unknown counts; one later than the alert does not.
    """
    counts: NDArray[np.int64] = n_detections_by_band(batch).sum(axis=1)
    return counts


def n_detections_by_band(batch: AlertBatch) -> NDArray[np.int64]:
    """Count as `n_detections` does, band by band in the order of `BANDS`, (n_alerts, n_bands)."""
    points = batch.points
    end = batch.numbers("mjd_utc") + SAME_EXPOSURE_S / SECONDS_PER_DAY
    counted = points.of_kind("detection") & (points["mjd_utc"] <= end[points.alert])
    curve = points.alert[counted] * len(BANDS) + points["band"][counted]
    return np.bincount(curve, minlength=len(batch) * len(BANDS)).reshape(-1, len(BANDS))
