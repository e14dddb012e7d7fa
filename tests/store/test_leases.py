"""One holder at a time, and nothing written by who is late."""

import pytest

from fink_ad.errors import LeaseLost, StoreError
from fink_ad.store import Lease, NewDecision, Store


@pytest.fixture
def mine(timed: Store) -> Lease:
    lease = timed.acquire_lease("learn", "me", 10, note="on a laptop")
    assert lease is not None
    return lease


def test_who_holds_what(timed: Store, mine: Lease, hand_clock):
    assert timed.leases() == (mine,)
    assert (mine.holder, mine.term, mine.note) == ("me", 1, "on a laptop")
    assert (mine.expires_at - hand_clock.now).total_seconds() == 10
    assert timed.acquire_lease("learn", "another", 10) is None
    assert timed.acquire_lease("retrain", "another", 10) is not None
    assert [one.name for one in timed.leases()] == ["learn", "retrain"]


def test_renewed_it_lasts(timed: Store, mine: Lease, hand_clock):
    hand_clock.pass_by(9)
    renewed = timed.renew_lease(mine, 10)
    assert (renewed.term, renewed.acquired_at) == (mine.term, mine.acquired_at)
    hand_clock.pass_by(9)
    assert timed.acquire_lease("learn", "another", 10) is None
    assert timed.leases() == (renewed,)


def test_expired_it_is_taken_over(timed: Store, mine: Lease, hand_clock):
    hand_clock.pass_by(10)
    theirs = timed.acquire_lease("learn", "another", 10)
    assert theirs is not None
    assert theirs.term == 2
    with pytest.raises(LeaseLost, match=r"'learn' of 'me' is held by 'another'.*acquire it again"):
        timed.renew_lease(mine, 10)
    timed.release_lease(mine)
    assert timed.leases() == (theirs,)


def test_expired_but_nobody_came(timed: Store, mine: Lease, hand_clock):
    hand_clock.pass_by(60)
    assert timed.renew_lease(mine, 10).term == mine.term
    assert timed.acquire_lease("learn", "another", 10) is None


def test_released_it_is_free_at_once_and_gone_for_good(timed: Store, mine: Lease):
    timed.release_lease(mine)
    assert timed.leases() == ()
    with pytest.raises(LeaseLost, match="was released"):
        timed.renew_lease(mine, 10)
    theirs = timed.acquire_lease("learn", "another", 10)
    assert theirs is not None
    assert theirs.term > mine.term


def test_a_restarted_holder_shuts_out_its_former_self(timed: Store, mine: Lease):
    again = timed.acquire_lease("learn", "me", 10)
    assert again is not None
    assert again.term == mine.term + 1
    with pytest.raises(LeaseLost):
        timed.renew_lease(mine, 10)


def promote(store: Store, lease: Lease) -> None:
    decision = NewDecision("revision-1", None, "ztf", "transient", "promoted", "gate")
    store.promote(decision, lease)


@pytest.mark.parametrize("fate", ["expired", "taken over", "released"])
@pytest.mark.parametrize("write", ["activate", "publish", "promote"])
def test_who_is_late_writes_nothing(timed: Store, mine: Lease, hand_clock, make, fate, write):
    timed.register_model(make.model())
    if fate == "released":
        timed.release_lease(mine)
    else:
        hand_clock.pass_by(11)
    if fate == "taken over":
        timed.acquire_lease("learn", "another", 10)
    writes = {
        "activate": lambda: timed.activate_model(make.revision, mine),
        "publish": lambda: timed.publish_order(make.new_order(), mine),
        "promote": lambda: promote(timed, mine),
    }
    with pytest.raises(LeaseLost, match="acquire it again"):
        writes[write]()
    assert timed.active_model("ztf", "transient") is None
    assert timed.latest_order("ztf", "transient") is None
    assert timed.decisions() == ()


def test_who_holds_it_writes(timed: Store, mine: Lease, make):
    timed.register_model(make.model())
    timed.activate_model(make.revision, mine)
    promote(timed, mine)
    assert timed.publish_order(make.new_order(), mine).n_objects == 3


def test_what_makes_no_sense(timed: Store):
    with pytest.raises(StoreError, match="lease of 0 seconds makes no sense"):
        timed.acquire_lease("learn", "me", 0)
    with pytest.raises(StoreError, match="needs a holder"):
        timed.acquire_lease("learn", "", 10)
