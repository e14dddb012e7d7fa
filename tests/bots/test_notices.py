"""Operators hear of errors: soon, seldom, and nothing that people wrote."""

import asyncio
from urllib.request import urlopen

import pytest
from fakes.telegram import TOKEN

from fink_ad.bots import notices
from fink_ad.bots.notices import Notices
from fink_ad.errors import StoreError
from fink_ad.review.outbox import Outbox

MARIA, OPERATORS = 501, -1002

pytestmark = pytest.mark.enable_socket


def texts(telegram, chat: int) -> list[str]:
    return [one["text"] for one in telegram.sent(chat)]


def test_what_nobody_foresaw_is_told_once_without_what_was_written(
    telegram, bot, store, maria, monkeypatch, capsys
):
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a secret of Maria's")

    monkeypatch.setattr(store, "object_alerts", fail)
    telegram.write("/object my-secret-note", MARIA)
    telegram.write("/object my-secret-note", MARIA)
    telegram.wait_for(lambda: len(telegram.sent(MARIA)) == 2)
    assert texts(telegram, MARIA)[0].startswith("Something went wrong here")
    expected = "Bot: what somebody asked failed (ZeroDivisionError). The log says more."
    assert texts(telegram, OPERATORS) == [expected]
    assert "a secret of Maria's" in capsys.readouterr().out


def test_an_outbox_that_cannot_be_read_is_told(telegram, at_work, desk, monkeypatch):
    def fail(*_: object) -> None:
        raise StoreError("the disk at /a/secret/place is full")

    monkeypatch.setattr(Outbox, "targets", fail)
    monkeypatch.setattr("fink_ad.bots.sender._PAUSE_SECONDS", 0.05)
    with at_work(desk):
        telegram.wait_for(lambda: texts(telegram, OPERATORS))
    expected = "Bot: the outbox cannot be read (StoreError). The log says more."
    assert texts(telegram, OPERATORS) == [expected]


class Chat:
    """Takes messages as a bot does."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send_message(self, chat_id: int, text: str) -> None:
        assert chat_id == OPERATORS
        self.sent.append(text)


@pytest.mark.parametrize("chat_id", [OPERATORS, None])
def test_many_are_held_back_and_counted(chat_id):
    chat, now = Chat(), [0.0]
    told = Notices(chat, chat_id, lambda: now[0])  # type: ignore[arg-type]

    async def storm() -> None:
        for i in range(20):
            await told.tell(f"thing {i} failed", ValueError())
        now[0] += notices._PERIOD_SECONDS
        await told.tell("thing 0 failed", ValueError())

    asyncio.run(storm())
    if chat_id is None:
        assert chat.sent == []
    else:
        assert len(chat.sent) == notices._MOST + 1
        assert chat.sent[-1].endswith("14 more held back before this.")


def test_a_second_bot_with_the_token_is_told(telegram, bot):
    telegram.wait_for(lambda: any(call.method == "getUpdates" for call in telegram.calls))
    with urlopen(f"{telegram.base_url}{TOKEN}/getUpdates", data=b"timeout=0"):  # noqa: S310
        pass
    telegram.wait_for(lambda: texts(telegram, OPERATORS))
    expected = "Bot: another bot has its token (Conflict). The log says more."
    assert texts(telegram, OPERATORS) == [expected]
