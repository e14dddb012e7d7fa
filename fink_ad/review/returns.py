"""When an answered object is worth another look: it changed, and this is how."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.photometry import asinh_mag, softening_njy
from fink_ad.alerts.schema import BANDS
from fink_ad.store import KeptRecord, unpack_alerts

__all__ = ["material_changes", "rarity_jump", "rarity_words"]

_MIN_SIGMA = 3.0  # a change of flux has to be this significant besides being large


def material_changes(
    then: Sequence[KeptRecord], now: Sequence[KeptRecord], magnitudes: float
) -> list[str]:
    """Say of each pair of alerts of one object how it changed, "" where it did not.

    It changed where a broker gives it a class it did not have, or where the latest detection in
    a band differs from the latest one before by at least so many magnitudes and three standard
    deviations. Compared are total fluxes as asinh magnitudes, which exist for negative flux,
    too.

    Parameters
    ----------
    then, now : sequence of KeptRecord, equally long
        The alert that was answered, and a later one that might be shown; of one survey.
    magnitudes : float
        Least change of brightness.
    """
    if not now:
        return []
    brightness = _brightness(
        unpack_alerts([one.alert for one in then]),
        unpack_alerts([one.alert for one in now]),
        magnitudes,
    )
    reasons = []
    for place, (old, new) in enumerate(zip(then, now, strict=True)):
        said = set(old.broker_classes)
        classes = [_class_words(one) for one in new.broker_classes if one not in said]
        words = ([f"now called {' and '.join(classes)}"] if classes else []) + brightness[place]
        reasons.append(", ".join(words))
    return reasons


def rarity_jump(was: float, now: float, factor: float) -> str:
    """Say in words that an object is rarer by at least a factor than it was, "" if it is not.

    Parameters
    ----------
    was, now : float
        "1 in N", when it was shown and now.
    """
    if not now >= factor * was:
        return ""
    return f"now {rarity_words(now)}, was {rarity_words(was)}"


def rarity_words(one_in: float) -> str:
    """Return a rarity as people say it: ``1 in 30 000``."""
    return f"1 in {one_in:,.0f}".replace(",", " ")


def _class_words(broker_class: str) -> str:
    classifier, _, name = broker_class.rpartition("=")
    return f"{name} by {classifier}" if classifier else name


def _brightness(then: AlertBatch, now: AlertBatch, magnitudes: float) -> list[list[str]]:
    """Return how each object brightened or faded most, in words; nothing where too little."""
    softening = softening_njy(now.survey)
    (t_old, flux_old, err_old), (t_new, flux_new, err_new) = _latest(then), _latest(now)
    mag_old, _ = asinh_mag(flux_old, err_old, softening)
    mag_new, _ = asinh_mag(flux_new, err_new, softening)
    with np.errstate(invalid="ignore"):
        fainter = mag_new - mag_old
        counts = (
            (t_new > t_old)
            & (np.abs(fainter) >= magnitudes)
            & ~(np.abs(flux_new - flux_old) < _MIN_SIGMA * np.hypot(err_new, err_old))
        )
    size = np.where(counts, np.abs(fainter), 0.0)
    band = size.argmax(axis=1)
    words = []
    for row, column in enumerate(band.tolist()):
        change = float(fainter[row, column])
        was, now_is = flux_old[row, column] > 0, flux_new[row, column] > 0
        if was == now_is:
            told = f"{'faded' if change > 0 else 'brightened'} by {abs(change):.1f} mag"
        else:
            told = "rose above zero flux" if now_is else "fell below zero flux"
        told = f"{told} in {BANDS[column]}"
        words.append([told] if size[row, column] > 0 else [])
    return words


def _latest(
    batch: AlertBatch,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return time, total flux and error [nJy] of the latest detections, (n_alerts, n_bands)."""
    points = batch.points
    rows = np.flatnonzero(points.of_kind("detection") & np.isfinite(points["total_flux_njy"]))
    # Points are sorted by band and time: of those put into one place, the last one stays.
    place = (points.alert[rows], points["band"][rows])
    found = []
    for name in ("mjd_utc", "total_flux_njy", "total_flux_err_njy"):
        table = np.full((len(batch), len(BANDS)), np.nan)
        table[place] = points[name][rows]
        found.append(table)
    return found[0], found[1], found[2]
