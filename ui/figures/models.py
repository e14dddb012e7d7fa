"""Model curves over the points of a light curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.review import BAND_COLOURS, CurvePoints, FluxKind, NamedCurve, model_line
from fink_ad.ui.figures.axes import Axes
from fink_ad.ui.text import safe

__all__ = ["model_traces"]

Floats = NDArray[np.float64]

_MARGIN = 0.05  # of the time the points span
_FAINTER_MAG = 0.5  # than the faintest point
_MAX_TEXT = 80


def model_traces(
    alert: Any, points: CurvePoints, flux: FluxKind, curves: Sequence[NamedCurve], axes: Axes
) -> list[dict[str, Any]]:
    """Return a line for each curve, in the colour of its band.

    A curve goes no further than the points, but for a twentieth of their span. Where its flux is
    negative it has no magnitude, and the line breaks; so it does half a magnitude below the
    faintest point, where there is nothing it could be compared with.

    Parameters
    ----------
    alert : AlertBatch
        One alert.
    points : CurvePoints
        What is drawn of it.
    """
    if not len(points) or not curves:
        return []
    span = float(np.ptp(points.days))
    first, last = points.days[0] - _MARGIN * span, points.days[-1] + _MARGIN * span
    faintest = float(np.max(points.mag, initial=-np.inf, where=np.isfinite(points.mag)))
    traces = []
    for one in curves:
        line = model_line(alert, one.curve, flux)
        far = (line.days < first) | (line.days > last)
        if axes.in_magnitudes:
            value = np.where(far | (line.mag > faintest + _FAINTER_MAG), np.nan, line.mag)
        else:
            value = np.where(far, np.nan, line.flux_njy / axes.unit_njy)
        if np.isfinite(value).any():
            traces.append(_line(one, line.days, value))
    return traces


def _line(one: NamedCurve, days: Floats, value: Floats) -> dict[str, Any]:
    band = one.curve.band
    told = safe(f"{band} {one.provider}: {one.curve.label}"[:_MAX_TEXT])
    return {
        "type": "scatter",
        "mode": "lines",
        "name": safe(f"{band} {one.provider}"[:_MAX_TEXT]),
        "x": days.tolist(),
        "y": [y if np.isfinite(y) else None for y in value.tolist()],
        "connectgaps": False,
        "hovertemplate": f"{told}<extra></extra>",
        "line": {"color": BAND_COLOURS[band], "width": 1.2},
    }
