"""Sorting and de-duplication of points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fink_ad.alerts.packets.order import SAME_EXPOSURE_S, arrange
from fink_ad.alerts.points import NO_POINT_ID

DETECTION, FORCED, LIMIT = 0, 1, 2
SECOND = 1.0 / 86400.0

point = st.tuples(
    st.integers(-1, 2),  # band
    st.integers(0, 5).map(lambda i: 60000.0 + i * 0.7 * SECOND),
    st.integers(0, 2),
    st.sampled_from([NO_POINT_ID, 1, 2, 3, 2**62 + 1]),
)
curves = st.lists(st.lists(point, max_size=9), min_size=1, max_size=5)


def run(curves: list[list[tuple[int, float, int, int]]]) -> list[list[int]]:
    """Arrange curves given as one block; return the places kept of each."""
    flat = [p for curve in curves for p in curve]
    starts = np.concatenate(([0], np.cumsum([len(c) for c in curves])))
    band, mjd, kind, ident = (np.array([p[i] for p in flat]) for i in range(4))
    order, offsets = arrange(
        starts[None].astype(np.int64),
        np.arange(len(curves)),
        band.astype(np.int8),
        mjd.astype(np.float64),
        kind.astype(np.int8),
        ident.astype(np.int64),
    )
    return [(order[offsets[i] : offsets[i + 1]] - starts[i]).tolist() for i in range(len(curves))]


def plainly(curve: list[tuple[int, float, int, int]]) -> list[int]:
    """Apply the rules to one curve, one by one."""
    seen: set[tuple[int, int]] = set()
    places = []
    for place, (band, _, kind, ident) in enumerate(curve):
        if band < 0 or (kind, ident) in seen:
            continue
        if ident != NO_POINT_ID:
            seen.add((kind, ident))
        places.append(place)
    places.sort(key=lambda p: curve[p])
    kept = []
    while places:
        band, mjd, *_ = curve[places[0]]
        end = mjd + SAME_EXPOSURE_S / 86400.0
        exposure = [p for p in places if curve[p][0] == band and curve[p][1] <= end]
        places = [p for p in places if p not in exposure]
        best = min(curve[p][2] for p in exposure)
        exposure = [p for p in exposure if curve[p][2] == best]
        with_id = [p for p in exposure if curve[p][3] != NO_POINT_ID]
        kept += with_id or exposure[:1]
    return kept


@given(curves)
@settings(max_examples=300)
def test_kernel_follows_the_rules(curves: list[list[tuple[int, float, int, int]]]) -> None:
    assert run(curves) == [plainly(curve) for curve in curves]


def test_first_of_an_id_stays() -> None:
    assert run([[(0, 5.0, DETECTION, 7), (0, 9.0, DETECTION, 7)]]) == [[0]]


def test_same_number_for_a_detection_and_a_forced_point_is_no_clash() -> None:
    assert run([[(0, 5.0, DETECTION, 7), (0, 9.0, FORCED, 7)]]) == [[0, 1]]


def test_two_sources_of_one_exposure_stay() -> None:
    assert run([[(0, 5.0, DETECTION, 8), (0, 5.0, DETECTION, 7)]]) == [[1, 0]]


@pytest.mark.parametrize("ident", [NO_POINT_ID, 7])
def test_detection_wins_over_forced_and_limit(ident: int) -> None:
    curve = [
        (0, 5.0, LIMIT, NO_POINT_ID),
        (0, 5.0, FORCED, 9),
        (0, 5.0 + 0.9 * SECOND, DETECTION, ident),
    ]
    assert run([curve]) == [[2]]


def test_other_band_and_other_exposure_stay() -> None:
    curve = [(0, 5.0, DETECTION, 1), (1, 5.0, FORCED, 2), (0, 5.0 + 1.1 * SECOND, FORCED, 3)]
    assert run([curve]) == [[0, 2, 1]]


def test_ten_thousand_points_backwards() -> None:
    curve = [(i % 6, 60000.0 - i, i % 2, i + 1) for i in range(10_000)]
    (kept,) = run([curve])
    assert len(kept) == 10_000
    assert [curve[p] for p in kept] == sorted(curve)


def test_ids_that_collide_in_the_table_are_told_apart() -> None:
    ids = [i << 40 for i in range(1, 400)]
    curve = [(0, float(i), DETECTION, ident) for i, ident in enumerate([*ids, *ids])]
    assert run([curve]) == [list(range(len(ids)))]
