"""Group ``quality``: how far the detection and its image can be trusted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.photometry import flux_to_mag
from fink_ad.features.context.history import History
from fink_ad.features.segments import segment_sum

__all__ = ["FIXED_SKY", "columns", "values"]

FIXED_SKY: set[str] = set()
"""Columns that mean nothing for a moving body: none."""


def columns(survey: str) -> list[tuple[str, str, str]]:
    """Return name, unit and meaning of each column."""
    return [
        ("real_bogus", "", "real-bogus score of the detection: 0 bogus, 1 real"),
        ("real_bogus_mean", "", "mean real-bogus score of all detections in the packet"),
        ("snr", "", "signal-to-noise ratio of the absolute difference flux"),
        ("limit_contrast", "mag", "5 sigma limit minus difference magnitude"),
        ("share_negative", "", "share of detections fainter than the reference image"),
        ("fwhm", "arcsec", "width of the detection"),
        ("elongation", "", "long axis over short axis of the detection"),
        ("bad_pixels", "", "bad pixels near the detection"),
        ("edge", "px", "distance to the edge of the image"),
    ]


def values(batch: AlertBatch, history: History) -> dict[str, NDArray[np.float64]]:
    """Compute the columns, each (n_alerts,)."""
    points, detected = history.points, history.is_detection
    flux, error = np.abs(batch.numbers("diff_flux_njy")), batch.numbers("diff_flux_err_njy")
    magnitude, _ = flux_to_mag(flux)
    limit, _ = flux_to_mag(batch.numbers("limit_flux_njy"))
    real_bogus = points["real_bogus"]
    judged = detected & np.isfinite(real_bogus)
    negative = (detected & (points["diff_flux_njy"] < 0)).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return {
            "real_bogus": batch.numbers("real_bogus"),
            "real_bogus_mean": (
                segment_sum(np.where(judged, real_bogus, 0.0), points.offsets)
                / segment_sum(judged.astype(np.float64), points.offsets)
            ),
            "snr": flux / np.where(error > 0, error, np.nan),
            "limit_contrast": limit - magnitude,
            "share_negative": (
                segment_sum(negative, points.offsets)
                / segment_sum(detected.astype(np.float64), points.offsets)
            ),
            "fwhm": batch.numbers("fwhm_arcsec"),
            "elongation": batch.numbers("elongation"),
            "bad_pixels": batch.numbers("bad_pixels"),
            "edge": batch.numbers("edge_px"),
        }
