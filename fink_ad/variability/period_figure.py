"""The periodogram of a light curve as a plotly figure, the best period marked in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from fink_ad.variability.periodogram import Floats, PeriodFit

__all__ = ["period_figure"]

_N_DRAWN = 1500


def period_figure(frequency: Floats, power: Floats, fit: PeriodFit, verdict: str) -> dict[str, Any]:
    """Return the figure as plain values.

    Parameters
    ----------
    frequency, power : (n,) float64
        As `periodogram` returns them; drawn is the highest of every few neighbours.
    fit : PeriodFit
        Its frequency is marked.
    verdict : str
        What is thought of the period, the title.
    """
    frequency, power = _highest_of_neighbours(frequency, power)
    figures = (
        f"false-alarm probability {fit.false_alarm:.1g}, "
        f"{fit.explained:.0%} of the variation explained"
    )
    lead = f", log-likelihood {fit.lead:.1f} beyond the next" if np.isfinite(fit.lead) else ""
    mark = {"color": "#c8332b", "dash": "dash", "width": 1}
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": frequency.tolist(),
                "y": power.tolist(),
                "line": {"color": "#2b6ca3", "width": 1},
                "hovertemplate": "%{x:.4f} cycles per day, power %{y:.3g}<extra></extra>",
            }
        ],
        "layout": {
            "title": {"text": f"{verdict}<br><sub>{figures}{lead}</sub>", "font": {"size": 16}},
            "xaxis": {"title": {"text": "frequency [cycles per day]"}, "dtick": 1},
            "yaxis": {"title": {"text": "Lomb-Scargle power of one wave"}, "rangemode": "tozero"},
            "shapes": [
                {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": mark}
                | dict.fromkeys(("x0", "x1"), fit.frequency)
            ],
        },
    }


def _highest_of_neighbours(frequency: Floats, power: Floats) -> tuple[Floats, Floats]:
    """Thin out without losing a peak."""
    starts = np.arange(0, len(power), -(-len(power) // _N_DRAWN))
    parts = np.split(np.arange(len(power)), starts[1:])
    kept = [part[power[part].argmax()] for part in parts]
    return frequency[kept], power[kept]
