"""One reference flux per alert and band, so that a light curve has no steps of its own making.

Rubin measures the template under each detection, at the detection's own position, and forced
photometry at the object's. Where sources are crowded the two differ by tens of per cent, and a
total flux made of both would jump between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.packets.mapped import PointBlock
from fink_ad.alerts.photometry import COINCIDENCE_ARCSEC, quadrature
from fink_ad.alerts.schema import BANDS

__all__ = ["SCIENCE", "with_reference"]

SCIENCE = "science_flux_njy"
"""Column of the flux on the visit image, beside those of `POINT_FIELDS`."""

_ARCSEC_PER_DEG = 3600.0


def with_reference(blocks: Sequence[PointBlock]) -> list[PointBlock]:
    """Give all points of an alert and band the same reference, and add it to their difference.

    The reference is the median template flux of the detections within `COINCIDENCE_ARCSEC` of
    the alert, with the error of the middle one. In a band without any it is the median of
    science minus difference flux, which is the template as it was subtracted; its noise is that
    of the visits, which the differences have already. Where the packet has neither, the total is
    the difference.

    Parameters
    ----------
    blocks : sequence of PointBlock
        Detections and forced photometry, the alerts' own detections first. ``ref_flux_njy`` and
        its error hold the template under each point, `SCIENCE` the flux on the visit image, NaN
        where there is none.

    Returns
    -------
    list of PointBlock
        With ``ref_*`` and ``total_*`` filled, and without `SCIENCE`.
    """
    n_alerts = len(blocks[0].parent)
    n_curves = n_alerts * len(BANDS)
    # Points of an unknown band, which will be left out, share a curve behind all others.
    curves = [
        np.where(b.columns["band"] < 0, n_curves, b.parent * len(BANDS) + b.columns["band"])
        for b in blocks
    ]
    curve = np.concatenate(curves)
    template, template_err, science, diff = (
        np.concatenate([block.columns[name] for block in blocks])
        for name in ("ref_flux_njy", "ref_flux_err_njy", SCIENCE, "diff_flux_njy")
    )
    usable = np.isfinite(template) & np.concatenate([_near(b, blocks[0]) for b in blocks])
    ref, ref_err = _medians(curve, template, template_err, usable, n_curves + 1)
    with np.errstate(over="ignore", invalid="ignore"):
        subtracted = science - diff
    unknown = np.isnan(ref)
    usable = np.isfinite(subtracted) & unknown[curve]
    if usable.any():
        fallback, no_err = _medians(curve, subtracted, np.zeros(len(curve)), usable, n_curves + 1)
        ref[unknown], ref_err[unknown] = fallback[unknown], no_err[unknown]
    return [_filled(b, ref[c], ref_err[c]) for b, c in zip(blocks, curves, strict=True)]


def _filled(
    block: PointBlock, ref: NDArray[np.float64], ref_err: NDArray[np.float64]
) -> PointBlock:
    columns: dict[str, Any] = {k: v for k, v in block.columns.items() if k != SCIENCE}
    diff, diff_err = columns["diff_flux_njy"], columns["diff_flux_err_njy"]
    known = np.isfinite(ref)
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.where(known, diff + ref, diff)
        total_err = np.where(known, quadrature(diff_err, ref_err), diff_err)
    columns |= {
        "ref_flux_njy": ref,
        "ref_flux_err_njy": ref_err,
        "ref_sep_arcsec": np.where(known, 0.0, np.nan),
        "total_flux_njy": total,
        "total_flux_err_njy": total_err,
    }
    return PointBlock(block.parent, columns)


def _near(block: PointBlock, own: PointBlock) -> NDArray[np.bool_]:
    """Say which points lie within `COINCIDENCE_ARCSEC` of their alert, on a flat sky."""
    if block is own:
        return np.ones(len(block.parent), np.bool_)
    ra, dec = (block.columns[name] for name in ("ra_deg", "dec_deg"))
    own_ra, own_dec = (own.columns[name][block.parent] for name in ("ra_deg", "dec_deg"))
    with np.errstate(invalid="ignore"):
        d_ra = (np.remainder(ra - own_ra + 180.0, 360.0) - 180.0) * np.cos(np.radians(own_dec))
        near: NDArray[np.bool_] = (
            np.hypot(d_ra, dec - own_dec) * _ARCSEC_PER_DEG <= COINCIDENCE_ARCSEC
        )
    return near


def _medians(
    curve: NDArray[np.int64],
    values: NDArray[np.float64],
    errors: NDArray[np.float64],
    usable: NDArray[np.bool_],
    n_curves: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median of each curve and the error that goes with it, (n_curves,); NaN without points."""
    chosen = np.flatnonzero(usable)
    counts = np.bincount(curve[chosen], minlength=n_curves)
    order = chosen[np.lexsort((values[chosen], curve[chosen]))]
    filled = np.flatnonzero(counts)
    first = (np.cumsum(counts) - counts)[filled]
    low = order[first + (counts[filled] - 1) // 2]
    high = order[first + counts[filled] // 2]
    median, error = np.full(n_curves, np.nan), np.full(n_curves, np.nan)
    median[filled] = values[low] / 2.0 + values[high] / 2.0
    error[filled] = errors[low] / 2.0 + errors[high] / 2.0
    return median, error
