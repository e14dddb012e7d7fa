"""The outbox: queued with the candidates, taken in hand, sent once."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from fink_ad.errors import StoreError
from fink_ad.store import CountKey, ReviewerRecord, Store, upgrade
from fink_ad.store.connection import Database
from fink_ad.store.connection import database_url as parse_url
from fink_ad.store.records.notifications import NewNotification, NewSubscription

NOW = datetime(2026, 3, 22, 12, tzinfo=UTC)
CHAT = "telegram:77"


@pytest.fixture
def maria(store: Store) -> ReviewerRecord:
    return store.add_reviewer("Maria")


def subscribe(store: Store, reviewer: ReviewerRecord, **changes: object):
    values = {"target": CHAT, "survey": "ztf", "population": "transient"} | changes
    return store.add_subscription(NewSubscription(reviewer_id=reviewer.id, **values))


def new(name: str, one_in: float = 1000.0, **changes: object) -> NewNotification:
    now = datetime.now(UTC)
    values = {
        "kind": "candidate",
        "target": CHAT,
        "survey": "ztf",
        "object_id": name,
        "model": "shared",
        "occasion": "first",
        "due_at": now,
        "expires_at": now + timedelta(hours=1),
        "one_in": one_in,
    } | changes
    return NewNotification(**values)


def test_candidates_and_their_notifications_are_stored_together(store: Store, maria, make):
    subscription = subscribe(store, maria, rarity=5000.0)
    subscribe(store, maria, target="telegram:78", rarity=5001.0)
    subscribe(store, maria, target="telegram:79", survey="lsst", rarity=10.0)
    subscribe(store, maria, target="telegram:80", rarity=10.0, digest_at="08:00")
    store.commit_batch(make.batch([1, 2]))
    found = store.notifications()
    assert {(one.target, one.object_id) for one in found} == {(CHAT, "object1"), (CHAT, "object2")}
    assert {one.subscription_id for one in found} == {subscription.id}
    store.commit_batch(make.batch([1, 2]))
    assert len(store.notifications()) == 2


def test_a_batch_that_fails_leaves_no_notification(store: Store, maria, make):
    subscribe(store, maria, rarity=2.0)
    unstorable = {CountKey(2**70, "ztf", kind): 1 for kind in ("in", "scored")}
    with pytest.raises((OverflowError, StoreError)):
        store.commit_batch(make.batch([1], counts=unstorable))
    assert store.notifications() == store.candidates() == ()


def test_a_known_object_comes_under_another_name(store: Store, maria, make):
    subscribe(store, maria, rarity=2.0)
    store.commit_batch(make.batch([1, 8]))  # two alerts of object1
    store.commit_batch(make.batch([15], start=10))
    found = {one.alert_id: one.occasion for one in store.notifications()}
    assert found == {8: "first", 1: "again:1", 15: "again:15"}


def test_a_watched_object_is_told_of(store: Store, maria, make):
    store.commit_batch(make.batch([1]))
    store.add_watch(maria.id, CHAT, "ztf", "object1", told=1)
    store.commit_batch(make.batch([8, 9], start=10, candidates=()))
    (found,) = store.notifications()
    assert (found.kind, found.alert_id, found.occasion) == ("watch", 8, "watch:8")
    assert store.remove_watch(maria.id, "ztf", "object1")
    assert not store.remove_watch(maria.id, "ztf", "object1")


def test_the_same_name_is_queued_once(store: Store):
    assert store.queue_notifications([new("a"), new("b"), new("a")]) == 2
    assert store.queue_notifications([new("a"), new("a", model="reviewer:1")]) == 1


def test_the_rarest_goes_first_and_each_goes_once(store: Store):
    store.queue_notifications([new("a", 10.0), new("b", 3000.0), new("c", 200.0)])
    assert store.targets_due() == (CHAT,)
    names = []
    while (one := store.claim_notification(CHAT, 60)) is not None:
        names.append(one.object_id)
        assert (one.attempts, one.in_doubt) == (1, False)
        sent = store.mark_sent(one.id, f"m{one.id}")
        assert (sent.state, sent.message_id, sent.claimed_until) == ("sent", f"m{one.id}", None)
        assert store.find_message(CHAT, f"m{one.id}").object_id == one.object_id
    assert names == ["b", "c", "a"]
    assert store.targets_due() == ()
    assert store.last_sent(CHAT, "shared", "ztf", "a").object_id == "a"
    assert store.last_sent(CHAT, "shared", "ztf", "x") is None


@pytest.mark.parametrize("begun", [True, False])
def test_what_a_dead_sender_held_comes_again_in_doubt_if_it_was_on_its_way(store: Store, begun):
    store.queue_notifications([new("a")])
    held = store.claim_notification(CHAT, 0.001)
    if begun:
        assert store.begin_notification(held, 0.001)
    later = datetime.now(UTC) + timedelta(seconds=1)
    store._clock = lambda: later
    again = store.claim_notification(CHAT, 60)
    assert (again.id, again.in_doubt, again.attempts) == (held.id, begun, 2)
    assert again.begun_at is None
    assert store.claim_notification(CHAT, 60) is None
    assert not store.begin_notification(held, 60)  # it is in other hands
    assert store.begin_notification(again, 60)
    store.mark_sent(again.id, "1")
    assert not store.begin_notification(again, 60)


def test_what_was_in_hand_before_an_upgrade_is_in_doubt(home, database_url: str):
    config = Config()
    config.set_main_option("script_location", "fink_ad.store:migrations")
    home.mkdir(exist_ok=True)
    with Database(parse_url(database_url)) as database, database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        for name, state in (("a", "sending"), ("b", "queued")):
            row = {"name": name, "state": state, "old": "2026-03-01", "end": "2099-01-01"}
            connection.execute(text(OLD_MESSAGE), row)
    upgrade(database_url)
    with Store.open(home, database_url) as store:
        found = [store.claim_notification(CHAT, 60) for _ in range(2)]
    assert {one.occasion: one.in_doubt for one in found} == {"a": True, "b": False}


OLD_MESSAGE = """
    INSERT INTO notification
    (kind, target, survey, object_id, model, occasion, alert_id, population, model_revision, night,
     beyond, reason, in_doubt, message_id, detail, body, attempts, due_at, created_at,
     claimed_until, expires_at, state)
    VALUES ('candidate', 'telegram:77', 'ztf', 'x', 'shared', :name, 1, 'transient', '', 20260301,
     false, '', false, '', '', '', 1, :old, :old,
     :old, :end, :state)
"""


def test_what_was_withdrawn_is_not_in_doubt(store: Store):
    store.queue_notifications([new("a")])
    held = store.claim_notification(CHAT, 60)
    assert store.begin_notification(held, 0.001)
    store.withdraw_notification(held.id)
    later = datetime.now(UTC) + timedelta(seconds=1)
    store._clock = lambda: later
    assert not store.claim_notification(CHAT, 60).in_doubt


def test_what_is_put_off_on_its_way_stays_in_doubt(store: Store):
    store.queue_notifications([new("a")])
    held = store.claim_notification(CHAT, 60)
    now = datetime.now(UTC)
    assert store.put_off(held.id, now, "the line broke", in_doubt=True).in_doubt
    store._clock = lambda: now
    assert store.put_off(store.claim_notification(CHAT, 60).id, now, "too many").in_doubt


def test_what_is_put_off_waits(store: Store):
    store.queue_notifications([new("a")])
    held = store.claim_notification(CHAT, 60)
    until = datetime.now(UTC) + timedelta(minutes=5)
    store.put_off(held.id, until, "quiet hours")
    assert store.claim_notification(CHAT, 60) is None
    store._clock = lambda: until
    again = store.claim_notification(CHAT, 60)
    assert (again.id, again.in_doubt, again.detail) == (held.id, False, "quiet hours")


def test_what_is_stale_is_not_sent(store: Store):
    old = datetime.now(UTC) - timedelta(seconds=1)
    store.queue_notifications([new("a", due_at=old, expires_at=old)])
    assert store.claim_notification(CHAT, 60) is None
    assert [one.state for one in store.notifications()] == ["expired"]


def test_surplus_of_a_night_is_dropped_at_once(store: Store, maria):
    subscription = subscribe(store, maria)
    own = {"subscription_id": subscription.id, "night": 20260322}
    store.queue_notifications([new(f"o{i}", float(i), **own) for i in range(300)])
    store.mark_sent(store.claim_notification(CHAT, 60).id, "1")
    assert store.count_sent(subscription.id, 20260322) == 1
    assert store.drop_surplus(subscription.id, 20260322) == 299
    assert store.claim_notification(CHAT, 60) is None


def test_what_is_in_doubt_is_no_surplus(store: Store, maria):
    subscription = subscribe(store, maria)
    own = {"subscription_id": subscription.id, "night": 20260322}
    store.queue_notifications([new(f"o{i}", float(i), **own) for i in range(3)])
    store.put_off(store.claim_notification(CHAT, 60).id, NOW, "no answer", in_doubt=True)
    assert store.count_sent(subscription.id, 20260322) == 1
    assert store.drop_surplus(subscription.id, 20260322) == 2
    assert store.claim_notification(CHAT, 60).object_id == "o2"


def test_a_later_subscription_to_the_same_list_replaces_the_earlier(store: Store, maria):
    first = subscribe(store, maria)
    second = subscribe(store, maria, per_night=3)
    assert [one.id for one in store.subscriptions(CHAT)] == [second.id]
    with pytest.raises(StoreError, match="no subscription"):
        store.end_subscription(first.id, CHAT)
    with pytest.raises(StoreError, match="no subscription"):
        store.end_subscription(second.id, "telegram:1")
    store.end_subscription(second.id, CHAT)
    assert store.subscriptions() == ()


def test_what_is_long_out_of_date_goes_but_what_a_target_knows_stays(timed: Store, hand_clock):
    day = timedelta(days=1)

    def queue(name: str, occasion: str, sent: bool) -> None:
        now = hand_clock.now
        one = new(name, occasion=occasion, due_at=now, expires_at=now + timedelta(hours=1))
        timed.queue_notifications([one])
        stored = timed.notifications()[0]
        if sent:
            timed.mark_sent(stored.id, occasion)

    queue("a", "first", True)
    queue("b", "first", False)
    hand_clock.pass_by(5 * 86_400)
    queue("a", "again:1", True)
    queue("c", "first", False)
    assert timed.remove_notifications(6 * day) == 0
    assert timed.remove_notifications(4 * day) == 2
    left = {(one.object_id, one.occasion) for one in timed.notifications()}
    assert left == {("a", "again:1"), ("c", "first")}
    hand_clock.pass_by(100 * 86_400)
    assert timed.remove_notifications(4 * day) == 1
    assert timed.last_sent(CHAT, "shared", "ztf", "a").occasion == "again:1"


def test_a_target_that_got_another_name_is_told_all_that_waits_each_once(store: Store, maria):
    old, grown = "telegram:-1", "telegram:-1009"
    subscribe(store, maria, target=old)
    store.queue_notifications([new("known", target=grown), new("both", target=grown)])
    sent = store.claim_notification(grown, 60)
    store.mark_sent(sent.id, "1")
    store.queue_notifications([new(name, target=old) for name in ("known", "both", "c", "d")])
    store.claim_notification(old, 60)
    store.move_target(old, grown)
    assert store.targets_due() == (grown,)
    left = []
    while (one := store.claim_notification(grown, 60)) is not None:
        left.append(one.object_id)
        store.mark_sent(one.id, "1")
    assert sorted([*left, sent.object_id]) == ["both", "c", "d", "known"]
    assert len(store.notifications("unwanted", old)) == 2
    assert [one.target for one in store.subscriptions()] == [grown]
    # What is queued for the old name afterwards is moved as well.
    store.queue_notifications([new("e", target=old)])
    store.move_target(old, grown)
    assert store.claim_notification(grown, 60).object_id == "e"


def test_what_a_job_makes_is_queued_with_the_note_of_it_once(store: Store):
    assert store.start_job("digest 1", NOW, "of a process that is no more")
    assert not store.job_done("digest 1", NOW)
    assert store.queue_of_job("digest 1", NOW, CHAT, [new("a"), new("b")])
    assert not store.queue_of_job("digest 1", NOW, CHAT, [new("c")])
    assert {one.object_id for one in store.notifications()} == {"a", "b"}
    (run,) = store.job_runs("digest 1")
    assert (run.due, run.outcome, run.detail) == (NOW, "done", "2 messages")
    assert store.job_done("digest 1", NOW)
