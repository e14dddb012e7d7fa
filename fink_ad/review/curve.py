"""The light curve of one alert as plain columns, ready to be drawn by any screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import BANDS, KINDS, AlertBatch
from fink_ad.alerts.photometry import flux_to_mag
from fink_ad.features import ModelCurve
from fink_ad.features.statistics import points_of_statistics

__all__ = ["CurvePoints", "FluxKind", "ModelLine", "curve_points", "model_line"]

FluxKind = Literal["difference", "total"]
"""Flux of the difference image, or that plus the flux of the coincident reference source."""


@dataclass(frozen=True, eq=False)
class CurvePoints:
    """Points of one alert that can be drawn, by time; every array is (n,).

    Attributes
    ----------
    kind, band : object array of str
        ``detection``, ``forced`` or ``limit``; the name of the band.
    mjd_utc, days : float64
        When, and days since the alert's own detection (negative: before it).
    flux_njy, flux_err_njy : float64
        Signed flux; of a limit, the limit at 5 sigma and NaN. An unknown error is NaN.
    mag, mag_err : float64
        AB magnitude of the absolute flux, and its error. Where `below`, the source was fainter
        than in the reference image by a source of that magnitude.
    below : bool
        Flux that is zero or negative.
    own : bool
        The detection the alert was sent for.
    used : bool
        What the statistics of this alert are made of.
    point_id : int64
        The survey's id of the point; -1 where it has none.
    """

    kind: NDArray[np.object_]
    band: NDArray[np.object_]
    mjd_utc: NDArray[np.float64]
    days: NDArray[np.float64]
    flux_njy: NDArray[np.float64]
    flux_err_njy: NDArray[np.float64]
    mag: NDArray[np.float64]
    mag_err: NDArray[np.float64]
    below: NDArray[np.bool_]
    own: NDArray[np.bool_]
    used: NDArray[np.bool_]
    point_id: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.mjd_utc)

    def where(self, mask: NDArray[np.bool_]) -> CurvePoints:
        """Keep the points where `mask` is true."""
        return CurvePoints(**{name: values[mask] for name, values in vars(self).items()})

    def followed_by(self, others: CurvePoints) -> CurvePoints:
        """Return these points and others, which are not `used`, by time."""
        added = vars(others) | {"used": np.zeros(len(others), np.bool_)}
        columns = {
            name: np.concatenate([values, added[name]]) for name, values in vars(self).items()
        }
        order = np.argsort(columns["mjd_utc"], kind="stable")
        return CurvePoints(**{name: values[order] for name, values in columns.items()})

    def select(self, kind: str, band: str) -> CurvePoints:
        """Keep the points of one kind and band."""
        return self.where((self.kind == kind) & (self.band == band))


@dataclass(frozen=True, eq=False)
class ModelLine:
    """A model curve as it lies over the points; every array is (n,) float64.

    Attributes
    ----------
    days : float64
        Since the alert's own detection.
    flux_njy, mag : float64
        Flux of the kind the points have, and its AB magnitude; NaN where the line breaks. A flux
        that is not positive has no magnitude.
    """

    days: NDArray[np.float64]
    flux_njy: NDArray[np.float64]
    mag: NDArray[np.float64]


def curve_points(
    alert: AlertBatch,
    flux: FluxKind = "difference",
    known: AlertBatch | None = None,
    *,
    whole: bool = False,
) -> CurvePoints:
    """Return what can be drawn of one alert: points with a time and a finite flux or limit.

    Limits are those of the difference image, whichever flux is asked for.

    Parameters
    ----------
    alert : AlertBatch
        One alert.
    known : AlertBatch, optional
        The same with all points known of its object. Those that the alert has not are there
        too, from its first point on; none of them is `used`.
    whole : bool
        Also those from before its first point.
    """
    points = _points(alert, flux)
    if known is None:
        return points
    others = _points(known, flux)
    mine = set(zip(points.kind, points.band, points.mjd_utc, strict=True))
    news = np.array(
        [one not in mine for one in zip(others.kind, others.band, others.mjd_utc, strict=True)],
        np.bool_,
    )
    if not whole:
        news &= others.mjd_utc >= points.mjd_utc.min(initial=np.inf)
    return points.followed_by(others.where(news))


def _points(alert: AlertBatch, flux: FluxKind) -> CurvePoints:
    points = alert.points
    prefix = {"difference": "diff", "total": "total"}[flux]
    is_limit = points.of_kind("limit")
    value = np.where(is_limit, points["limit_flux_njy"], points[f"{prefix}_flux_njy"])
    error = np.where(is_limit, np.nan, points[f"{prefix}_flux_err_njy"])
    mjd = points["mjd_utc"]
    drawn = np.flatnonzero(np.isfinite(mjd) & np.isfinite(value))
    drawn = drawn[np.argsort(mjd[drawn], kind="stable")]
    value, error = value[drawn], error[drawn]
    error = np.where(error > 0, error, np.nan)
    mag, mag_err = flux_to_mag(np.abs(value), error)
    used = points_of_statistics(alert) & np.isfinite(points["total_flux_njy"])
    used &= points["total_flux_err_njy"] > 0
    point_id = points["point_id"][drawn]
    return CurvePoints(
        kind=np.array(KINDS, object)[points["kind"][drawn]],
        band=np.array(BANDS, object)[points["band"][drawn]],
        mjd_utc=mjd[drawn],
        days=mjd[drawn] - float(alert.numbers("mjd_utc")[0]),
        flux_njy=value,
        flux_err_njy=error,
        mag=mag,
        mag_err=mag_err,
        below=value <= 0,
        used=used[drawn],
        own=(point_id == alert.numbers("alert_id")[0]) & ~is_limit[drawn],
        point_id=point_id,
    )


def model_line(alert: AlertBatch, curve: ModelCurve, flux: FluxKind = "difference") -> ModelLine:
    """Return where a model curve goes among the points of `curve_points`.

    A total flux is the difference flux of the model and the median of what the alert's points of
    the band have in their total flux beside the difference; unknown without such a point.

    Parameters
    ----------
    alert : AlertBatch
        One alert.
    """
    value = curve.diff_flux_njy
    if flux == "total":
        points = alert.points
        beside = points["total_flux_njy"] - points["diff_flux_njy"]
        beside = beside[points.in_band(curve.band) & np.isfinite(beside)]
        value = value + (np.median(beside) if len(beside) else np.nan)
    days = curve.mjd_utc - float(alert.numbers("mjd_utc")[0])
    return ModelLine(days, value, flux_to_mag(value)[0])
