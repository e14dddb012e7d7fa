"""The light curve of an alert as a reviewer wants to see it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fink_ad.alerts import BANDS, AlertBatch, Points
from fink_ad.alerts.photometry import flux_to_mag, mag_to_flux
from fink_ad.features.statistics import points_of_statistics
from fink_ad.review.ranges import flux_range, flux_unit, magnitude_ticks

__all__ = ["BAND_COLOURS", "BAND_MARKERS", "draw_light_curve", "light_curve_figure", "plain"]

BAND_COLOURS = dict(
    zip(BANDS, ("#7b3fa0", "#15824a", "#c8332b", "#b5731a", "#5a4634", "#222222"), strict=True)
)
"""One colour per band, dark enough on white; markers tell bands apart as well."""

BAND_MARKERS = dict(zip(BANDS, "vosDP^", strict=True))
"""One marker per band."""

_TITLE_LENGTH = 50
_CROWD = 60  # points of a band that need smaller markers


def light_curve_figure(alert: AlertBatch) -> Figure:
    """Draw the signed difference flux of one alert against time, upper limits included.

    The range of fluxes is that of the many; the few points beyond it are triangles at its edge.

    Parameters
    ----------
    alert : AlertBatch
        One alert. Its own detection is ringed; points that its statistics are not made of are
        hollow, forced photometry is small and pale, limits are arrows that hang from 5 sigma.
    """
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    axes = figure.add_subplot()
    draw_light_curve(axes, alert)
    _add_titles(axes, alert)
    figure.legend(loc="outside right upper", frameon=False, fontsize="small")
    return figure


def draw_light_curve(axes: Axes, alert: AlertBatch) -> None:
    """Draw what `light_curve_figure` shows on axes of any figure, without title and legend."""
    points = alert.points
    own_mjd = float(alert.numbers("mjd_utc")[0])
    own = points["point_id"] == alert.numbers("alert_id")[0]
    used = points_of_statistics(alert)
    low, high = flux_range(points, own)
    unit, name = flux_unit(max(abs(low), abs(high)))
    for band in BANDS:
        here = points.in_band(band)
        in_band = points.select(here)
        days = in_band["mjd_utc"] - own_mjd
        _draw_limits(axes, in_band, days, band, unit, (high - low) / unit)
        for kind in ("forced", "detection"):
            _draw_fluxes(axes, in_band, days, used[here], band, kind, unit)
        _draw_beyond(axes, in_band, days, band, (low, high), unit)
    axes.plot(
        points["mjd_utc"][own] - own_mjd,
        points["diff_flux_njy"][own] / unit,
        "o",
        markersize=13,
        fillstyle="none",
        color="black",
        label="this alert",
        zorder=5,
    )
    axes.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    axes.grid(color="0.93", zorder=0)
    axes.set_ylim(low / unit, high / unit)
    _widen_short_times(axes)
    axes.set_xlabel(f"days since MJD {own_mjd:.3f} (UTC)")
    axes.set_ylabel(f"difference flux [{name}]")
    _add_magnitudes(axes, low, high, unit)


def _draw_fluxes(
    axes: Axes,
    points: Points,
    days: NDArray[np.float64],
    used: NDArray[np.bool_],
    band: str,
    kind: str,
    unit: float,
) -> None:
    """Draw the points of one kind and band; what statistics are not made of is hollow."""
    of_kind = points.of_kind(kind) & np.isfinite(points["diff_flux_njy"])
    is_forced = kind == "forced"
    label: str | None = f"{band} forced" if is_forced else band
    for mask, fill in ((of_kind & used, "full"), (of_kind & ~used, "none")):
        if not mask.any():
            continue
        errors = points["diff_flux_err_njy"][mask]
        axes.errorbar(
            days[mask],
            points["diff_flux_njy"][mask] / unit,
            yerr=np.where(errors > 0, errors, 0) / unit,
            marker=BAND_MARKERS[band],
            markersize=3.5 if is_forced or len(points) > _CROWD else 5,
            fillstyle=fill,
            alpha=0.45 if is_forced else 0.9,
            elinewidth=0.7,
            linestyle="none",
            color=BAND_COLOURS[band],
            zorder=2 if is_forced else 3,
            label=label,
        )
        label = None  # one entry of the legend


def _draw_limits(
    axes: Axes,
    points: Points,
    days: NDArray[np.float64],
    band: str,
    unit: float,
    height: float,
) -> None:
    """Draw arrows that hang from the limits, as long as a part of the axis."""
    mask = points.of_kind("limit") & np.isfinite(points["limit_flux_njy"])
    if not mask.any():
        return
    axes.errorbar(
        days[mask],
        points["limit_flux_njy"][mask] / unit,
        yerr=np.full(mask.sum(), 0.05 * height),
        uplims=True,
        marker="_",
        markersize=5,
        capsize=2,
        elinewidth=0.7,
        alpha=0.5,
        linestyle="none",
        color=BAND_COLOURS[band],
        zorder=1,
        label=f"{band} limit",
    )


def _draw_beyond(
    axes: Axes,
    points: Points,
    days: NDArray[np.float64],
    band: str,
    limits: tuple[float, float],
    unit: float,
) -> None:
    """Mark points beyond the range of fluxes at its edge, so that none is hidden."""
    flux = points["diff_flux_njy"]
    style: dict[str, Any] = {"linestyle": "none", "color": BAND_COLOURS[band], "clip_on": False}
    for beyond, edge, marker in (
        (flux < limits[0], limits[0], "v"),
        (flux > limits[1], limits[1], "^"),
    ):
        if beyond.any():
            at_edge = np.full(beyond.sum(), edge / unit)
            axes.plot(days[beyond], at_edge, marker=marker, markersize=7, **style)


def _widen_short_times(axes: Axes) -> None:
    """Show at least two days, lest the axis count milliseconds."""
    low, high = axes.get_xlim()
    if high - low < 2:
        middle = (low + high) / 2
        axes.set_xlim(middle - 1, middle + 1)


def _add_magnitudes(axes: Axes, low: float, high: float, unit: float) -> None:
    """Give the positive fluxes their AB magnitudes on the right."""
    ticks = magnitude_ticks(low, high)
    if not ticks:
        return
    right = axes.twinx()
    right.set_ylim(low / unit, high / unit)
    flux, _ = mag_to_flux(np.array(ticks))
    right.set_yticks(flux / unit, [f"{tick:g}" for tick in ticks])
    right.set_ylabel("AB magnitude", loc="top")


def _add_titles(axes: Axes, alert: AlertBatch) -> None:
    name = plain(alert.strings("object_id")[0] or "")
    # An object id is a stranger's text: a dollar in it begins no formula.
    axes.set_title(name, loc="left", weight="bold").set_parse_math(False)
    mag = float(flux_to_mag(np.abs(alert.numbers("diff_flux_njy")))[0][0])
    night, band = alert.numbers("night")[0], alert.strings("band")[0]
    facts = [str(alert.strings("survey")[0]).upper(), f"night {night}"]
    facts.append(f"{band} = {mag:.2f} mag" if np.isfinite(mag) else f"{band} band")
    axes.set_title(" · ".join(facts), loc="right", fontsize="small")


def plain(text: str, length: int = _TITLE_LENGTH) -> str:
    """Shorten a stranger's text, and replace what the font of a picture may lack."""
    kept = "".join(
        one if one.isascii() and one.isprintable() else "?" for one in text[: length + 1]
    )
    return kept if len(kept) <= length else kept[: length - 3] + "..."
