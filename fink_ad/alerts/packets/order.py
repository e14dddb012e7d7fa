"""Sort the points of each alert and keep each observation once."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.points import NO_POINT_ID
from fink_ad.alerts.times import SAME_EXPOSURE_S, SECONDS_PER_DAY
from fink_ad.compile_cache import CACHED

__all__ = ["arrange"]

_NONE = np.int64(NO_POINT_ID)


def arrange(
    starts: NDArray[np.int64],
    rows: NDArray[np.int64],
    band: NDArray[np.int8],
    mjd: NDArray[np.float64],
    kind: NDArray[np.int8],
    point_id: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which points each alert keeps, in the order of an AlertBatch.

    Points with a negative band are left out. Then, for each alert:

    1. one survey id is one point: of points with the same kind and id the first stays, and the
       blocks are given in order of trust;
    2. points are sorted by (band, time, kind, id), further ties by place in the packet;
    3. within one exposure (`SAME_EXPOSURE_S` after its first point) and band the best kind stays,
       detection before forced before limit. Two sources of one kind with ids both stay; points
       without an id stay only if none has one, and then the first.

    Parameters
    ----------
    starts : (n_blocks, n_rows + 1) int64
        Where the points of each row of the packet table begin, by block.
    rows : (n_alerts,) int64
        Rows that became alerts, in output order.
    band, kind : (n_points,) int8
    mjd : (n_points,) float64
    point_id : (n_points,) int64

    Returns
    -------
    order : (n_kept,) int64
        Points that stay.
    offsets : (n_alerts + 1,) int64
        Where the points of each alert begin in `order`.
    """
    counts = starts[:, rows + 1] - starts[:, rows]
    longest = int(counts.sum(axis=0).max(initial=0))
    order = np.empty(int(counts.sum()), np.int64)
    offsets = np.zeros(len(rows) + 1, np.int64)
    kept = _arrange(starts, rows, band, mjd, kind, point_id, longest, order, offsets)
    return order[:kept], offsets


@numba.njit(cache=CACHED)
def _arrange(
    starts: NDArray[np.int64],
    rows: NDArray[np.int64],
    band: NDArray[np.int8],
    mjd: NDArray[np.float64],
    kind: NDArray[np.int8],
    point_id: NDArray[np.int64],
    longest: int,
    order: NDArray[np.int64],
    offsets: NDArray[np.int64],
) -> int:
    points = np.empty(longest, np.int64)
    spare = np.empty(longest, np.int64)
    slots = 16
    while slots < 2 * longest:
        slots *= 2
    seen = np.full(slots, -1, np.int64)
    kept = 0
    for alert in range(len(rows)):
        row = rows[alert]
        n = 0
        for block in range(starts.shape[0]):
            for point in range(starts[block, row], starts[block, row + 1]):
                if band[point] >= 0:
                    points[n] = point
                    n += 1
        n = _first_of_each_id(points[:n], kind, point_id, seen)
        _sort(points[:n], spare, band, mjd, kind, point_id)
        kept += _best_of_each_exposure(points[:n], band, mjd, kind, point_id, order[kept:])
        offsets[alert + 1] = kept
    return kept


@numba.njit(cache=CACHED)
def _first_of_each_id(
    points: NDArray[np.int64],
    kind: NDArray[np.int8],
    point_id: NDArray[np.int64],
    seen: NDArray[np.int64],
) -> int:
    """Move the first point of each (kind, id) to the front; `seen` is an open hash table."""
    slots = 16
    while slots < 2 * len(points):
        slots *= 2
    seen[:slots] = -1
    n = 0
    for point in points:
        ident = point_id[point]
        if ident != _NONE:
            slot = (ident ^ (ident >> 17) ^ (ident >> 41)) * 0x9E3779B1 & (slots - 1)
            while seen[slot] >= 0 and not (
                point_id[seen[slot]] == ident and kind[seen[slot]] == kind[point]
            ):
                slot = (slot + 1) & (slots - 1)
            if seen[slot] >= 0:
                continue
            seen[slot] = point
        points[n] = point
        n += 1
    return n


@numba.njit(cache=CACHED)
def _after(
    a: int,
    b: int,
    band: NDArray[np.int8],
    mjd: NDArray[np.float64],
    kind: NDArray[np.int8],
    point_id: NDArray[np.int64],
) -> bool:
    if band[a] != band[b]:
        return bool(band[a] > band[b])
    if mjd[a] != mjd[b]:
        return bool(mjd[a] > mjd[b])
    if kind[a] != kind[b]:
        return bool(kind[a] > kind[b])
    return bool(point_id[a] > point_id[b])


@numba.njit(cache=CACHED)
def _sort(
    points: NDArray[np.int64],
    spare: NDArray[np.int64],
    band: NDArray[np.int8],
    mjd: NDArray[np.float64],
    kind: NDArray[np.int8],
    point_id: NDArray[np.int64],
) -> None:
    """Stable bottom-up merge sort in place: n log n however the packet is ordered."""
    n = len(points)
    run = 8
    for low in range(0, n, run):
        for i in range(low + 1, min(low + run, n)):
            point = points[i]
            j = i
            while j > low and _after(points[j - 1], point, band, mjd, kind, point_id):
                points[j] = points[j - 1]
                j -= 1
            points[j] = point
    while run < n:
        for low in range(0, n - run, 2 * run):
            middle, high = low + run, min(low + 2 * run, n)
            if not _after(points[middle - 1], points[middle], band, mjd, kind, point_id):
                continue
            spare[low:middle] = points[low:middle]
            left, right, out = low, middle, low
            while left < middle:
                if right < high and _after(spare[left], points[right], band, mjd, kind, point_id):
                    points[out] = points[right]
                    right += 1
                else:
                    points[out] = spare[left]
                    left += 1
                out += 1
        run *= 2


@numba.njit(cache=CACHED)
def _best_of_each_exposure(
    points: NDArray[np.int64],
    band: NDArray[np.int8],
    mjd: NDArray[np.float64],
    kind: NDArray[np.int8],
    point_id: NDArray[np.int64],
    out: NDArray[np.int64],
) -> int:
    kept = 0
    low = 0
    n = len(points)
    while low < n:
        first = points[low]
        end = mjd[first] + SAME_EXPOSURE_S / SECONDS_PER_DAY
        best, has_id = kind[first], False
        high = low
        while high < n and band[points[high]] == band[first] and mjd[points[high]] <= end:
            point = points[high]
            if kind[point] < best:
                best, has_id = kind[point], False
            if kind[point] == best and point_id[point] != _NONE:
                has_id = True
            high += 1
        took = False
        for i in range(low, high):
            point = points[i]
            if kind[point] == best and (point_id[point] != _NONE if has_id else not took):
                out[kept] = point
                kept += 1
                took = True
        low = high
    return kept
