"""One picture of a candidate for a message: light curve, total magnitude, stamps, place on the sky.

Drawn for a phone: upright, few words, large. Figures are made without the global state of
pyplot, so that nothing is left behind when one is thrown away.
"""

from __future__ import annotations

import io
import math

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from fink_ad.alerts import BANDS, CUTOUTS, AlertBatch
from fink_ad.alerts.positions import TO_GALACTIC
from fink_ad.review.candidate import Candidate
from fink_ad.review.curve import CurvePoints, curve_points
from fink_ad.review.figures import BAND_COLOURS, BAND_MARKERS, draw_light_curve, plain
from fink_ad.review.stamps import stamp_pictures

__all__ = ["candidate_picture"]

_WIDTH_PX, _HEIGHT_PX, _DPI = 900, 1100, 180
_LEFT, _RIGHT = 0.165, 0.88
_STAMP_PX, _STAMP_GAP_PX, _STAMPS_LEFT = 244, 12, 0.09
_NORTH_COLOUR = "#ffd000"
_COMPRESSION = 1  # of 9: a quarter less time than the usual 6, for a tenth more bytes


def candidate_picture(candidate: Candidate) -> bytes:
    """Draw a candidate as PNG, 900 by 1100 pixels.

    From the top: difference flux with limits and magnitudes; the total magnitude, where there
    is a coincident reference source; science, template and difference stamps, north marked;
    where on the sky it is, with the Galactic plane. Nothing on it tells what anybody answered.
    """
    figure = Figure(figsize=(_WIDTH_PX / _DPI, _HEIGHT_PX / _DPI), dpi=_DPI)
    FigureCanvasAgg(figure)
    total = _total(candidate.alert)
    bottom = 0.51
    if total is None:
        curve = figure.add_axes((_LEFT, bottom, _RIGHT - _LEFT, 0.38))
    else:
        curve = figure.add_axes((_LEFT, 0.66, _RIGHT - _LEFT, 0.23))
        lower = figure.add_axes((_LEFT, bottom, _RIGHT - _LEFT, 0.13), sharex=curve)
    draw_light_curve(curve, candidate.alert)
    if total is not None:
        _draw_total(lower, total)
        lower.set_xlabel(curve.get_xlabel())
        curve.set_xlabel("")
        curve.tick_params(labelbottom=False)
    _add_heading(figure, candidate)
    _add_legend(figure, curve)
    _add_stamps(figure, candidate)
    _draw_sky(figure.add_axes((0.09, 0.04, 0.85, 0.08)), candidate)
    written = io.BytesIO()
    figure.savefig(written, format="png", dpi=_DPI, pil_kwargs={"compress_level": _COMPRESSION})
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
    with_source = np.isin(total.point_id, points["point_id"][behind])
    shown = total.where((total.kind == "detection") & ~total.below & with_source)
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
    axes.set_ylabel("total [mag]")


def _add_heading(figure: Figure, candidate: Candidate) -> None:
    name = plain(candidate.object_id, length=40)
    # An object id is a stranger's text: a dollar in it begins no formula.
    figure.text(0.04, 0.967, name, weight="bold", fontsize=15, parse_math=False)
    facts = f"{candidate.survey.upper()}   {candidate.seen_at:%Y-%m-%d %H:%M} UTC"
    if math.isfinite(candidate.mag):
        below = " below reference" if candidate.below else ""
        facts += f"   {candidate.band} = {candidate.mag:.2f}{below}"
    figure.text(0.04, 0.937, facts, fontsize=9.5)


def _add_legend(figure: Figure, curve: Axes) -> None:
    """One row above the light curve, whatever is in it: bands, and what pale marks are."""
    chosen: dict[str, Artist] = {}
    for handle, label in zip(*curve.get_legend_handles_labels(), strict=True):
        band, _, kind = label.partition(" ")
        if band in BANDS and kind:
            chosen.setdefault(kind, handle)
            chosen.setdefault(band, handle)  # until its detections come, if there are any
        else:
            chosen[label] = handle
    names = [one for one in (*BANDS, "forced", "limit", "this alert") if one in chosen]
    figure.legend(
        [chosen[name] for name in names],
        names,
        loc="lower left",
        bbox_to_anchor=(0.03, 0.894),
        ncols=len(names),
        frameon=False,
        fontsize=9,
        handlelength=1.2,
        handletextpad=0.3,
        columnspacing=0.9,
        borderpad=0,
    )


def _add_stamps(figure: Figure, candidate: Candidate) -> None:
    """Lay three stamps in a row on the figure, pixel by pixel: axes would take a long time."""
    bottom, left = round(0.163 * _HEIGHT_PX), round(_STAMPS_LEFT * _WIDTH_PX)
    pictures = stamp_pictures(candidate.stamps, candidate.survey)
    for place, name in enumerate(CUTOUTS):
        x = left + place * (_STAMP_PX + _STAMP_GAP_PX)
        middle = (x + _STAMP_PX / 2) / _WIDTH_PX
        top = (bottom + _STAMP_PX) / _HEIGHT_PX
        figure.text(middle, top + 0.006, name, fontsize=10, ha="center", va="bottom")
        picture = pictures[name]
        if picture is None:
            blank = np.full((_STAMP_PX, _STAMP_PX, 3), 200, np.uint8)
            figure.figimage(blank, x, bottom)
            height = (bottom + _STAMP_PX / 2) / _HEIGHT_PX
            figure.text(middle, height, "no stamp", fontsize=11, ha="center", va="center")
            continue
        pixels, north_deg = picture
        figure.figimage(_enlarged(pixels), x, bottom)
        _mark_north(figure, x, bottom, north_deg)


def _enlarged(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a stamp as a square of screen pixels, (side, side, 3), its own pixels to be seen."""
    height, width = pixels.shape
    side = max(height, width)
    at = np.arange(_STAMP_PX) * side // _STAMP_PX
    padded = np.zeros((side, side), np.uint8)
    first_row, first_column = (side - height) // 2, (side - width) // 2
    padded[first_row : first_row + height, first_column : first_column + width] = pixels
    square: NDArray[np.uint8] = np.repeat(padded[at][:, at, np.newaxis], 3, axis=2)
    return square


def _mark_north(figure: Figure, x: float, y: float, north_deg: float) -> None:
    """Draw where north is, degrees counter-clockwise from up, in a corner of a stamp."""
    if not math.isfinite(north_deg):
        return
    angle = math.radians(north_deg)
    dx, dy = -math.sin(angle), math.cos(angle)
    middle, length = 0.82 * _STAMP_PX, 0.09 * _STAMP_PX
    ends = (-length, 0.55 * length)
    line = Line2D(
        [(x + middle + part * dx) / _WIDTH_PX for part in ends],
        [(y + middle + part * dy) / _HEIGHT_PX for part in ends],
        color=_NORTH_COLOUR,
        linewidth=1.5,
    )
    figure.add_artist(line)
    figure.text(
        (x + middle + 1.2 * length * dx) / _WIDTH_PX,
        (y + middle + 1.2 * length * dy) / _HEIGHT_PX,
        "N",
        color=_NORTH_COLOUR,
        weight="bold",
        fontsize=9,
        ha="center",
        va="center",
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
