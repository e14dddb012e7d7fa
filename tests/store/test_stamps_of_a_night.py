"""Stamps stay with the best of a night, in whatever batches they came."""

import random

import pytest

from fink_ad.store import KeptFor, Store


def stamped(store, ids):
    return {one.alert_id for one in store.kept("ztf", ids) if one.stamps is not None}


def batches(make, ids, size, **changes):
    """Alerts with stamps; the random share is every tenth."""
    for start in range(0, len(ids), size):
        part = ids[start : start + size]
        kept = [
            *make.kept([one for one in part if one % 10], stamps=b"picture"),
            *make.kept([one for one in part if one % 10 == 0], KeptFor.RANDOM, stamps=b"picture"),
        ]
        yield make.batch(part, start, kept=tuple(kept), **changes)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_only_the_best_keep_their_stamps_in_any_order(store, make, size):
    ids = list(range(1, 101))  # the score follows the id
    random.Random(size).shuffle(ids)
    for batch in batches(make, ids, size, stamps_per_night=20):
        assert store.commit_batch(batch)
    assert stamped(store, ids) == {*range(81, 101), *range(10, 101, 10)}


def test_no_stamps_but_those_of_the_random_share_where_none_are_wanted(store: Store, make):
    for batch in batches(make, list(range(1, 31)), 10, stamps_per_night=0):
        store.commit_batch(batch)
    assert stamped(store, range(1, 31)) == {10, 20, 30}


def test_nights_have_their_own_share(store, make):
    for start, night in ((0, 20260322), (50, 20260323)):
        ids = list(range(start + 1, start + 11))
        kept = make.kept(ids, stamps=b"picture", night=night)
        store.commit_batch(make.batch(ids, start, kept=kept, stamps_per_night=3))
    assert stamped(store, range(1, 100)) == {8, 9, 10, 58, 59, 60}
