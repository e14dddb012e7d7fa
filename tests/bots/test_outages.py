"""What the chat service, the disk or odd data do to the sender: nothing is lost, little doubled."""

import asyncio
import time
from datetime import timedelta

import httpx
import pytest
from fakes.telegram import Call, Refusal

from fink_ad.bots import messages, sender
from fink_ad.bots.app import build_application
from fink_ad.bots.run import _serve
from fink_ad.review import outbox
from fink_ad.store.records.notifications import NewNotification

MARIA, OPERATORS = 501, -1002

pytestmark = pytest.mark.enable_socket


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch) -> None:
    monkeypatch.setattr(sender, "_LOOK_SECONDS", 0.01)


def queue(store, n: int) -> None:
    now = store._clock()
    store.queue_notifications(
        [
            NewNotification(
                "heartbeat", f"telegram:{MARIA}", "", "", "shared", str(i),
                now, now + timedelta(hours=24), body=f"message {i}",
            )
            for i in range(n)
        ]
    )  # fmt: skip


def texts(telegram, chat: int = MARIA) -> list[str]:
    return [one["text"].partition("\n")[0] for one in telegram.sent(chat)]


def states(store) -> list[str]:
    return [one.state for one in store.notifications(limit=None)]


@pytest.mark.parametrize("how", ["refuses connections", "502", "401"])
def test_a_service_that_is_down_for_a_minute_gets_everything_once(
    telegram, at_work, desk, store, maria, clock, how
):
    def down(call: Call) -> Refusal | None:
        refusal = Refusal(502, "Bad Gateway") if how == "502" else Refusal(401, "Unauthorized")
        return refusal if call.method == "sendMessage" else None

    with at_work(desk, clock):
        if how == "refuses connections":
            telegram.stop()
        else:
            telegram.refuse = down
        queue(store, 3)
        for tries in (1, 2, 3):
            telegram.wait_for(
                lambda tries=tries: any(
                    one.detail and one.attempts == tries for one in store.notifications("queued")
                )
            )
            if tries == 3:
                telegram.refuse = lambda call: None
                if how == "refuses connections":
                    telegram.start()
            clock.time += timedelta(seconds=20.0 * 2 ** (tries - 1))
        telegram.wait_for(lambda: states(store) == ["sent"] * 3)
    assert sorted(texts(telegram)) == ["message 0", "message 1", "message 2"]
    # Those behind the first one were not tried in vain, and need not say that they may be twice.
    assert sum(one.in_doubt for one in store.notifications()) == (how == "502")


def test_a_long_outage_gives_nothing_up_and_knocks_less_and_less(
    telegram, at_work, desk, store, maria, clock
):
    telegram.refuse = lambda call: (
        Refusal(502, "Bad Gateway") if call.method == "sendMessage" else None
    )
    waited = []
    with at_work(desk, clock):
        queue(store, 1)
        for tries in range(1, 13):
            (one,) = telegram.wait_for(
                lambda tries=tries: [
                    one for one in store.notifications("queued") if one.attempts == tries
                ]
            )
            waited.append((one.due_at - clock()).total_seconds())
            if tries == 12:
                telegram.refuse = lambda call: None
            clock.time = one.due_at
        telegram.wait_for(lambda: states(store) == ["sent"])
    assert waited[:4] == [20.0, 40.0, 80.0, 160.0]
    assert waited[-1] == 900.0
    assert telegram.sent(MARIA)[0]["text"] == "message 0\nThis message may have been sent before."


def test_a_slow_service_gets_a_message_once(telegram, bot, store, maria):
    # What everything else is given is much less than the service takes.
    bot.application.bot_data["requests"][0]._client.timeout = httpx.Timeout(5.0, read=0.05)
    telegram.after_sending = lambda call: time.sleep(0.5)
    queue(store, 1)
    telegram.wait_for(lambda: states(store) == ["sent"])
    assert texts(telegram) == ["message 0"]
    assert messages.ANSWER_SECONDS < outbox.CLAIM_SECONDS


def test_what_nobody_foresaw_ends_no_sender(telegram, at_work, desk, store, maria, monkeypatch):
    monkeypatch.setattr(sender, "_PAUSE_SECONDS", 0.01)
    hits = []

    def full(*_: object) -> None:
        hits.append("digests")
        raise OSError("no space left on device")

    targets = outbox.Outbox.targets

    def once(self, kind: str) -> tuple[str, ...]:
        hits.append("targets")
        if hits.count("targets") == 1:
            raise ZeroDivisionError
        return targets(self, kind)

    monkeypatch.setattr(sender, "queue_digests", full)
    monkeypatch.setattr(outbox.Outbox, "targets", once)
    with at_work(desk):
        queue(store, 1)
        telegram.wait_for(lambda: states(store) == ["sent"])
        telegram.wait_for(lambda: len(telegram.sent(OPERATORS)) == 2)
    assert hits.count("digests") == 1  # not with every look
    assert texts(telegram, OPERATORS) == [
        "Bot: what is due cannot be queued (OSError). The log says more.",
        "Bot: the outbox cannot be read (ZeroDivisionError). The log says more.",
    ]


def test_a_chat_that_cannot_be_served_holds_up_no_other(
    telegram, at_work, desk, store, maria, monkeypatch
):
    take = outbox.Outbox.take

    def odd(self, target: str):
        if target == f"telegram:{MARIA}":
            raise ZeroDivisionError
        return take(self, target)

    monkeypatch.setattr(outbox.Outbox, "take", odd)
    with at_work(desk):
        queue(store, 1)
        expected = "Bot: a chat cannot be served (ZeroDivisionError). The log says more."
        telegram.wait_for(lambda: texts(telegram, OPERATORS) == [expected])


def test_a_bot_whose_sender_ended_ends(telegram, desk, monkeypatch):
    class Broken(Exception):
        pass

    async def broken(_self: object) -> None:
        raise Broken

    monkeypatch.setattr(sender.Sender, "run", broken)
    with pytest.raises(Broken):
        asyncio.run(asyncio.wait_for(_serve(build_application(desk)), 30))
