"""Put mapped columns and points together into an AlertBatch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fink_ad.alerts.batch import AlertBatch
from fink_ad.alerts.packets.mapped import MappedAlerts, PointBlock
from fink_ad.alerts.packets.order import arrange
from fink_ad.alerts.points import NO_POINT_ID, Points
from fink_ad.alerts.schema import ALERT_SCHEMA, KINDS, POINT_FIELDS, SURVEYS
from fink_ad.alerts.times import has_night, night_of

__all__ = ["assemble"]

_LIMIT = KINDS.index("limit")
_BRIGHTEST_NJY = 1e18
"""No flux beyond this (magnitude -13.6, the full Moon) is believed."""
_FLUXES = (
    *("diff_flux_njy", "diff_flux_err_njy", "total_flux_njy", "total_flux_err_njy"),
    *("ref_flux_njy", "ref_flux_err_njy", "limit_flux_njy"),
)
_MISSING = {"flags": (0, np.int64), "point_id": (NO_POINT_ID, np.int64)}
_FROM_OWN_POINT = (
    *("mjd_utc", "ra_deg", "dec_deg", "real_bogus", "flags"),
    *("diff_flux_njy", "diff_flux_err_njy", "total_flux_njy", "total_flux_err_njy"),
    *("ref_flux_njy", "ref_sep_arcsec", "limit_flux_njy"),
)


def assemble(
    survey: str, mapped: MappedAlerts, rows: NDArray[np.int64], versions: pa.Array
) -> tuple[AlertBatch, dict[str, int]]:
    """Return the alerts of the given rows, and how many points were left out, by reason.

    A point is left out when its time has no night (``time``, see `has_night`), its band is none
    of `BANDS` (``band``), a detection or forced point has no finite flux (``flux``), or a limit
    has no finite limit (``limit``). So every detection and forced point of a batch has a finite
    time and finite fluxes; an error that is not finite and positive is NaN: the flux stands,
    its weight is unknown.

    Parameters
    ----------
    survey : str
    mapped : MappedAlerts
    rows : (n_alerts,) int64
        Rows that become alerts, in order.
    versions : pyarrow.Array
        Schema version of each of those rows.
    """
    n_rows = len(mapped.blocks[0].parent)
    alive = np.zeros(n_rows, np.bool_)
    alive[rows] = True
    blocks, dropped = _usable(mapped.blocks, alive)
    starts = np.stack([np.searchsorted(b.parent, np.arange(n_rows + 1)) for b in blocks])
    starts += np.cumsum([0, *(len(b.parent) for b in blocks[:-1])])[:, None]
    joined = {
        field.name: np.concatenate([_column(block, field.name) for block in blocks])
        for field in POINT_FIELDS
    }
    order, offsets = arrange(
        starts, rows, joined["band"], joined["mjd_utc"], joined["kind"], joined["point_id"]
    )
    points = Points(offsets, {name: values[order] for name, values in joined.items()})
    own = blocks[0]
    columns: dict[str, Any] = dict(mapped.columns)
    columns |= {name: _column(own, name) for name in _FROM_OWN_POINT}
    columns["band"] = mapped.blocks[0].columns["band"]  # also of an alert without a usable flux
    arrays = {
        field.name: _taken(columns.get(field.name), field, rows)
        for field in ALERT_SCHEMA
        if field.name not in ("survey", "packet_version", "night", "points")
    }
    arrays["survey"] = np.full(len(rows), SURVEYS.index(survey), np.int8)
    arrays["packet_version"] = versions
    arrays["night"] = night_of(arrays["mjd_utc"], survey)
    return AlertBatch.from_columns(arrays, points), dropped


def _usable(
    blocks: Sequence[PointBlock], alive: NDArray[np.bool_]
) -> tuple[list[PointBlock], dict[str, int]]:
    """Mark what cannot be used with band -1, clean the rest, and count what was marked."""
    dropped = {"time": 0, "band": 0, "flux": 0, "limit": 0}
    cleaned = []
    for block in blocks:
        old = block.columns
        band = old["band"].astype(np.int8, copy=True)
        new = {name: _believable(_column(block, name)) for name in _FLUXES}
        for name in ("diff_flux_err_njy", "total_flux_err_njy", "ref_flux_err_njy"):
            new[name] = np.where(new[name] > 0, new[name], np.nan)
        is_limit = old["kind"] == _LIMIT
        measured = np.isfinite(new["diff_flux_njy"]) & np.isfinite(new["total_flux_njy"])
        reasons = {
            "time": ~has_night(old["mjd_utc"]),
            "band": band < 0,
            "flux": ~is_limit & ~measured,
            "limit": is_limit & ~(new["limit_flux_njy"] > 0),
        }
        left = alive[block.parent]
        for reason, bad in reasons.items():
            dropped[reason] += int(np.count_nonzero(left & bad))
            left = left & ~bad
            band[bad] = -1
        cleaned.append(PointBlock(block.parent, {**old, **new, "band": band}))
    return cleaned, {reason: n for reason, n in dropped.items() if n}


def _believable(flux: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(flux) < _BRIGHTEST_NJY, flux, np.nan)


def _column(block: PointBlock, name: str) -> NDArray[Any]:
    values = block.columns.get(name)
    if values is not None:
        return values
    missing, dtype = _MISSING.get(name, (np.nan, np.float64))
    return np.full(len(block.parent), missing, dtype)


def _taken(values: Any, field: pa.Field, rows: NDArray[np.int64]) -> Any:
    """Return the given rows of a column; a column no packet has is missing everywhere."""
    if values is None:
        if pa.types.is_floating(field.type):
            return np.full(len(rows), np.nan)
        return pa.nulls(len(rows), field.type)
    return values.take(pa.array(rows)) if isinstance(values, pa.Array) else values[rows]
