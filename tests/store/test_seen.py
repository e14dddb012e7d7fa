"""Duplicates are recognised within a batch, a run, and across runs."""

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fink_ad.store import SeenAlerts
from fink_ad.store.seen import IdSet

batches_of_ids = st.lists(st.lists(st.integers(-50, 50), max_size=30), max_size=20)


@settings(max_examples=200, deadline=None)
@given(batches_of_ids)
def test_like_a_set(batches):
    ids, known = IdSet(), set()
    for batch in batches:
        expected = [one not in known and one not in batch[:n] for n, one in enumerate(batch)]
        assert ids.first_time(np.array(batch, np.int64)).tolist() == expected
        known.update(batch)
    assert len(ids) == len(known)


def test_earlier_runs_count():
    stored = {("ztf", 1): [1, 2], ("ztf", 2): [3], ("lsst", 1): [4]}
    seen = SeenAlerts(lambda survey, night: np.array(stored.get((survey, night), []), np.int64))
    night, ids = np.array([1, 1, 2, 2, 1]), np.array([2, 4, 2, 3, 4])
    assert seen.first_time("ztf", night, ids).tolist() == [False, True, True, False, False]


def test_nights_met_longest_ago_are_put_aside_and_loaded_again():
    stored: dict[int, list[int]] = {}
    loads = []

    def load(survey: str, night: int) -> np.ndarray:
        loads.append(night)
        return np.array(stored.get(night, []), np.int64)

    seen = SeenAlerts(load, max_ids=2)
    for night in (1, 2, 3):
        assert seen.first_time("ztf", np.array([night]), np.array([night])).all()
        stored[night] = [night]
    assert len(seen) == 2
    assert not seen.first_time("ztf", np.array([3, 2, 1]), np.array([3, 2, 1])).any()
    assert loads == [1, 2, 3, 1]
    # The nights of one batch stay together, however many ids they have.
    assert len(seen) == 3


@pytest.mark.slow
def test_ten_million_ids_take_less_than_200_megabytes():
    process = psutil.Process()
    before = process.memory_info().rss
    ids, largest = IdSet(), 0
    for first in range(0, 10_000_000, 50_000):
        assert ids.first_time(first * 977 + np.arange(50_000)).all()
        largest = max(largest, process.memory_info().rss)
    assert len(ids) == 10_000_000
    assert largest - before < 200e6
