"""Light-curve statistics per band: 26 numbers on total flux, one call for a whole batch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal

import light_curve
import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import BANDS, AlertBatch, Points
from fink_ad.alerts.packets.flags import PointFlag
from fink_ad.alerts.photometry import asinh_mag, softening_njy
from fink_ad.features.contracts import Context, FeatureColumn
from fink_ad.features.curves import ARROW_FIELDS, clean_curves
from fink_ad.features.live_magnitudes import live_values

__all__ = ["STATISTICS", "Statistics", "StatisticsSettings", "points_of_statistics"]

STATISTICS: dict[str, tuple[str, str]] = {
    "mean": ("m", "mean"),
    "weighted_mean": ("m", "mean weighted by inverse variance"),
    "standard_deviation": ("m", "standard deviation"),
    "median": ("m", "median"),
    "amplitude": ("m", "half of maximum minus minimum"),
    "beyond_1_std": ("", "share of points beyond one standard deviation from the mean"),
    "cusum": ("", "range of the cumulative sum of deviations"),
    "inter_percentile_range_10": ("m", "range between the 10th and 90th percentile"),
    "kurtosis": ("", "excess kurtosis"),
    "linear_trend": ("m / day", "slope of an unweighted straight line"),
    "linear_trend_sigma": ("m / day", "error of the unweighted slope"),
    "linear_trend_noise": ("m", "scatter around the unweighted straight line"),
    "linear_fit_slope": ("m / day", "slope of a weighted straight line"),
    "linear_fit_slope_sigma": ("m / day", "error of the weighted slope"),
    "linear_fit_reduced_chi2": ("", "reduced chi-square of the weighted straight line"),
    "magnitude_percentage_ratio_40_5": ("", "inner 20 % range over inner 90 % range"),
    "magnitude_percentage_ratio_20_10": ("", "inner 60 % range over inner 80 % range"),
    "maximum_slope": ("m / day", "steepest slope between neighbouring points"),
    "median_absolute_deviation": ("m", "median absolute deviation from the median"),
    "median_buffer_range_percentage_10": ("", "share of points within 10 % range of the median"),
    "percent_amplitude": ("m", "largest deviation from the median"),
    "mean_variance": ("", "standard deviation over mean"),
    "anderson_darling_normal": ("", "Anderson-Darling test of normality"),
    "chi2": ("", "reduced chi-square of a constant"),
    "skew": ("", "skewness"),
    "stetson_K": ("", "Stetson's K, robust kurtosis"),
}
"""Unit (``m``: that of the light curve) and meaning of each statistic, by name, in order.

Definitions: Malanchev et al. 2021, MNRAS 502, 5147, appendix A (arXiv:2012.01419).
"""

_NOT_OF_THE_SOURCE = PointFlag.WITHDRAWN.value | PointFlag.INJECTED.value
"""Points the survey took back or made up.

Those with a failed flux or centroid stay: in simulated Rubin packets they are a third of the
points and all there is of a fifth of the curves, with errors that already say how bad they are.
"""

_BANDS = {"ztf": ("g", "r"), "lsst": ("u", "g", "r", "i", "z", "y")}
_BANDS["elasticc"] = _BANDS["lsst"]


@dataclass(frozen=True)
class StatisticsSettings:
    """Settings of the provider ``statistics``.

    Attributes
    ----------
    mode : "default" or "parity"
        "parity" computes what the live system of the Fink broker records, for comparison.
    difference_flux : bool
        Add the same statistics of the signed difference flux; ratios to a mean diverge there.
    """

    mode: Literal["default", "parity"] = "default"
    difference_flux: bool = False


class Statistics:
    """The 26 light-curve features of the Fink anomaly detector, for each band by name.

    They describe the asinh magnitude of the total flux, over detections and forced photometry
    that the survey has neither withdrawn nor injected.
    In ZTF's rare i band nothing is computed: its public stream has g and r only.
    """

    Settings: ClassVar[type[StatisticsSettings]] = StatisticsSettings
    name = "statistics"
    requires: tuple[str, ...] = ()

    def __init__(self, settings: StatisticsSettings | None = None) -> None:
        self.settings = settings or StatisticsSettings()
        # The same columns mean something else in the other mode: models must not mix them up.
        self.version = "2" if self.settings.mode == "default" else "2-parity"

    def columns(self, survey: str, population: str) -> tuple[FeatureColumn, ...]:
        """Return ``statistics.<name>_<band>``, band by band; nothing for an unknown survey."""
        bands = _BANDS.get(survey, ())
        parity = self.settings.mode == "parity"
        unit = "nJy" if parity and survey != "ztf" else "mag"
        columns = _columns("", unit, bands)
        if self.settings.difference_flux:
            columns += _columns("diff_", "nJy", bands)
        return tuple(columns)

    def applies_to(self, batch: AlertBatch, context: Context) -> NDArray[np.bool_]:
        """Every alert has statistics."""
        return np.ones(len(batch), np.bool_)

    def extract(self, batch: AlertBatch, context: Context) -> NDArray[np.float64]:
        """Return the statistics, NaN where a curve has too few points, (n_alerts, n_columns)."""
        points = batch.points
        bands = _BANDS.get(batch.survey, ())
        if self.settings.mode == "parity":
            m, sigma, usable = live_values(batch.survey, points)
        else:
            m, sigma = asinh_mag(
                points["total_flux_njy"],
                points["total_flux_err_njy"],
                softening_njy(batch.survey)[points["band"]],
            )
            usable = points_of_statistics(batch)
        blocks = [_statistics(points, bands, m, sigma, usable)]
        if self.settings.difference_flux:
            m, sigma = points["diff_flux_njy"], points["diff_flux_err_njy"]
            blocks.append(_statistics(points, bands, m, sigma, usable))
        return np.concatenate(blocks, axis=1)


def points_of_statistics(batch: AlertBatch) -> NDArray[np.bool_]:
    """Return which points statistics are made of, where flux and error are known, (n_points,)."""
    points = batch.points
    bands = [BANDS.index(band) for band in _BANDS.get(batch.survey, ())]
    usable = points.of_kind("detection", "forced") & np.isin(points["band"], bands)
    usable &= (points["flags"] & _NOT_OF_THE_SOURCE) == 0
    return usable


def _columns(prefix: str, unit: str, bands: tuple[str, ...]) -> list[FeatureColumn]:
    what = "difference flux" if prefix else "light curve"
    group = f"statistics_{prefix.rstrip('_')}" if prefix else "statistics"
    return [
        FeatureColumn(
            id=f"statistics.{prefix}{name}_{band}",
            unit=unit_of.replace("m", unit, 1),
            group=group,
            meaning=f"{meaning}, {what} in {band}",
        )
        for band in bands
        for name, (unit_of, meaning) in STATISTICS.items()
    ]


def _statistics(
    points: Points,
    bands: tuple[str, ...],
    m: NDArray[np.float64],
    sigma: NDArray[np.float64],
    usable: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Statistics of all bands side by side, (n_alerts, n_bands * 26)."""
    n_alerts = len(points.offsets) - 1
    values = np.full((n_alerts * len(bands), len(STATISTICS)), np.nan)
    if not bands:
        return values.reshape(n_alerts, 0)
    curves = clean_curves(points, bands, m, sigma, usable)
    filled = curves.filled()
    if len(filled):
        # Sorting and checking were done above. One thread: processes share the machine.
        values[filled] = _extractor().many(
            curves.to_arrow(),
            arrow_fields=ARROW_FIELDS,
            fill_value=np.nan,
            sorted=True,
            check=False,
            n_jobs=1,
        )
    return values.reshape(n_alerts, -1)


@cache
def _extractor() -> light_curve.Extractor:
    """Return the extractor of all statistics; built once per process."""
    extractor = light_curve.Extractor(
        light_curve.Mean(),
        light_curve.WeightedMean(),
        light_curve.StandardDeviation(),
        light_curve.Median(),
        light_curve.Amplitude(),
        light_curve.BeyondNStd(nstd=1),
        light_curve.Cusum(),
        light_curve.InterPercentileRange(quantile=0.1),
        light_curve.Kurtosis(),
        light_curve.LinearTrend(),
        light_curve.LinearFit(),
        light_curve.MagnitudePercentageRatio(quantile_numerator=0.4, quantile_denominator=0.05),
        light_curve.MagnitudePercentageRatio(quantile_numerator=0.2, quantile_denominator=0.1),
        light_curve.MaximumSlope(),
        light_curve.MedianAbsoluteDeviation(),
        light_curve.MedianBufferRangePercentage(quantile=0.1),
        light_curve.PercentAmplitude(),
        light_curve.MeanVariance(),
        light_curve.AndersonDarlingNormal(),
        light_curve.ReducedChi2(),
        light_curve.Skew(),
        light_curve.StetsonK(),
    )
    return extractor
