"""The light curve as an interactive figure."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fink_ad.review import BAND_COLOURS, CurvePoints, FluxKind, curve_points, flux_unit

__all__ = ["BAND_SYMBOLS", "Scale", "light_curve"]

Scale = Literal["magnitude", "flux"]

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


def light_curve(
    alert: Any, flux: FluxKind = "difference", scale: Scale = "magnitude", limits: bool = True
) -> dict[str, Any]:
    """Return the plotly figure of one alert's light curve, as plain JSON-able values.

    Detections are filled, forced photometry is hollow, a dot inside marks what is fainter than
    the reference image, limits are faint triangles, and the alert's own detection is ringed.

    Parameters
    ----------
    alert : AlertBatch
        One alert.
    flux : {"difference", "total"}
        Which flux; limits are those of the difference image.
    scale : {"magnitude", "flux"}
        AB magnitudes of the absolute flux, brighter up; or signed flux.
    limits : bool
        Whether to draw upper limits.
    """
    points = curve_points(alert, flux)
    if not limits:
        points = points.where(points.kind != "limit")
    largest = float(np.max(np.abs(points.flux_njy), initial=0.0))
    unit, unit_name = flux_unit(largest)
    data = []
    for kind in _KINDS:
        for band in BAND_SYMBOLS:
            some = points.select(kind, band)
            if len(some):
                data.append(_trace(some, kind, band, scale, unit, unit_name))
    own = points.where(points.own)
    if len(own):
        data.append(_ring(own, scale, unit))
    return {"data": data, "layout": _layout(alert, points, flux, scale, unit_name)}


def _trace(
    points: CurvePoints, kind: str, band: str, scale: Scale, unit: float, unit_name: str
) -> dict[str, Any]:
    """Draw the points of one kind and band."""
    value, error = _values(points, scale, unit)
    is_limit = kind == "limit"
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "name": band if kind == "detection" else f"{band} {kind}",
        "x": points.days.tolist(),
        "y": value.tolist(),
        "customdata": [str(one) for one in points.point_id.tolist()],
        "text": _hover(points, kind, band, unit, unit_name),
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
    hollow = "-open" if kind == "forced" else ""
    return [
        f"{BAND_SYMBOLS[band]}{hollow}{'-dot' if below else ''}" for below in points.below.tolist()
    ]


def _ring(own: CurvePoints, scale: Scale, unit: float) -> dict[str, Any]:
    value, _ = _values(own, scale, unit)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "this alert",
        "x": own.days.tolist(),
        "y": value.tolist(),
        "hoverinfo": "skip",
        "marker": {
            "symbol": "circle-open",
            "size": 17,
            "color": "#222222",
            "line": {"width": 1.5},
        },
    }


def _values(
    points: CurvePoints, scale: Scale, unit: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if scale == "magnitude":
        return points.mag, points.mag_err
    return points.flux_njy / unit, points.flux_err_njy / unit


def _hover(points: CurvePoints, kind: str, band: str, unit: float, unit_name: str) -> list[str]:
    rows = zip(
        points.mag.tolist(),
        points.mag_err.tolist(),
        (points.flux_njy / unit).tolist(),
        points.below.tolist(),
        points.mjd_utc.tolist(),
        points.days.tolist(),
        strict=True,
    )
    return [
        f"{band} {kind}<br>{'> ' if kind == 'limit' else ''}{mag:.2f}"
        f"{f' ± {mag_err:.2f}' if np.isfinite(mag_err) else ''} mag"
        f"{' below the reference' if below else ''}<br>{flux:.3g} {unit_name}"
        f"<br>MJD {mjd:.4f} UTC<br>{_apart(days)}"
        for mag, mag_err, flux, below, mjd, days in rows
    ]


def _apart(days: float) -> str:
    if abs(days) < 1e-4:
        return "this alert's time"
    return f"{abs(days):.2f} d {'before' if days < 0 else 'after'} this alert"


def _layout(
    alert: Any, points: CurvePoints, flux: FluxKind, scale: Scale, unit_name: str
) -> dict[str, Any]:
    mjd = float(alert.numbers("mjd_utc")[0])
    quantity = f"AB magnitude of the {flux} flux" if scale == "magnitude" else f"{flux} flux"
    unit = "" if scale == "magnitude" else f" [{unit_name}]"
    y_axis: dict[str, Any] = {"title": {"text": quantity + unit}, "zeroline": scale == "flux"}
    if scale == "magnitude":
        y_axis["autorange"] = "reversed"
    x_axis: dict[str, Any] = {
        "title": {"text": f"days since this alert, MJD {mjd:.4f} (UTC)"},
        "zeroline": False,
    }
    span = float(np.ptp(points.days)) if len(points) else 0.0
    if span < _MIN_SPAN_DAYS:  # lest the axis count milliseconds
        x_axis["range"] = [-_MIN_SPAN_DAYS / 2, _MIN_SPAN_DAYS / 2]
    return {
        "xaxis": x_axis,
        "yaxis": y_axis,
        "margin": {"l": 55, "r": 8, "t": 8, "b": 40},
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        "hovermode": "closest",
        "clickmode": "event+select",
        "dragmode": "zoom",
        "uirevision": str(alert.numbers("alert_id")[0]),
    }
