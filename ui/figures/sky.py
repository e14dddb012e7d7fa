"""Where on the sky candidates are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fink_ad.review import ecliptic, galactic_plane, mollweide
from fink_ad.ui.text import plain

__all__ = ["sky_map"]


def sky_map(
    ra_deg: ArrayLike, dec_deg: ArrayLike, names: Sequence[str], answered: ArrayLike
) -> dict[str, Any]:
    """Return the plotly figure of positions in Mollweide's projection.

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
        _line("ecliptic", *ecliptic(), dash="dash"),
        _line("Galactic plane", *galactic_plane(), dash="solid"),
        _points("not answered", x[~mask], y[~mask], told[~mask], "circle", "#c8332b"),
        _points("answered", x[mask], y[mask], told[mask], "x-thin-open", "#5a6570"),
    ]
    hidden = {"visible": False, "fixedrange": True}
    layout = {
        "xaxis": hidden | {"range": [-2.05, 2.05]},
        "yaxis": hidden | {"range": [-1.05, 1.05], "scaleanchor": "x"},
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "legend": {"orientation": "h", "y": 0, "yanchor": "top", "x": 0.5, "xanchor": "center"},
        "shapes": [
            {"type": "circle", "x0": -2, "x1": 2, "y0": -1, "y1": 1, "line": {"color": "#9aa5b1"}}
        ],
    }
    return {"data": data, "layout": layout}


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
