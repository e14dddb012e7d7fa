"""The light curve of an alert as a reviewer wants to see it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fink_ad.alerts import BANDS, AlertBatch, Points

__all__ = ["BAND_COLOURS", "light_curve_figure"]

BAND_COLOURS = dict(
    zip(BANDS, ("#7b3fa0", "#15824a", "#c8332b", "#b5731a", "#5a4634", "#222222"), strict=True)
)
"""One colour per band, dark enough on white and apart for the colour-blind with the markers."""

_MARKERS = dict(zip(BANDS, "vosDP^", strict=True))
_MICROJANSKY = 1e-3


def light_curve_figure(alert: AlertBatch) -> Figure:
    """Draw the signed difference flux of one alert against time, upper limits included.

    Parameters
    ----------
    alert : AlertBatch
        One alert. Its own detection is ringed; forced photometry has hollow markers, limits
        are short arrows at 5 sigma.
    """
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.add_subplot()
    points = alert.points
    own_mjd = float(alert.numbers("mjd_utc")[0])
    for band in BANDS:
        _draw_band(axes, points, band, own_mjd)
    own = points["point_id"] == alert.numbers("alert_id")[0]
    axes.plot(
        points["mjd_utc"][own] - own_mjd,
        points["diff_flux_njy"][own] * _MICROJANSKY,
        "o",
        markersize=14,
        fillstyle="none",
        color="black",
    )
    axes.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    axes.set_xlabel(f"days since MJD {own_mjd:.3f} (UTC)")
    axes.set_ylabel("difference flux [µJy]")
    axes.set_title(_plain(alert.strings("object_id")[0] or ""), loc="left")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best", frameon=False)
    return figure


def _draw_band(axes: Axes, points: Points, band: str, own_mjd: float) -> None:
    in_band = points.in_band(band)
    days = points["mjd_utc"] - own_mjd
    style: dict[str, Any] = {"color": BAND_COLOURS[band], "linestyle": "none"}
    for kind, filled in (("detection", "full"), ("forced", "none")):
        mask = in_band & points.of_kind(kind)
        if mask.any():
            errors = np.nan_to_num(points["diff_flux_err_njy"][mask])
            axes.errorbar(
                days[mask],
                points["diff_flux_njy"][mask] * _MICROJANSKY,
                yerr=errors * _MICROJANSKY,
                fillstyle=filled,
                marker=_MARKERS[band],
                markersize=5,
                linewidth=0.8,
                label=band if kind == "detection" else f"{band} forced",
                **style,
            )
    limits = in_band & points.of_kind("limit")
    axes.plot(
        days[limits],
        points["limit_flux_njy"][limits] * _MICROJANSKY,
        marker="$\\downarrow$",
        alpha=0.5,
        **style,
    )


def _plain(text: str) -> str:
    """Keep a stranger's text from being read as mathematics."""
    return text.replace("$", r"\$")
