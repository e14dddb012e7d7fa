"""A watched object is told of and kept, whatever its rank."""

import copy
from datetime import UTC, datetime, timedelta

import pytest

from fink_ad.review.accounts import link_account, new_link_code
from fink_ad.review.desk import Desk
from fink_ad.review.outbox import Outbox
from fink_ad.review.pushed import answer_message
from fink_ad.simulate import simulate_night
from fink_ad.store import KeptFor
from fink_ad.store.records.notifications import NewNotification, NewSubscription

LATER_NIGHT = 20260302
CHAT = "telegram:77"
NOTHING_ELSE = {"top_share": 0.0, "random_share": 0.0, "reference": 0, "stamps_per_night": 0}


@pytest.fixture(scope="module")
def seen(packets):
    """An alert of an object that is no candidate, with stamps."""
    night = simulate_night(LATER_NIGHT, n_objects=30, seed=12, stamps="pool")
    records = packets.__class__(tuple(night.bodies)).records()
    return next(
        one
        for one in records
        if one["candidate"]["ssdistnr"] in (None, -999.0) and one["candidate"]["rb"] > 0.8
    )


@pytest.fixture
def quiet(trained_home, packets, seen, tmp_path):
    """A home that keeps candidates alone, and an object that is none."""
    return Watched(trained_home("home"), packets.__class__, seen, tmp_path)


class Watched:
    """Alerts of one object, as many as a test wants, and what is told of them."""

    def __init__(self, home, encoder, record, folder):
        self.home, self._encoder, self._record, self._folder = home, encoder, record, folder
        self.name = record["objectId"]
        self._waiting = []
        self.changes = {"kept": NOTHING_ELSE, "ranking": {"candidate_rarity": 1e9}}

    def alert(self, days: float = 0.0, brighter: float = 0.0) -> int:
        """Return the id of an alert made, to be read by `read`."""
        record = copy.deepcopy(self._record)
        record["candid"] += round(days * 1e6)
        record["candidate"]["jd"] += days
        record["candidate"]["magpsf"] -= brighter
        self._waiting.append(record)
        return record["candid"]

    def read(self):
        """Take the alerts made through the street, in one batch."""
        path = self._folder / f"{len(list(self._folder.glob('*.avro')))}.avro"
        self._encoder.encode(self._waiting).write(path)
        self._waiting = []
        summary = self.home.run(path, **self.changes)
        assert summary.n_scored == summary.n_in

    def watch(self, told: int = 0):
        with self.home.store() as store:
            maria = store.add_reviewer("Maria")
            if not store.chat_accounts():
                link_account(store, 77, 77, new_link_code(store, maria).code)
            store.add_watch(maria.id, CHAT, "ztf", self.name, told=told)

    def kept(self):
        with self.home.store() as store:
            return {one.alert_id: one for one in store.object_alerts(self.name)}

    def sent(self):
        """Send all that is due; return alert and reason of each message."""
        found = []
        with Desk(self.home.settings(**self.changes)) as desk:
            outbox = Outbox(desk, lambda: datetime.now(UTC))
            while (parcel := outbox.take(CHAT)) is not None:
                outbox.accepted(parcel, f"m{parcel.notification.id}")
                found.append((parcel.notification.alert_id, parcel.reason))
        return found


def test_without_a_watch_nothing_is_kept(quiet):
    quiet.alert()
    quiet.read()
    assert quiet.kept() == {}


def test_an_alert_that_nothing_else_keeps_is_kept_with_its_stamps_and_told(quiet):
    quiet.watch()
    alert_id = quiet.alert()
    quiet.read()
    (kept,) = quiet.kept().values()
    assert kept.kept_for == KeptFor.WATCHED
    assert kept.stamps is not None
    assert quiet.sent() == [(alert_id, "a new alert of an object you watch")]
    assert quiet.sent() == []


def test_event_and_alert_are_stored_together_or_not_at_all(quiet, monkeypatch):
    from fink_ad.errors import StoreError
    from fink_ad.store.repository import batches

    quiet.watch()
    quiet.alert()

    def fail(*_):
        raise StoreError("the power is gone")

    with monkeypatch.context() as broken:
        broken.setattr(batches, "add_counts", fail)  # the last thing a batch does
        with pytest.raises(StoreError, match="power"):
            quiet.read()
    assert quiet.kept() == {}
    assert quiet.sent() == []


def test_one_message_a_night_unless_the_object_changes(quiet):
    quiet.watch()
    first = quiet.alert()
    quiet.read()
    assert [one for one, _ in quiet.sent()] == [first]
    quiet.alert(0.01)
    quiet.read()
    assert quiet.sent() == []
    flared = quiet.alert(0.02, brighter=2.0)
    quiet.read()
    ((alert_id, why),) = quiet.sent()
    assert alert_id == flared
    assert "a new alert" not in why
    assert why.endswith((" in g", " in r"))  # says in which band it changed
    quiet.alert(1.0, brighter=2.0)
    latest = quiet.alert(1.01, brighter=2.0)
    quiet.read()
    assert quiet.sent() == [(latest, "a new alert of an object you watch")]
    assert len(quiet.kept()) == 5


def test_what_came_late_is_not_news(quiet):
    seen = quiet.alert(1.0)
    quiet.read()
    quiet.watch(told=seen)
    quiet.alert()
    quiet.read()
    assert len(quiet.kept()) == 1
    new = quiet.alert(2.0)
    quiet.read()
    assert new in [one for one, _ in quiet.sent()]


def test_what_was_answered_and_then_told_is_told_again_only_if_it_changed_since(quiet):
    quiet.watch()
    answered = quiet.alert()
    quiet.read()
    told = [quiet.alert(days, brighter=2.0) for days in (1.0, 2.0)]
    quiet.read()
    quiet.sent()  # as of a watched object, which is another matter
    now = datetime.now(UTC)
    reasons = []
    with quiet.home.store() as store:
        maria = store.find_reviewer("Maria")
        answer_message(
            store, maria, "ztf", answered, "ordinary", channel="page", shown_at=now, token="t"
        )
        wish = NewSubscription(CHAT, maria.id, "ztf", "transient")
        whose = store.add_subscription(wish).id
        for alert_id in told:
            candidate = NewNotification(
                "candidate", CHAT, "ztf", quiet.name, "shared", f"again:{alert_id}", now,
                now + timedelta(hours=1), subscription_id=whose, alert_id=alert_id, one_in=10.0,
            )  # fmt: skip
            store.queue_notifications([candidate])
            reasons.append([why for _, why in quiet.sent()])
    assert [len(found) for found in reasons] == [1, 0]
    assert reasons[0][0].endswith((" in g", " in r"))
