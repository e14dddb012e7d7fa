"""What learning brings, over the answers."""

from __future__ import annotations

from typing import Any

import pandas as pd

__all__ = ["yield_figure"]

_STYLES = {
    "ranked": ("#c8332b", "circle", "solid"),
    "random": ("#5a6570", "x", "dash"),
    "static": ("#2b6ca3", "diamond", "dot"),
}


def yield_figure(table: pd.DataFrame) -> dict[str, Any]:
    """Return the plotly figure of the share of anomalies among answers, ranked, random and static.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``answers``, ``ranked``, ``random``, ``static``.
    """
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": table["answers"].tolist(),
            "y": [None if share != share else share for share in table[name].tolist()],
            "line": {"color": colour, "dash": dash},
            "marker": {"symbol": symbol, "size": 8},
        }
        for name, (colour, symbol, dash) in _STYLES.items()
    ]
    layout = {
        "xaxis": {"title": {"text": "answers"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "share of anomalies"}, "range": [-0.03, 1.03]},
        "margin": {"l": 50, "r": 8, "t": 8, "b": 40},
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom"},
    }
    return {"data": data, "layout": layout}
