"""Reductions over the segments of a ragged array, empty segments included.

``numpy.ufunc.reduceat`` returns the *next element* for an empty segment and fails for one at
the very end; these functions reduce the non-empty segments only and give every empty one its
neutral or missing value. Segments are described by offsets: segment ``i`` is
``values[offsets[i]:offsets[i + 1]]``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["run_starts", "segment_max", "segment_min", "segment_sum"]


def segment_sum(values: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum of each segment, (n_segments,); 0 where a segment is empty."""
    return _reduce(np.add, values, offsets, 0.0)


def segment_min(values: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Smallest value of each segment, (n_segments,); NaN where a segment is empty."""
    return _reduce(np.minimum, values, offsets, np.nan)


def segment_max(values: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Largest value of each segment, (n_segments,); NaN where a segment is empty."""
    return _reduce(np.maximum, values, offsets, np.nan)


def run_starts(*keys: NDArray[np.generic]) -> NDArray[np.int64]:
    """Offsets of the runs in which all `keys` stay the same, (n_runs + 1,)."""
    n_values = len(keys[0])
    if n_values == 0:
        return np.zeros(1, np.int64)
    changed = np.zeros(n_values - 1, np.bool_)
    for key in keys:
        changed |= key[1:] != key[:-1]
    return np.concatenate(([0], np.flatnonzero(changed) + 1, [n_values])).astype(np.int64)


def _reduce(
    ufunc: np.ufunc, values: NDArray[np.float64], offsets: NDArray[np.int64], empty: float
) -> NDArray[np.float64]:
    starts = offsets[:-1]
    filled = offsets[1:] > starts
    result = np.full(len(starts), empty)
    if filled.any():
        # Between two non-empty segments there is nothing but empty ones, so the starts of the
        # non-empty segments alone cut the array exactly; the last one is cut by hand.
        values = values[: offsets[-1]]
        result[filled] = ufunc.reduceat(values, starts[filled])
    return result
