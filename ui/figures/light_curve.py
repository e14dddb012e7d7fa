"""The light curve as an interactive figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fink_ad.review import (
    BAND_COLOURS,
    CurvePoints,
    FluxKind,
    NamedCurve,
    Period,
    curve_points,
    flux_unit,
)
from fink_ad.ui.figures.axes import Axes, Scale
from fink_ad.ui.figures.models import model_traces
from fink_ad.ui.text import safe

__all__ = ["BAND_SYMBOLS", "light_curve"]

BAND_SYMBOLS = {
    "u": "triangle-down",
    "g": "circle",
    "r": "square",
    "i": "diamond",
    "z": "cross",
    "y": "triangle-up",
}
"""One shape per band, the same as in the pictures: colour is never the only sign."""

_KINDS = ("limit", "forced", "detection")  # what is drawn last lies on top
_MIN_SPAN_DAYS = 2.0
_MAX_MAG_ERR = 1.0
_MAG_MARGIN = 0.7
_MAX_SOURCE = 90


def light_curve(
    alert: Any,
    flux: FluxKind = "difference",
    scale: Scale = "magnitude",
    limits: bool = True,
    *,
    known: Any = None,
    curves: Sequence[NamedCurve] = (),
    period: Period | None = None,
) -> dict[str, Any]:
    """Return the plotly figure of one alert's light curve, as plain JSON-able values.

    What the features of the alert are made of is filled, other points are hollow, forced
    photometry is small and pale, a dot inside marks what is fainter than the reference image,
    limits are faint triangles, and the alert's own detection is ringed.

    Parameters
    ----------
    alert : AlertBatch
        One alert.
    flux : {"difference", "total"}
        Which flux; limits are those of the difference image.
    scale : {"magnitude", "flux"}
        AB magnitudes of the absolute flux, brighter up, as far as points reach that are known to
        a magnitude; or signed flux.
    limits : bool
        Whether to draw upper limits.
    known : AlertBatch, optional
        The same alert with all points known of its object, which are drawn, too: all of them
        when folded, those since the alert's first point otherwise.
    curves : sequence of NamedCurve
        Models, drawn as far as the points reach; not over a folded light curve.
    period : Period, optional
        Fold with it: phases 0 to 2, 0 is the alert's own detection. Each point is there twice.
    """
    points = curve_points(alert, flux, known, whole=period is not None)
    if not limits:
        points = points.where(points.kind != "limit")
    largest = float(np.max(np.abs(points.flux_njy), initial=0.0))
    axes = Axes(scale, *flux_unit(largest), None if period is None else period.days)
    data = [] if period is not None else model_traces(alert, points, flux, curves, axes)
    for kind in _KINDS:
        for band in BAND_SYMBOLS:
            some = points.select(kind, band)
            if len(some):
                data.append(_trace(axes.spread(some), kind, band, axes))
    own = points.where(points.own)
    if len(own):
        data.append(_ring(axes.spread(own), axes))
    return {"data": data, "layout": _layout(alert, points, flux, axes, period)}


def _trace(points: CurvePoints, kind: str, band: str, axes: Axes) -> dict[str, Any]:
    """Draw the points of one kind and band."""
    value, error = axes.y(points)
    is_limit = kind == "limit"
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "name": band if kind == "detection" else f"{band} {kind}",
        "x": axes.x(points).tolist(),
        "y": value.tolist(),
        "customdata": [str(one) for one in points.point_id.tolist()],
        "text": _hover(points, kind, band, axes),
        "hovertemplate": "%{text}<extra></extra>",
        "opacity": 0.35 if is_limit else 1.0 if kind == "detection" else 0.6,
        "marker": {
            "color": BAND_COLOURS[band],
            "size": 7 if is_limit else 8 if kind == "detection" else 6,
            "symbol": "triangle-down-open" if is_limit else _symbols(points, kind, band),
        },
    }
    if not is_limit:
        known = np.isfinite(error)
        trace["error_y"] = {
            "array": np.where(known, error, 0.0).tolist(),
            "thickness": 1,
            "width": 0,
            "visible": bool(known.any()),
        }
    return trace


def _symbols(points: CurvePoints, kind: str, band: str) -> list[str]:
    return [
        f"{BAND_SYMBOLS[band]}{'' if used else '-open'}{'-dot' if below else ''}"
        for below, used in zip(points.below.tolist(), points.used.tolist(), strict=True)
    ]


def _ring(own: CurvePoints, axes: Axes) -> dict[str, Any]:
    value, _ = axes.y(own)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "this alert",
        "x": axes.x(own).tolist(),
        "y": value.tolist(),
        "hoverinfo": "skip",
        "marker": {
            "symbol": "circle-open",
            "size": 17,
            "color": "#222222",
            "line": {"width": 1.5},
        },
    }


def _hover(points: CurvePoints, kind: str, band: str, axes: Axes) -> list[str]:
    rows = zip(
        points.mag.tolist(),
        points.mag_err.tolist(),
        (points.flux_njy / axes.unit_njy).tolist(),
        points.below.tolist(),
        points.used.tolist(),
        points.mjd_utc.tolist(),
        points.days.tolist(),
        strict=True,
    )
    unused = "" if kind == "limit" else "<br>hollow: no part of this alert's statistics"
    return [
        f"{band} {kind}<br>{'> ' if kind == 'limit' else ''}{mag:.2f}"
        f"{f' ± {mag_err:.2f}' if np.isfinite(mag_err) else ''} mag"
        f"{' below the reference' if below else ''}<br>{flux:.3g} {axes.unit_name}"
        f"<br>MJD {mjd:.4f} UTC<br>{_apart(days)}{'' if used else unused}"
        for mag, mag_err, flux, below, used, mjd, days in rows
    ]


def _apart(days: float) -> str:
    if abs(days) < 1e-4:
        return "this alert's time"
    return f"{abs(days):.2f} d {'before' if days < 0 else 'after'} this alert"


def _layout(
    alert: Any, points: CurvePoints, flux: FluxKind, axes: Axes, period: Period | None
) -> dict[str, Any]:
    quantity = f"AB magnitude of the {flux} flux" if axes.in_magnitudes else f"{flux} flux"
    unit = "" if axes.in_magnitudes else f" [{axes.unit_name}]"
    y_axis: dict[str, Any] = {
        "title": {"text": quantity + unit},
        "zeroline": not axes.in_magnitudes,
    }
    if axes.in_magnitudes:
        y_axis["autorange"] = "reversed"
        told = points.mag[np.isfinite(points.mag) & ~(points.mag_err > _MAX_MAG_ERR)]
        if len(told):  # what is nearly no flux has any magnitude, and hides the others
            y_axis["autorangeoptions"] = {
                "clipmin": float(told.min()) - _MAG_MARGIN,
                "clipmax": float(told.max()) + _MAG_MARGIN,
            }
    way = "days" if period is None else "phase"
    return {
        "xaxis": _time_axis(alert, points) if period is None else _phase_axis(period),
        "yaxis": y_axis,
        "margin": {"l": 55, "r": 8, "t": 8, "b": 40},
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        "hovermode": "closest",
        "clickmode": "event+select",
        "dragmode": "zoom",
        "uirevision": f"{alert.numbers('alert_id')[0]} {way}",
    }


def _time_axis(alert: Any, points: CurvePoints) -> dict[str, Any]:
    mjd = float(alert.numbers("mjd_utc")[0])
    axis: dict[str, Any] = {
        "title": {"text": f"days since this alert, MJD {mjd:.4f} (UTC)"},
        "zeroline": False,
    }
    span = float(np.ptp(points.days)) if len(points) else 0.0
    if span < _MIN_SPAN_DAYS:  # lest the axis count milliseconds
        axis["range"] = [-_MIN_SPAN_DAYS / 2, _MIN_SPAN_DAYS / 2]
    return axis


def _phase_axis(period: Period) -> dict[str, Any]:
    source = safe(period.source[:_MAX_SOURCE])
    title = f"phase from this alert, period {period.days:.6g} d ({source})"
    return {"title": {"text": title}, "range": [-0.05, 2.05], "dtick": 0.25, "zeroline": False}
