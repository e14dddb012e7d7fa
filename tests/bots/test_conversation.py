"""A reviewer and the bot, over a real connection to a Bot API that keeps the rules."""

import pytest

from fink_ad.review.accounts import new_link_code

MARIA, JULIEN, STRANGER, GROUP = 501, 502, 666, -1001

pytestmark = pytest.mark.enable_socket


def said(telegram, chat: int, n: int = 1) -> list[str]:
    """Wait for so many messages in a chat, and return their texts."""
    telegram.wait_for(lambda: len(telegram.sent(chat)) >= n)
    return [one.get("text", one.get("caption")) for one in telegram.sent(chat)]


def buttons(message) -> list[list[str]]:
    return [[one["text"] for one in row] for row in message["reply_markup"]["inline_keyboard"]]


def test_link_next_tap_undo(telegram, bot, store):
    maria = store.add_reviewer("Maria")
    telegram.write("/link " + new_link_code(store, maria).code.lower(), MARIA)
    assert said(telegram, MARIA) == ["Welcome, <b>Maria</b>. Write /next for a candidate."]
    telegram.write("/next", MARIA)
    said(telegram, MARIA, 2)
    message = telegram.sent(MARIA)[1]
    assert buttons(message) == [["Anomaly", "Ordinary"], ["Bogus", "Unsure"], ["Why?", "More"]]
    assert "1 in" in message["caption"] or "1 in" in message["caption"].lower()

    telegram.tap(message, "Anomaly", MARIA)
    telegram.wait_for(lambda: store.labels(reviewer_id=maria.id))
    (label,) = store.labels(reviewer_id=maria.id)
    assert (label.answer, label.channel) == ("anomaly", "telegram")
    assert label.shown_at is not None
    assert label.shown_at <= label.answered_at
    (showing,) = store.showings(maria.id)
    assert (showing.alert_id, showing.model_revision) == (label.alert_id, label.model_revision)
    undo = ["✓ anomaly — undo", "Next"]
    telegram.wait_for(lambda: buttons(telegram.sent(MARIA)[1]) == [undo])

    telegram.tap(telegram.sent(MARIA)[1], "✓ anomaly", MARIA)
    telegram.wait_for(lambda: len(store.labels(reviewer_id=maria.id)) == 2)
    assert store.latest_labels("ztf", reviewer_id=maria.id) == ()
    telegram.wait_for(lambda: buttons(telegram.sent(MARIA)[1])[0] == ["Anomaly", "Ordinary"])

    telegram.tap(telegram.sent(MARIA)[1], "Bogus", MARIA)
    telegram.wait_for(lambda: store.latest_labels("ztf", reviewer_id=maria.id))
    telegram.wait_for(lambda: "✓ bogus" in buttons(telegram.sent(MARIA)[1])[0][0])
    telegram.tap(telegram.sent(MARIA)[1], "Next", MARIA)
    said(telegram, MARIA, 3)
    first, second = telegram.sent(MARIA)[1:]
    assert first["caption"] != second["caption"]
    assert len(telegram.answers) == 4
