"""What somebody asked for is sent as long as they may have it sent there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fink_ad.review.accounts import link_account, new_link_code
from fink_ad.review.digests import queue_heartbeat
from fink_ad.review.outbox import Outbox
from fink_ad.store.records.notifications import NewNotification, NewSubscription

MARIA, JULIEN, GROUP, OPERATORS = 501, 502, -1001, -1002

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def outbox(desk) -> Outbox:
    return Outbox(desk)


@pytest.fixture
def strangest(store) -> tuple[str, int]:
    order = store.order(store.latest_order("ztf", "transient").id)
    return str(order.object_id[0]), int(order.alert_id[0])


def asked(store, reviewer, target: str):
    return store.add_subscription(
        NewSubscription(target, reviewer.id, "ztf", "transient", rarity=1.0)
    )


def queue(store, target: str, strangest, occasion: str, **changes) -> None:
    now, (name, alert_id) = datetime.now(UTC), strangest
    one = NewNotification(
        "candidate", target, "ztf", name, "shared", occasion, now, now + timedelta(hours=1),
        alert_id=alert_id, night=20260301, one_in=1e6, reason="rarity",
    )  # fmt: skip
    store.queue_notifications([replace(one, **changes)])


def relink(store, name: str, user: int) -> None:
    code = new_link_code(store, store.find_reviewer(name)).code
    link_account(store, user, user, code)


def test_who_is_linked_anew_gets_nothing_of_the_one_before(store, outbox, maria, julien, strangest):
    chat = f"telegram:{MARIA}"
    old = asked(store, maria, chat)
    store.add_watch(maria.id, chat, "ztf", strangest[0], told=0)
    store.unlink_chat(MARIA)
    relink(store, "Julien", MARIA)
    assert store.watches() == store.subscriptions() == ()
    queue(store, chat, strangest, "first", subscription_id=old.id)
    queue(store, chat, strangest, "watch:1", kind="watch", model=f"reviewer:{maria.id}")
    assert outbox.take(chat) is None
    assert {one.state for one in store.notifications()} == {"unwanted"}


def test_who_is_linked_anew_as_before_keeps_what_was_asked(store, maria, strangest):
    chat = f"telegram:{MARIA}"
    asked(store, maria, chat)
    store.add_watch(maria.id, chat, "ztf", strangest[0], told=0)
    store.unlink_chat(MARIA)
    relink(store, "Maria", MARIA)
    assert len(store.watches()) == len(store.subscriptions()) == 1


def test_what_another_asked_for_in_a_chat_is_not_sent_there(
    store, outbox, maria, julien, strangest
):
    """As of a time at which linking anew did not end it."""
    chat = f"telegram:{MARIA}"
    old = asked(store, julien, chat)
    queue(store, chat, strangest, "first", subscription_id=old.id)
    queue(store, chat, strangest, "watch:1", kind="watch", model=f"reviewer:{julien.id}")
    assert outbox.take(chat) is None
    details = {one.detail for one in store.notifications()}
    assert details == {"who asked for it is not linked to this chat any more"}


@pytest.mark.parametrize("place", [f"telegram:{GROUP}", "door:team"])
@pytest.mark.parametrize("change", ["retired", "no operator"])
def test_what_an_operator_asked_for_lapses_with_the_role(
    desk, store, outbox, julien, strangest, place, change
):
    wish = asked(store, julien, place)
    queue(store, place, strangest, "first", subscription_id=wish.id)
    assert outbox.take(place) is not None
    if change == "retired":
        store.retire_reviewer("Julien")
    else:
        store.change_reviewer("Julien", role="reviewer")
    queue(store, place, strangest, "again:1", subscription_id=wish.id)
    queue_heartbeat(store, desk.settings, datetime.now(UTC))
    assert outbox.take(place) is None
    assert {one.state for one in store.notifications("unwanted", place)} == {"unwanted"}
    told = [one.body for one in store.notifications("queued", f"telegram:{OPERATORS}")]
    (lapse,) = [text for text in told if place in text]
    assert lapse == (
        f"Nothing is sent to {place} any more: Julien asked for it, who is no operator any more."
        " An operator can ask for it anew."
    )


def test_a_place_hears_of_the_night_as_long_as_somebody_may_ask(desk, store, outbox, julien, maria):
    place = f"telegram:{GROUP}"
    asked(store, julien, place)
    store.change_reviewer("Maria", role="operator")
    store.add_subscription(NewSubscription(place, maria.id, "lsst", "transient"))
    store.retire_reviewer("Julien")
    queue_heartbeat(store, desk.settings, datetime.now(UTC))
    assert outbox.take(place).notification.kind == "heartbeat"


def test_operators_are_told_of_what_lapsed_where_it_is_listed(telegram, bot, store, julien, maria):
    asked(store, maria, "door:team")
    asked(store, julien, "door:other")
    telegram.write("/subscribe", JULIEN)
    (listed,) = telegram.wait_for(lambda: telegram.sent(JULIEN))
    lapsed = [line for line in listed["text"].splitlines() if "not sent" in line]
    assert len(lapsed) == 1
    assert lapsed[0].endswith("; not sent: Maria asked for it, who is no operator any more")
