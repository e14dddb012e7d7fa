"""Who is kept, for what, and until when."""

from dataclasses import replace

import numpy as np
import pytest

from fink_ad.errors import StoreError
from fink_ad.store import (
    KeptFor,
    Store,
    pack_features,
    reservoir_key,
    unpack_alerts,
    unpack_features,
)


def keep(store: Store, make, kept, start: int, **changes) -> None:
    store.commit_batch(make.batch([], start=start, kept=kept, **changes, counts={}))


def test_an_alert_comes_back_as_it_was(store: Store, make):
    (record,) = make.kept([42], KeptFor.TOP, ra_deg=float("nan"), stamps=b"stamps")
    keep(store, make, (record,), 0)
    (found,) = store.kept("ztf", [42, 43])
    assert np.isnan(found.ra_deg)
    assert replace(found, ra_deg=0.0) == replace(record, ra_deg=0.0)
    assert unpack_alerts([found.alert]).record_batch.equals(make.alerts([42]).record_batch)
    assert unpack_features([found.features]).tolist() == [[0.042, np.sqrt(0.042)]]


def test_reasons_and_stamps_gather(store: Store, make):
    keep(store, make, make.kept([1], KeptFor.TOP), 0)
    keep(store, make, make.kept([1], KeptFor.RANDOM, stamps=b"stamps"), 1)
    keep(store, make, make.kept([1], KeptFor.RANDOM), 2)
    (found,) = store.kept("ztf", [1])
    assert found.kept_for == KeptFor.TOP | KeptFor.RANDOM
    assert found.stamps == b"stamps"


def test_alerts_of_an_object(store: Store, make):
    early = make.kept([8], mjd_utc=1.0)
    keep(store, make, make.kept([1, 2, 15]) + early, 0)
    assert [one.alert_id for one in store.object_alerts("object1")] == [8, 1, 15]
    assert store.object_alerts("object1", survey="lsst") == ()


@pytest.mark.parametrize("seed", [1, 2])
def test_the_reservoir_does_not_depend_on_order(store: Store, make, seed):
    ids = np.random.default_rng(seed).permutation(60)
    for start, some in enumerate(np.split(ids, 6)):
        admitted = some[store.reservoir_admits("ztf", "transient", some, size=10)]
        kept = make.kept(admitted.tolist(), KeptFor.REFERENCE)
        keep(store, make, kept, start, reservoir_size=10)
    found = [one.alert_id for one in store.reference("ztf", "transient")]
    expected = np.arange(60)[np.argsort(reservoir_key("ztf", np.arange(60)))][:10]
    assert found == expected.tolist()
    # Who left it was kept for nothing else and is gone.
    assert len(store.kept("ztf", range(60))) == 10


def test_who_leaves_the_reservoir_may_be_kept_for_another_reason(store: Store, make):
    kept = make.kept(list(range(20)), KeptFor.REFERENCE | KeptFor.CANDIDATE)
    keep(store, make, kept, 0, reservoir_size=5)
    assert len(store.reference("ztf", "transient")) == 5
    assert len(store.kept("ztf", range(20))) == 20


def test_who_leaves_the_reservoir_while_in_hand_stays_until_then(timed: Store, make, hand_clock):
    reviewer = timed.add_reviewer("Maria").id
    by_key = np.argsort(reservoir_key("ztf", np.arange(20))).tolist()
    keep(timed, make, make.kept(by_key[10:], KeptFor.REFERENCE), 0, reservoir_size=10)
    assert timed.take_showing([make.showing(by_key[15], reviewer)], 60) is not None
    keep(timed, make, make.kept(by_key[:9], KeptFor.REFERENCE), 1, reservoir_size=10)
    stay = {one.alert_id for one in timed.kept("ztf", range(20))}
    assert stay == {*by_key[:9], by_key[10], by_key[15]}
    assert len(timed.reference("ztf", "transient")) == 10
    hand_clock.pass_by(60)
    keep(timed, make, make.kept(by_key[9:10], KeptFor.REFERENCE), 2, reservoir_size=10)
    assert {one.alert_id for one in timed.kept("ztf", range(20))} == set(by_key[:10])


def test_an_empty_reservoir_makes_no_sense(store: Store):
    with pytest.raises(StoreError, match="reservoir of 0"):
        store.reservoir_admits("ztf", "transient", np.array([1]), size=0)


def test_features_follow_a_new_schema(store: Store, make, give_features):
    keep(store, make, make.kept([1, 2]), 0)
    give_features(store, "ztf", [2, 1], "new", pack_features(np.array([[2.0], [1.0]])))
    found = store.kept("ztf", [1, 2])
    assert [one.feature_schema for one in found] == ["new", "new"]
    assert unpack_features([one.features for one in found]).tolist() == [[1.0], [2.0]]
