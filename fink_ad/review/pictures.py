"""One picture of a candidate for a message: light curve, total magnitude, stamps, place on the sky.

Drawn for a phone: upright, few words, large. Figures are made without the global state of
pyplot, so that nothing is left behind when one is thrown away.
"""

from __future__ import annotations

import io
import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fink_ad.alerts import BANDS, CUTOUTS, AlertBatch
from fink_ad.alerts.positions import TO_GALACTIC
from fink_ad.review.candidate import Candidate
from fink_ad.review.curve import CurvePoints, curve_points
from fink_ad.review.figures import BAND_COLOURS, BAND_MARKERS, draw_light_curve, plain
from fink_ad.review.stamps import stamp_pictures

__all__ = ["candidate_picture"]

_SIZE_IN, _DPI = (7.2, 8.8), 125
_LEFT, _RIGHT = 0.125, 0.875


def candidate_picture(candidate: Candidate) -> bytes:
    """Draw a candidate as PNG, 900 by 1100 pixels.

    From the top: difference flux with limits and magnitudes; the total magnitude, where there
    is a coincident reference source; science, template and difference stamps, north marked;
    where on the sky it is, with the Galactic plane. Nothing on it tells what anybody answered.
    """
    figure = Figure(figsize=_SIZE_IN, dpi=_DPI)
    FigureCanvasAgg(figure)
    total = _total(candidate.alert)
    bottom = 0.465
    if total is None:
        curve = figure.add_axes((_LEFT, bottom, _RIGHT - _LEFT, 0.45))
    else:
        curve = figure.add_axes((_LEFT, 0.635, _RIGHT - _LEFT, 0.28))
        lower = figure.add_axes((_LEFT, bottom, _RIGHT - _LEFT, 0.15), sharex=curve)
    draw_light_curve(curve, candidate.alert)
    if total is not None:
        _draw_total(lower, total)
        lower.set_xlabel(curve.get_xlabel())
        curve.set_xlabel("")
        curve.tick_params(labelbottom=False)
    _add_heading(figure, candidate)
    _add_legend(figure, curve)
    _add_stamps(figure, candidate)
    _draw_sky(figure.add_axes((_LEFT, 0.045, _RIGHT - _LEFT, 0.085)), candidate)
    written = io.BytesIO()
    figure.savefig(written, format="png", dpi=_DPI)
    return written.getvalue()


def _total(alert: AlertBatch) -> CurvePoints | None:
    """Return the total magnitudes of the detections, if there is a source behind them."""
    points = alert.points
    behind = np.isfinite(points["ref_flux_njy"]) & (
        points["total_flux_njy"] != points["diff_flux_njy"]
    )
    if not behind.any():
        return None
    total = curve_points(alert, "total")
    shown = total.where((total.kind == "detection") & ~total.below)
    return shown if len(shown) else None


def _draw_total(axes: Axes, total: CurvePoints) -> None:
    for band in BANDS:
        one = total.select("detection", band)
        if len(one):
            axes.errorbar(
                one.days,
                one.mag,
                yerr=np.nan_to_num(one.mag_err),
                marker=BAND_MARKERS[band],
                markersize=4,
                elinewidth=0.7,
                linestyle="none",
                color=BAND_COLOURS[band],
            )
    axes.plot(
        total.days[total.own],
        total.mag[total.own],
        "o",
        markersize=12,
        fillstyle="none",
        color="black",
    )
    low, high = float(total.mag.min()), float(total.mag.max())
    margin = max(0.1 * (high - low), 0.05)
    axes.set_ylim(high + margin, low - margin)
    axes.grid(color="0.93")
    axes.set_ylabel("total [AB mag]")


def _add_heading(figure: Figure, candidate: Candidate) -> None:
    name = plain(candidate.object_id, length=40)
    # An object id is a stranger's text: a dollar in it begins no formula.
    figure.text(_LEFT, 0.971, name, weight="bold", fontsize=16, parse_math=False)
    facts = f"{candidate.survey.upper()}   {candidate.seen_at:%Y-%m-%d %H:%M} UTC"
    if math.isfinite(candidate.mag):
        below = " below reference" if candidate.below else ""
        facts += f"   {candidate.band} = {candidate.mag:.2f}{below}"
    figure.text(_LEFT, 0.948, facts, fontsize=10.5)


def _add_legend(figure: Figure, curve: Axes) -> None:
    """One row above the light curve, whatever is in it."""
    handles, labels = curve.get_legend_handles_labels()
    # Many bands with limits and forced points would fill two rows: the markers tell enough.
    chosen = [
        (handle, label)
        for handle, label in zip(handles, labels, strict=True)
        if len(labels) <= 7 or " " not in label or label == "this alert"
    ]
    figure.legend(
        [handle for handle, _ in chosen],
        [label for _, label in chosen],
        loc="lower left",
        bbox_to_anchor=(_LEFT - 0.02, 0.917),
        ncols=len(chosen),
        frameon=False,
        fontsize=10,
        handletextpad=0.2,
        columnspacing=1.0,
        borderpad=0,
    )


def _add_stamps(figure: Figure, candidate: Candidate) -> None:
    width, gap = 0.24, 0.015
    pictures = stamp_pictures(candidate.stamps)
    for place, name in enumerate(CUTOUTS):
        left = _LEFT + place * (width + gap)
        axes = figure.add_axes((left, 0.175, width, width * _SIZE_IN[0] / _SIZE_IN[1]))
        axes.set_axis_off()
        axes.set_title(name, fontsize=10, pad=3)
        picture = pictures[name]
        if picture is None:
            axes.imshow(np.full((1, 1), 200, np.uint8), cmap="gray", vmin=0, vmax=255)
            axes.text(0, 0, "no stamp", ha="center", va="center", fontsize=11)
            continue
        pixels, north_deg = picture
        axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        _mark_north(axes, north_deg)


def _mark_north(axes: Axes, north_deg: float) -> None:
    """Draw where north is, degrees counter-clockwise from up, in a corner."""
    if not math.isfinite(north_deg):
        return
    angle = math.radians(north_deg)
    dx, dy = -math.sin(angle), math.cos(angle)
    middle, length = 0.86, 0.09
    axes.annotate(
        "N",
        xy=(middle - dx * length, middle - dy * length),
        xytext=(middle + dx * length, middle + dy * length),
        xycoords="axes fraction",
        color="#ffd000",
        weight="bold",
        fontsize=10,
        ha="center",
        va="center",
        arrowprops={"arrowstyle": "-", "color": "#ffd000", "linewidth": 1.5},
    )


def _draw_sky(axes: Axes, candidate: Candidate) -> None:
    """Draw the whole sky as a strip, right ascension to the left, with the Galactic plane."""
    longitude = np.radians(np.linspace(0, 360, 181))
    along = np.stack([np.cos(longitude), np.sin(longitude), np.zeros_like(longitude)])
    x, y, z = TO_GALACTIC.T @ along
    ra, dec = np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arcsin(z))
    order = np.argsort(ra)
    axes.plot(ra[order], dec[order], color="#8a8ad0", linewidth=5, alpha=0.35)
    axes.axhline(0, color="0.85", linewidth=0.8, zorder=0)
    if math.isfinite(candidate.ra_deg + candidate.dec_deg):
        axes.plot(candidate.ra_deg, candidate.dec_deg, "*", markersize=15, color="#c8332b")
        where = (
            f"RA {candidate.ra_deg:.4f}  Dec {candidate.dec_deg:+.4f}"
            f"     l {candidate.l_deg:.1f}  b {candidate.b_deg:+.1f}  [deg]"
        )
        axes.set_title(where, fontsize=10, pad=4)
    axes.set_xlim(360, 0)
    axes.set_ylim(-90, 90)
    axes.set_xticks(range(0, 361, 60), [f"{hours}h" for hours in range(0, 25, 4)])
    axes.set_yticks([-60, 0, 60])
    axes.tick_params(labelsize=8, length=2)
