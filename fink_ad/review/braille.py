"""A light curve in characters, for a terminal: eight dots a character, bright is up.

Where nothing tells bands apart by colour, detections are drawn as the letters of their bands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import BANDS, AlertBatch
from fink_ad.review.curve import CurvePoints, FluxKind, curve_points
from fink_ad.review.ranges import flux_range, flux_unit

__all__ = ["BrailleCurve", "braille_curve"]

Marks = Literal["dots", "letters"]

_BLANK = "\u2800"
# Bit of each dot of a character, by row and column (Unicode, Braille Patterns).
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_OWN, _LIMIT, _ZERO = "◉", "v", "·"
_AXIS = 8  # characters of the vertical axis
_MIN_DAYS, _MIN_MAG = 1.0, 0.4
_SIGNIFICANT = 3.0  # sigma: fainter forced photometry has no magnitude worth drawing


@dataclass(frozen=True)
class BrailleCurve:
    """A drawn light curve.

    Attributes
    ----------
    title, legend : str
        What is drawn against what; bands with their numbers of detections and limits.
    axis : tuple of str
        The vertical axis beside each row.
    rows : tuple of str
        The plot, one string a row, all equally long.
    bands : tuple of str
        For each character of `rows` the letter of its band; a space where there is none, or
        several.
    time_axis : str
        The horizontal axis, in days since the alert.
    """

    title: str
    legend: str
    axis: tuple[str, ...]
    rows: tuple[str, ...]
    bands: tuple[str, ...]
    time_axis: str

    def __str__(self) -> str:
        plot = [left + row for left, row in zip(self.axis, self.rows, strict=True)]
        return "\n".join(line.rstrip() for line in (self.title, *plot, self.time_axis, self.legend))


def braille_curve(
    alert: AlertBatch,
    width: int = 80,
    height: int = 10,
    flux: FluxKind = "difference",
    marks: Marks = "dots",
) -> BrailleCurve:
    """Draw the light curve of one alert.

    Magnitudes against days, bright up; signed flux instead if a detection is zero or negative,
    which no magnitude can show, with a dotted line at zero. The alert's own detection is ``◉``,
    upper limits are ``v`` where nothing else is; what lies beyond the frame is on its edge.

    Parameters
    ----------
    alert : AlertBatch
        One alert.
    width, height : int
        Characters a line with the axis, at least 20; rows of the plot, at least 2.
    """
    points = curve_points(alert, flux)
    signed = bool((points.below & (points.kind == "detection")).any())
    if not signed:
        faint = ~(points.flux_njy >= _SIGNIFICANT * points.flux_err_njy)
        points = points.where(~((points.kind == "forced") & (faint | points.below)))
    level, unit, shown = _fluxes(alert, points, flux) if signed else _magnitudes(points)
    days = _spread(points.days if len(points) else np.zeros(1), _MIN_DAYS)
    frame = _Frame(days, shown, max(width, 20) - _AXIS, max(height, 2), signed)
    rows, bands = frame.draw(points, level, marks)
    name = f"{flux} flux"
    title = (
        f"{name} [{unit}], signed: {_n_below(points)} of {_n(points, 'detection')} detections "
        "at or below 0"
        if signed
        else f"{name}, AB magnitude, bright is up"
    )
    return BrailleCurve(title, _legend(points), frame.axis(), rows, bands, frame.time_axis())


_Levels = tuple[NDArray[np.float64], str, tuple[float, float]]
"""The height of each point, more = higher up; its unit; lowest and highest that is shown."""


def _magnitudes(points: CurvePoints) -> _Levels:
    """Show all magnitudes, and limits as far as they lie near them."""
    level = -points.mag
    measured, limits = level[points.kind != "limit"], level[points.kind == "limit"]
    if len(measured):
        limits = limits[np.abs(limits - measured.mean()) <= 1.0 + np.ptp(measured)]
    shown = np.concatenate((measured, limits))
    return level, "mag", _spread(shown if len(shown) else np.zeros(1), _MIN_MAG)


def _fluxes(alert: AlertBatch, points: CurvePoints, flux: FluxKind) -> _Levels:
    """Show zero and the fluxes of the many; the few far from them lie on the edge."""
    if flux == "difference":
        own = alert.points["point_id"] == alert.numbers("alert_id")[0]
        low, high = flux_range(alert.points, own)
    else:
        low, high = _spread(np.append(points.flux_njy[points.kind != "limit"], 0.0), 1.0)
    scale, unit = flux_unit(max(abs(low), abs(high)))
    return points.flux_njy / scale, unit, (low / scale, high / scale)


@dataclass(frozen=True)
class _Frame:
    """The part of time and brightness that is drawn, and on how many characters."""

    days: tuple[float, float]
    level: tuple[float, float]
    width: int
    height: int
    signed: bool

    def draw(
        self, points: CurvePoints, level: NDArray[np.float64], marks: Marks
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the rows of the plot, and the band of each of its characters."""
        x = self._dots(points.days, self.days, 2 * self.width)
        y = 4 * self.height - 1 - self._dots(level, self.level, 4 * self.height)
        cells = np.full((self.height, self.width), _BLANK, object)
        bands = np.full((self.height, self.width), " ", object)
        is_limit = points.kind == "limit"
        bits = np.zeros((self.height, self.width), np.int64)
        np.bitwise_or.at(
            bits, (y[~is_limit] // 4, x[~is_limit] // 2), _BITS[y[~is_limit] % 4, x[~is_limit] % 2]
        )
        dotted = bits > 0
        cells[dotted] = [chr(0x2800 + one) for one in bits[dotted]]
        for code in BANDS:
            mine = ~is_limit & (points.band == code)
            at = (y[mine] // 4, x[mine] // 2)
            bands[at] = np.where(np.isin(bands[at], [" ", code]), code, "+")
        bands[bands == "+"] = " "
        for place in np.flatnonzero(is_limit).tolist():
            cell = (y[place] // 4, x[place] // 2)
            if cells[cell] == _BLANK:
                cells[cell], bands[cell] = _LIMIT, points.band[place]
        if marks == "letters":
            detected = points.kind == "detection"
            cells[y[detected] // 4, x[detected] // 2] = points.band[detected]
        if self.signed:
            zero = 4 * self.height - 1 - self._dots(np.zeros(1), self.level, 4 * self.height)
            line = cells[int(zero[0]) // 4]
            line[line == _BLANK] = _ZERO
        own = np.flatnonzero(points.own)
        cells[y[own] // 4, x[own] // 2] = _OWN
        bands[y[own] // 4, x[own] // 2] = points.band[own]
        return tuple(map("".join, cells.tolist())), tuple(map("".join, bands.tolist()))

    @staticmethod
    def _dots(
        values: NDArray[np.float64], limits: tuple[float, float], n_dots: int
    ) -> NDArray[np.int64]:
        low, high = limits
        place = np.floor((values - low) / (high - low) * n_dots)
        return np.clip(place, 0, n_dots - 1).astype(np.int64)

    def axis(self) -> tuple[str, ...]:
        """Return the vertical axis, with the values of its first, middle and last row."""
        low, high = self.level
        labelled = {0, (self.height - 1) // 2, self.height - 1}
        texts = []
        for row in range(self.height):
            value = high - (row + 0.5) / self.height * (high - low)
            text = _short(value) if self.signed else f"{-value:.2f}"
            texts.append(f"{text:>{_AXIS - 2}} ┤" if row in labelled else f"{'│':>{_AXIS}}")
        return tuple(texts)

    def time_axis(self) -> str:
        """Return the horizontal axis: days at both ends, and what they count from."""
        first, last = (f"{one:+.1f}" for one in self.days)
        middle = "days since the alert"
        space = max(self.width - len(first) - len(last) - len(middle), 2)
        line = first + " " * (space // 2) + middle + " " * (space - space // 2) + last
        return " " * _AXIS + line


def _spread(values: NDArray[np.float64], least: float) -> tuple[float, float]:
    """Return a range around values, with a little room, and not narrower than `least`."""
    low, high = float(values.min()), float(values.max())
    room = max(0.02 * (high - low), 0.5 * (least - (high - low)), 1e-9 * max(abs(low), 1.0))
    return low - room, high + room


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _n(points: CurvePoints, kind: str) -> int:
    return int((points.kind == kind).sum())


def _n_below(points: CurvePoints) -> int:
    return int((points.below & (points.kind == "detection")).sum())


def _legend(points: CurvePoints) -> str:
    found = [f"{band} {n}" for band in BANDS if (n := len(points.select("detection", band)))]
    told = [" ".join(found) if found else "nothing detected"]
    told += [f"forced {n}"] if (n := _n(points, "forced")) else []
    told += [f"{_LIMIT} limit {n}"] if (n := _n(points, "limit")) else []
    told += [f"{_OWN} this alert"] if points.own.any() else []
    return ", ".join(told)
