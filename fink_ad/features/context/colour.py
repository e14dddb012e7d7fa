"""Group ``colour``: brightness, colour and how fast they change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import BANDS, AlertBatch
from fink_ad.alerts.photometry import asinh_mag, softening_njy
from fink_ad.features.context.history import EPSILON_DAY, History
from fink_ad.features.context.nights import NightlyFlux
from fink_ad.features.segments import segment_max, segment_min, segment_sum

__all__ = ["FIXED_SKY", "RATE_WINDOW_DAY", "columns", "values"]

FIXED_SKY: set[str] = set()
"""Columns that mean nothing for a moving body: none."""

RATE_WINDOW_DAY = 15.0
"""How far back the rate looks: a young supernova rises, a dwarf nova comes and goes in this."""

_LEAST_BASE_DAY = 0.2
"""Points of one band within less than this are no time base for a rate: between the visits of
one hour the noise alone makes hundreds of magnitudes per day."""

_PAIRS = {"ztf": (("g", "r"),)}
_ALL_PAIRS = (("u", "g"), ("g", "r"), ("r", "i"), ("i", "z"), ("z", "y"))


def columns(survey: str) -> list[tuple[str, str, str]]:
    """Return name, unit and meaning of each column."""
    found = [
        ("last_mag", "mag", "magnitude of the total flux"),
        ("last_diff_mag", "mag", "magnitude of the absolute difference flux"),
        ("mag_change", "mag", "total magnitude minus that of the previous point in the same band"),
        (
            "rate",
            "mag / day",
            "slope of the last 15 days, all bands, over 0.2 days at least; negative: brightening",
        ),
        ("rate_err", "mag / day", "error of the slope of the last 15 days"),
    ]
    for a, b in _PAIRS.get(survey, _ALL_PAIRS):
        found += [
            (f"{a}_{b}", "mag", f"colour {a} - {b} of the total flux in the last common night"),
            (f"{a}_{b}_err", "mag", f"error of the colour {a} - {b} of the total flux"),
            (f"diff_{a}_{b}", "mag", f"colour {a} - {b} of the change in the last common night"),
        ]
    return found


def values(batch: AlertBatch, history: History) -> dict[str, NDArray[np.float64]]:
    """Compute the columns, each (n_alerts,)."""
    softening = softening_njy(batch.survey)
    own = softening[batch.codes("band")]
    last_mag, _ = asinh_mag(batch.numbers("total_flux_njy"), 0.0, own)
    last_diff_mag, _ = asinh_mag(np.abs(batch.numbers("diff_flux_njy")), 0.0, own)
    previous_mag, _ = asinh_mag(_previous_flux_njy(batch, history), 0.0, own)
    rate, rate_err = _rate(history, softening)
    found = {
        "last_mag": last_mag,
        "last_diff_mag": last_diff_mag,
        "mag_change": last_mag - previous_mag,
        "rate": rate,
        "rate_err": rate_err,
    }
    nightly = NightlyFlux.of(history, batch.survey)
    for a, b in _PAIRS.get(batch.survey, _ALL_PAIRS):
        colour, error, diff_colour = _colour(nightly, a, b, softening)
        found |= {f"{a}_{b}": colour, f"{a}_{b}_err": error, f"diff_{a}_{b}": diff_colour}
    return found


def _previous_flux_njy(batch: AlertBatch, history: History) -> NDArray[np.float64]:
    """Total flux of the point before the alert in the alert's band; NaN if there is none."""
    earlier = (history.days_before_alert > EPSILON_DAY).astype(np.float64)
    own_curve = np.arange(len(batch)) * len(BANDS) + batch.codes("band")
    n_earlier = segment_sum(earlier, history.curve_offsets)[own_curve].astype(np.int64)
    place = history.curve_offsets[own_curve] + n_earlier - 1
    flux = np.full(len(batch), np.nan)
    some = n_earlier > 0
    flux[some] = history.points["total_flux_njy"][place[some]]
    return flux


def _rate(
    history: History, softening: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted slope shared by all bands, each with a level of its own, and its error.

    NaN where no band has points `_LEAST_BASE_DAY` apart.
    """
    recent = np.flatnonzero(history.days_before_alert <= RATE_WINDOW_DAY)
    points = history.points
    mag, error = asinh_mag(
        points["total_flux_njy"][recent],
        points["total_flux_err_njy"][recent],
        softening[points["band"][recent]],
    )
    with np.errstate(divide="ignore"):
        weight = 1 / error**2
    good = np.isfinite(mag) & np.isfinite(weight)
    recent, mag, weight = recent[good], mag[good], weight[good]
    time = -history.days_before_alert[recent]

    n_curves = len(history.curve_offsets) - 1
    counts = np.bincount(history.curve[recent], minlength=n_curves)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    sum_w = segment_sum(weight, offsets)
    span = segment_max(time, offsets) - segment_min(time, offsets)
    base = np.nan_to_num(span).reshape(-1, len(BANDS)).max(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Deviations from the mean of each curve, taken before squaring: no digits are lost.
        time -= np.repeat(segment_sum(weight * time, offsets) / sum_w, counts)
        pull = weight * time
        sum_tt = segment_sum(pull * time, offsets).reshape(-1, len(BANDS)).sum(axis=1)
        sum_tm = segment_sum(pull * mag, offsets).reshape(-1, len(BANDS)).sum(axis=1)
        sum_tt[(base < _LEAST_BASE_DAY) | (sum_tt <= 0)] = np.nan
        return sum_tm / sum_tt, 1 / np.sqrt(sum_tt)


def _colour(
    nightly: NightlyFlux, a: str, b: str, softening: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Colour of the total flux, its error, and colour of the difference flux, (n_alerts,) each.

    The difference flux has a colour where it has the same sign in both bands.
    """
    colour, error, diff_colour = (np.full(nightly.n_alerts, np.nan) for _ in range(3))
    alert, in_a, in_b = nightly.last_common(a, b)
    soft_a, soft_b = softening[BANDS.index(a)], softening[BANDS.index(b)]

    mag_a, err_a = asinh_mag(nightly.total_njy[in_a], nightly.total_err_njy[in_a], soft_a)
    mag_b, err_b = asinh_mag(nightly.total_njy[in_b], nightly.total_err_njy[in_b], soft_b)
    colour[alert] = mag_a - mag_b
    error[alert] = np.hypot(err_a, err_b)

    diff_a, diff_b = nightly.diff_njy[in_a], nightly.diff_njy[in_b]
    mag_a, _ = asinh_mag(np.abs(diff_a), 0.0, soft_a)
    mag_b, _ = asinh_mag(np.abs(diff_b), 0.0, soft_b)
    diff_colour[alert] = np.where(diff_a * diff_b > 0, mag_a - mag_b, np.nan)
    return colour, error, diff_colour
