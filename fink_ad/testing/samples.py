"""Alerts made from arrays: by hand for one test, or at random for many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fink_ad.alerts import ALERT_SCHEMA, BANDS, KINDS, NO_POINT_ID, AlertBatch, Points
from fink_ad.alerts.schema import POINT_FIELDS
from fink_ad.features.segments import segment_max

__all__ = ["make_batch", "sample_batch"]

_CODES = {"band": BANDS, "kind": KINDS}
_SAMPLE_BANDS: dict[str, tuple[str, ...]] = {"ztf": ("g", "r")}
_SAMPLE_NOISE_NJY = {"ztf": 4000.0}
_SAMPLE_START_MJD = 61000.1
_SAMPLE_SPAN_DAY = 30


def make_batch(
    survey: str,
    light_curves: Sequence[Mapping[str, Any]],
    population: str = "transient",
    **alert_columns: Any,
) -> AlertBatch:
    """Build a batch from light curves written by hand.

    Parameters
    ----------
    survey : str
        Survey of all alerts.
    light_curves : sequence of mapping
        One per alert: arrays, or one value for all points, by field of the point schema.
        ``mjd_utc``, ``band``, ``diff_flux_njy`` and ``diff_flux_err_njy`` are needed; the kind
        is ``detection``, the total flux the difference flux and the rest unknown unless given.
    population : str
        Population of all alerts.
    **alert_columns
        Columns of the alert schema, (n_alerts,). What is not given is taken from the last
        detection of each light curve where its points know it, and is unknown otherwise.
    """
    counts = [len(np.atleast_1d(curve["mjd_utc"])) for curve in light_curves]
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    columns = {
        field.name: _point_column(field.name, light_curves, counts) for field in POINT_FIELDS
    }
    return _assemble(survey, population, offsets, columns, alert_columns)


def sample_batch(
    survey: str = "ztf",
    n_alerts: int = 20,
    n_points: int = 25,
    *,
    seed: int = 0,
    population: str = "transient",
    bands: Sequence[str] | None = None,
) -> AlertBatch:
    """Build a batch of alerts at random: noise around a source that comes and goes.

    Of each ten points about one is a limit and two are forced photometry; the last point is the
    alert's own detection. The same arguments always give the same alerts.

    Parameters
    ----------
    survey : str
        Survey of all alerts.
    n_alerts, n_points : int
        Number of alerts and of points of each.
    seed : int
        Seed of the random numbers.
    population : str
        Population of all alerts.
    bands : sequence of str, optional
        Bands to spread the points over; those of the survey by default.
    """
    rng = np.random.default_rng(seed)
    shape = (n_alerts, n_points)
    noise = _SAMPLE_NOISE_NJY.get(survey, 120.0)
    time = _SAMPLE_START_MJD + np.sort(rng.integers(0, _SAMPLE_SPAN_DAY, shape), axis=1)
    time = np.sort(time + rng.uniform(0, 0.3, shape), axis=1)
    peak = _SAMPLE_START_MJD + rng.uniform(0, _SAMPLE_SPAN_DAY, (n_alerts, 1))
    height = noise * rng.normal(0, 30, (n_alerts, 1))
    flux = height * np.exp(-0.5 * ((time - peak) / 8) ** 2) + rng.normal(0, noise, shape)
    reference = noise * 10 ** rng.uniform(0, 2, (n_alerts, 1)) * np.ones(shape)
    kind = rng.choice(3, shape, p=[0.7, 0.2, 0.1])
    kind[:, -1:] = KINDS.index("detection")
    error = noise * rng.uniform(0.8, 1.2, shape)
    limit = kind == KINDS.index("limit")
    chosen = bands or _SAMPLE_BANDS.get(survey, BANDS)
    codes = [BANDS.index(band) for band in chosen]
    columns = {field.name: np.full(shape, np.nan) for field in POINT_FIELDS}
    columns |= {
        "mjd_utc": time,
        "band": rng.choice(codes, shape).astype(np.int8),
        "kind": kind.astype(np.int8),
        "diff_flux_njy": np.where(limit, np.nan, flux),
        "diff_flux_err_njy": np.where(limit, np.nan, error),
        "total_flux_njy": np.where(limit, np.nan, flux + reference),
        "total_flux_err_njy": np.where(limit, np.nan, error),
        "ref_flux_njy": reference,
        "ref_flux_err_njy": 0.02 * reference,
        "ref_sep_arcsec": rng.uniform(0, 1.4, (n_alerts, 1)) * np.ones(shape),
        "limit_flux_njy": 5 * error,
        "ra_deg": rng.uniform(0, 360, (n_alerts, 1)) * np.ones(shape),
        "dec_deg": rng.uniform(-30, 80, (n_alerts, 1)) * np.ones(shape),
        "real_bogus": rng.uniform(0, 1, shape),
        "flags": np.zeros(shape, np.int64),
        "point_id": np.arange(n_alerts * n_points, dtype=np.int64).reshape(shape) + 1,
    }
    alert_columns = {
        "fwhm_arcsec": rng.uniform(1.5, 3, n_alerts),
        "elongation": rng.uniform(1, 1.4, n_alerts),
        "bad_pixels": rng.integers(0, 2, n_alerts).astype(np.float64),
        "edge_px": rng.uniform(10, 1500, n_alerts),
        "star_galaxy": rng.uniform(0, 1, n_alerts),
        "nearest_source_arcsec": rng.uniform(0, 20, n_alerts),
        "nearest_source_mag": rng.uniform(15, 22, n_alerts),
        "n_det_survey": rng.integers(1, 300, n_alerts).astype(np.float64),
        "n_cov_survey": rng.integers(300, 2000, n_alerts).astype(np.float64),
    }
    offsets = np.arange(n_alerts + 1, dtype=np.int64) * n_points
    flat = {name: values.ravel() for name, values in columns.items()}
    return _assemble(survey, population, offsets, flat, alert_columns)


def _point_column(
    name: str, light_curves: Sequence[Mapping[str, Any]], counts: Sequence[int]
) -> NDArray[Any]:
    """One point column of all alerts, missing values filled in."""
    defaults: dict[str, Any] = {"kind": "detection", "flags": 0, "point_id": NO_POINT_ID}
    dtype: Any = np.float64
    if name in _CODES:
        dtype = np.int8
    elif name in ("flags", "point_id"):
        dtype = np.int64  # never by way of a float: ids have more digits than a float
    parts: list[NDArray[Any]] = [np.empty(0, dtype)]
    for curve, count in zip(light_curves, counts, strict=True):
        value = curve.get(name, defaults.get(name, np.nan))
        if name.startswith("total_") and name not in curve:
            value = curve[name.replace("total_", "diff_")]
        if name in _CODES:
            value = [_CODES[name].index(str(text)) for text in np.atleast_1d(value)]
        part = np.asarray(value, dtype)
        parts.append(np.broadcast_to(part, count) if part.size == 1 else part)
    return np.concatenate(parts)


def _assemble(
    survey: str,
    population: str,
    offsets: NDArray[np.int64],
    columns: Mapping[str, NDArray[Any]],
    alert_columns: Mapping[str, Any],
) -> AlertBatch:
    """Sort the points as a batch wants them and take what the alerts need from them."""
    alert = Points(offsets, columns).alert
    order = np.lexsort(
        (columns["point_id"], columns["kind"], columns["mjd_utc"], columns["band"], alert)
    )
    points = Points(offsets, {name: values[order] for name, values in columns.items()})
    own = _last_detection(points)
    n_alerts = len(offsets) - 1
    found: dict[str, Any] = {
        "survey": [survey] * n_alerts,
        "population": [population] * n_alerts,
        "alert_id": np.arange(1, n_alerts + 1),
        "object_id": [f"object{row + 1}" for row in range(n_alerts)],
        "night": np.full(n_alerts, 20251121, np.int32),
        "band": [BANDS[code] for code in points["band"][own]],
    }
    for field in ALERT_SCHEMA:
        if field.name in found or field.name == "points":
            continue
        if field.name in points.columns:
            found[field.name] = points[field.name][own]
        elif pa.types.is_floating(field.type):
            found[field.name] = np.full(n_alerts, np.nan)
        else:
            found[field.name] = pa.nulls(n_alerts, field.type)
    found |= alert_columns
    return AlertBatch.from_columns(found, points)


def _last_detection(points: Points) -> NDArray[np.int64]:
    """Place of the last detection of each alert, else of its last point; 0 without points."""
    time = np.where(points.of_kind("detection"), points["mjd_utc"], points["mjd_utc"] - 1e6)
    latest = segment_max(time, points.offsets)
    place = np.zeros(len(points.offsets) - 1, np.int64)
    is_latest = np.flatnonzero(time == latest[points.alert])
    place[points.alert[is_latest]] = is_latest
    return place
