import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fink_ad.features.segments import (
    run_starts,
    segment_max,
    segment_min,
    segment_sum,
)

COUNTS = st.lists(st.integers(0, 4), max_size=8)


def _offsets(counts: list[int]) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


@given(COUNTS)
def test_every_reduction_equals_a_loop_over_segments(counts):
    offsets = _offsets(counts)
    values = np.random.default_rng(0).normal(size=offsets[-1])
    segments = [values[offsets[i] : offsets[i + 1]] for i in range(len(counts))]
    for reduce, one, empty in [
        (segment_sum, np.sum, 0.0),
        (segment_min, np.min, np.nan),
        (segment_max, np.max, np.nan),
    ]:
        expected = [one(segment) if len(segment) else empty for segment in segments]
        np.testing.assert_allclose(reduce(values, offsets), expected, rtol=1e-12)


def test_empty_segments_do_not_borrow_from_their_neighbours():
    offsets = _offsets([0, 2, 0, 0, 1, 0])
    np.testing.assert_array_equal(
        segment_sum(np.array([1.0, 2.0, 5.0]), offsets), [0, 3, 0, 0, 5, 0]
    )


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([[]], [0]),
        ([[7]], [0, 1]),
        ([[1, 1, 2, 2, 1]], [0, 2, 4, 5]),
        ([[1, 1, 1], [0, 1, 1]], [0, 1, 3]),
    ],
)
def test_runs_end_where_any_key_changes(keys, expected):
    np.testing.assert_array_equal(run_starts(*map(np.array, keys)), expected)
