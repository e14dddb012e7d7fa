"""Group ``counts``: how often and for how long the object has been seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import BANDS, AlertBatch
from fink_ad.alerts.detections import n_detections_by_band
from fink_ad.features.context.history import EPSILON_DAY, History
from fink_ad.features.segments import segment_min, segment_sum

__all__ = ["FIXED_SKY", "columns", "values"]

FIXED_SKY = {"n_det_survey", "n_cov_survey", "age", "forced_excess"}
"""Columns that mean nothing for a moving body: they count at a place, not along an orbit."""

_SURVEY_BANDS = {"ztf": ("g", "r", "i")}


def columns(survey: str) -> list[tuple[str, str, str]]:
    """Return name, unit and meaning of each column."""
    return [
        ("n_det", "", "detections in the packet, this one included"),
        *(
            (f"n_det_{band}", "", f"detections in the packet in {band}")
            for band in _SURVEY_BANDS.get(survey, BANDS)
        ),
        ("n_det_survey", "", "detections the survey counts at this place"),
        ("n_cov_survey", "", "exposures the survey counts at this place"),
        ("age", "day", "time since the first known detection"),
        ("since_previous_det", "day", "time since the previous detection in any band"),
        (
            "forced_excess",
            "sigma",
            "significance of the forced photometry before the first known detection",
        ),
    ]


def values(batch: AlertBatch, history: History) -> dict[str, NDArray[np.float64]]:
    """Compute the columns, each (n_alerts,)."""
    points = history.points
    detected = history.is_detection
    days = history.days_before_alert
    per_band = n_detections_by_band(batch).astype(np.float64)

    first_in_packet = segment_min(np.where(detected, points["mjd_utc"], np.inf), points.offsets)
    first = np.fmin(first_in_packet, batch.numbers("first_det_mjd_utc"))
    earlier = detected & (days > EPSILON_DAY)
    previous = segment_min(np.where(earlier, days, np.inf), points.offsets)
    return {
        "n_det": per_band.sum(axis=1),
        **{f"n_det_{band}": per_band[:, code] for code, band in enumerate(BANDS)},
        "n_det_survey": batch.numbers("n_det_survey"),
        "n_cov_survey": batch.numbers("n_cov_survey"),
        "age": _finite(batch.numbers("mjd_utc") - first),
        "since_previous_det": _finite(previous),
        "forced_excess": _forced_excess(history, first),
    }


def _forced_excess(history: History, first_det_mjd_utc: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of signal-to-noise ratios over the square root of their number (Stouffer's Z)."""
    points = history.points
    early = ~history.is_detection
    early &= points["mjd_utc"] < (first_det_mjd_utc - EPSILON_DAY)[points.alert]
    ratio = np.where(early, points["diff_flux_njy"] / points["diff_flux_err_njy"], 0.0)
    n_early = segment_sum(early.astype(np.float64), points.offsets)
    with np.errstate(invalid="ignore"):
        return segment_sum(ratio, points.offsets) / np.sqrt(n_early)


def _finite(days: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(days), days, np.nan)
