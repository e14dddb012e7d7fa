"""Where on the sky candidates are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fink_ad.review import ecliptic, galactic_plane, mollweide
from fink_ad.ui.text import plain

__all__ = ["sky_map"]

_RA_LINES = np.arange(60.0, 301.0, 60.0)
_DEC_LINES = np.arange(-60.0, 61.0, 30.0)


def sky_map(
    ra_deg: ArrayLike, dec_deg: ArrayLike, names: Sequence[str], answered: ArrayLike
) -> dict[str, Any]:
    """Return the plotly figure of positions in Mollweide's projection.

    Right ascension grows to the left, 180° is in the middle; lines every 60° of it and every 30°
    of declination are named, since the figure has no other axes.

    Parameters
    ----------
    ra_deg, dec_deg : (n,) array_like
    names : (n,) sequence of str
        Shown beside the pointer; a stranger's text.
    answered : (n,) array_like of bool
        Those answered are crosses, the others dots.
    """
    mask = np.asarray(answered, bool)
    x, y = mollweide(ra_deg, dec_deg)
    told = np.array(list(names), object)
    data = [
        _graticule(),
        _line("ecliptic", *ecliptic(), dash="dash"),
        _line("Galactic plane", *galactic_plane(), dash="solid"),
        _points("not answered", x[~mask], y[~mask], told[~mask], "circle", "#c8332b"),
        _points("answered", x[mask], y[mask], told[mask], "x-thin-open", "#5a6570"),
    ]
    hidden = {"visible": False, "fixedrange": True}
    layout = {
        "xaxis": hidden | {"range": [-2.05, 2.35]},
        "yaxis": hidden | {"range": [-1.05, 1.05], "scaleanchor": "x"},
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "legend": {"orientation": "h", "y": 0, "yanchor": "top", "x": 0.5, "xanchor": "center"},
        "annotations": _names_of_lines(),
        "shapes": [
            {"type": "circle", "x0": -2, "x1": 2, "y0": -1, "y1": 1, "line": {"color": "#9aa5b1"}}
        ],
    }
    return {"data": data, "layout": layout}


def _graticule() -> dict[str, Any]:
    """Draw meridians from pole to pole, then parallels from rim to rim; NaN lifts the pen."""
    along = np.append(np.linspace(-90.0, 90.0, 37), np.nan)
    across = np.append(np.linspace(0.0, 359.999, 37), np.nan)
    ra = np.concatenate([np.repeat(_RA_LINES, len(along)), np.tile(across, len(_DEC_LINES))])
    dec = np.concatenate([np.tile(along, len(_RA_LINES)), np.repeat(_DEC_LINES, len(across))])
    drawn = _line("graticule", ra, dec, dash="dot")
    for axis in ("x", "y"):
        drawn[axis] = [None if one != one else one for one in drawn[axis]]
    return drawn | {"showlegend": False, "line": {"color": "#d5dbe1", "width": 1}}


def _names_of_lines() -> list[dict[str, Any]]:
    """Name meridians along the equator, parallels at the right rim."""
    x, y = mollweide(_RA_LINES, np.zeros(len(_RA_LINES)))
    names = [
        _name(f"{'RA ' if ra == 180 else ''}{ra:.0f}°", one, other, "top")
        for ra, one, other in zip(_RA_LINES, x.tolist(), y.tolist(), strict=True)
    ]
    x, y = mollweide(np.zeros(len(_DEC_LINES)), _DEC_LINES)
    beside = {"xanchor": "left", "xshift": 3}
    return names + [
        _name(f"{dec:+.0f}°" if dec else "Dec 0°", one, other, "middle") | beside
        for dec, one, other in zip(_DEC_LINES, x.tolist(), y.tolist(), strict=True)
    ]


def _name(text: str, x: float, y: float, anchor: str) -> dict[str, Any]:
    font = {"size": 10, "color": "#5a6570"}
    return {"text": text, "x": x, "y": y, "yanchor": anchor, "showarrow": False, "font": font}


def _line(name: str, ra_deg: ArrayLike, dec_deg: ArrayLike, dash: str) -> dict[str, Any]:
    x, y = mollweide(ra_deg, dec_deg)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x.tolist(),
        "y": y.tolist(),
        "hoverinfo": "skip",
        "line": {"color": "#9aa5b1", "width": 1, "dash": dash},
    }


def _points(
    name: str, x: ArrayLike, y: ArrayLike, told: ArrayLike, symbol: str, colour: str
) -> dict[str, Any]:
    names = np.asarray(told).tolist()
    return {
        "type": "scattergl",
        "mode": "markers",
        "name": name,
        "x": np.asarray(x).tolist(),
        "y": np.asarray(y).tolist(),
        "customdata": names,
        "text": [plain(one).replace("<", "&lt;") for one in names],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"color": colour, "size": 5, "symbol": symbol, "opacity": 0.7},
    }
