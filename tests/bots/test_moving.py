"""A group of the chat service that becomes a large one gets another number."""

from datetime import UTC, datetime, timedelta

import pytest
from fakes.telegram import Refusal

from fink_ad.store.records.notifications import NewNotification

MARIA, OPERATORS, GROWN = 501, -1002, -1009

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def grown(telegram):
    """The fake service, at which the group of the operators has got another number."""
    telegram.refuse = lambda call: (
        Refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=GROWN)
        if call.params.get("chat_id") == str(OPERATORS)
        else None
    )
    return telegram


def tell(store, *occasions: str) -> None:
    now = datetime.now(UTC)
    store.queue_notifications(
        [
            NewNotification(
                "heartbeat", f"telegram:{OPERATORS}", "", "", "shared", occasion, now,
                now + timedelta(hours=1), body=occasion,
            )
            for occasion in occasions
        ]
    )  # fmt: skip


def knocks(telegram) -> int:
    return sum(call.params.get("chat_id") == str(OPERATORS) for call in telegram.calls)


def test_operators_whose_group_grew_hear_of_every_night(grown, bot, store):
    tell(store, "one", "two")
    grown.wait_for(lambda: len(grown.sent(GROWN)) == 2)
    tell(store, "three")  # by the old number, which the settings still have
    grown.wait_for(lambda: len(grown.sent(GROWN)) == 3)
    grown.wait_for(lambda: {one.state for one in store.notifications()} == {"sent"})
    assert knocks(grown) == 2
    assert {one["text"] for one in grown.sent(GROWN)} == {"one", "two", "three"}


def test_operators_whose_group_grew_hear_of_errors(grown, bot, store, maria, monkeypatch):
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(store, "object_alerts", fail)
    grown.write("/object a", MARIA)
    grown.wait_for(lambda: grown.sent(GROWN))
    assert "what somebody asked failed" in grown.sent(GROWN)[0]["text"]
