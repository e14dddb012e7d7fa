"""Digests: made once, whoever dies over them, of what the condition holds of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from fink_ad.errors import StoreError
from fink_ad.review.digests import queue_digests
from fink_ad.review.outbox import Outbox
from fink_ad.store import unpack_features
from fink_ad.store.records.notifications import NewSubscription

MARIA, JULIEN = 501, 502

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def clock(store):
    """Gives the hour of all digests here."""
    hour = datetime(2026, 11, 2, 8, tzinfo=UTC)
    store._clock = lambda: hour - timedelta(days=1)  # when the subscriptions were made
    yield lambda: hour
    store._clock = lambda: datetime.now(UTC)


def subscribe(store, reviewer, chat: int = MARIA, **changes):
    wish = NewSubscription(
        f"telegram:{chat}", reviewer.id, "ztf", "transient", rarity=1.0, digest_at="08:00"
    )
    return store.add_subscription(replace(wish, **changes))


def test_a_digest_whose_maker_died_is_made_by_the_next(desk, store, maria, clock, monkeypatch):
    wish = subscribe(store, maria)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("fink_ad.store.repository.notifications.note_done", die)
        with pytest.raises(KeyboardInterrupt):
            queue_digests(store, desk.settings, clock())
    assert store.notifications() == ()
    assert queue_digests(store, desk.settings, clock()) == 1
    assert {one.subscription_id for one in store.notifications()} == {wish.id}
    assert queue_digests(store, desk.settings, clock()) == 0


def test_a_digest_that_was_begun_and_never_made_is_made(desk, store, maria, clock):
    wish = subscribe(store, maria)
    assert store.start_job(f"digest {wish.id}", clock(), "of a process that is no more")
    assert queue_digests(store, desk.settings, clock()) == 1
    assert len(store.notifications()) > 0


def test_a_digest_that_fails_holds_up_no_other(desk, store, maria, julien, clock, monkeypatch):
    subscribe(store, maria, population="solar_system")
    wish = subscribe(store, julien, JULIEN)
    latest = store.latest_order

    def broken(survey: str, population: str, *whose: object):
        if population == "solar_system":
            raise StoreError("the order was superseded")
        return latest(survey, population, *whose)

    with monkeypatch.context() as patched:
        patched.setattr(store, "latest_order", broken)
        with pytest.raises(StoreError, match="superseded"):
            queue_digests(store, desk.settings, clock())
    assert {one.subscription_id for one in store.notifications()} == {wish.id}


def test_a_condition_that_holds_of_few_still_fills_the_digest(desk, store, maria, clock):
    order = store.order(store.latest_order("ztf", "transient").id)
    n_det = np.sort(np.unique(order.n_det[:50]))
    where = f"n_det > {max(n_det)} and one_in < 1e12"
    holds = order.n_det > max(n_det)
    assert holds.sum() >= 3
    assert not holds[:50].any()  # none is among the strangest
    wish = subscribe(store, maria, per_night=3, where=where)
    assert queue_digests(store, desk.settings, clock()) == 1
    outbox, sent = Outbox(desk, clock), []
    store._clock = clock
    while (parcel := outbox.take(wish.target)) is not None:
        sent.append(parcel.notification.alert_id)
        outbox.accepted(parcel, str(len(sent)))
    assert set(sent) <= set(order.alert_id[holds].tolist())
    assert len(sent) == 3


def test_a_condition_on_a_feature_is_asked_of_all(desk, store, maria, clock):
    record = store.latest_order("ztf", "transient")
    order, model = store.order(record.id), desk.model(record.revision_id)
    newest = (order.night == order.night.max()) & (order.one_in >= 1.0)
    kept = store.kept("ztf", order.alert_id[newest])
    values = unpack_features([one.features for one in kept])[:, 0]
    middle = float(np.nanmedian(values))
    expected = {one.alert_id for one, value in zip(kept, values, strict=True) if value > middle}
    assert 0 < len(expected) < len(kept)
    subscribe(store, maria, per_night=500, where=f"{model.schema.names[0]} > {middle!r}")
    assert queue_digests(store, desk.settings, clock()) == 1
    assert {one.alert_id for one in store.notifications(limit=None)} == expected
