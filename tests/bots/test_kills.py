"""A sender killed again and again loses nothing, and doubles at most one message each time."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.telegram import TOKEN

from fink_ad.review.accounts import link_account, new_link_code
from fink_ad.store import Store
from fink_ad.store.records.notifications import NewNotification, NewSubscription

pytestmark = [pytest.mark.enable_socket, pytest.mark.kill]

CHATS, N = (501, 502, 503, 504), int(os.environ.get("KILLED_MESSAGES", "40"))
PICTURES, SURPLUS = N // 8, 2  # of all messages, and how many of these are too many for a night
SCRIPT = Path(__file__).with_name("killed_sender.py")


def words(i: int, now: datetime) -> NewNotification:
    return NewNotification(
        "heartbeat", f"telegram:{CHATS[i % 3]}", "", "", "shared", str(i),
        now, now + timedelta(hours=1), body=f"message {i}",
    )  # fmt: skip


def pictures(store: Store, reviewer_id: int, now: datetime) -> list[NewNotification]:
    """Candidates for the last chat, some more than it wants."""
    wish = NewSubscription(
        f"telegram:{CHATS[3]}", reviewer_id, "ztf", "transient", per_night=PICTURES - SURPLUS
    )
    subscription = store.add_subscription(wish)
    order = store.order(store.latest_order("ztf", "transient").id)
    return [
        NewNotification(
            "candidate", wish.target, "ztf", str(order.object_id[row]), "shared", "first",
            now, now + timedelta(hours=1), subscription_id=subscription.id,
            alert_id=int(order.alert_id[row]), population="transient", night=20260301,
            one_in=1e6 - row,
        )
        for row in range(PICTURES)
    ]  # fmt: skip


def name_of(message: dict[str, Any]) -> str:
    """What a message is about, however often it was sent."""
    if "text" in message:
        return str(message["text"]).partition("\n")[0]
    return str(message["reply_markup"]["inline_keyboard"][0][0]["callback_data"])


def test_nothing_is_lost_and_little_doubled(telegram, settings):
    home, now = settings.home, datetime.now(UTC)
    chance = random.Random(7)
    kills = 0
    with Store.open(home) as store:
        for chat in CHATS:
            reviewer = store.add_reviewer(f"reviewer{chat}")
            link_account(store, chat, chat, new_link_code(store, reviewer).code)
        new = [words(i, now) for i in range(N - PICTURES)] + pictures(store, reviewer.id, now)
        assert store.queue_notifications(new) == N

        def left() -> int:
            ended = ("sent", "surplus")
            return N - sum(one.state in ended for one in store.notifications(limit=None))

        command = [sys.executable, SCRIPT, home, telegram.base_url.removesuffix("/bot"), TOKEN]
        while left():
            began = len(telegram.sent())
            child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            telegram.wait_for(
                lambda began=began, child=child: (
                    len(telegram.sent()) > began or not left() or child.poll() is not None
                )
            )
            time.sleep(chance.uniform(0, 0.8))
            child.send_signal(signal.SIGKILL)
            child.wait()
            kills += 1
            assert kills < N
        doubt = sum(one.in_doubt for one in store.notifications("sent", limit=None))
        surplus = len(store.notifications("surplus", limit=None))
    messages = telegram.sent()
    arrived = Counter(map(name_of, messages))
    unsaid = Counter(
        name_of(one)
        for one in messages
        if "may have been sent before" not in one.get("text", one.get("caption"))
    )
    lost = N - SURPLUS - len(arrived)
    doubled = sum(arrived.values()) - len(arrived)
    print(f"{N} messages, {kills} kills: {lost} lost, {doubled} doubled, {doubt} in doubt")  # noqa: T201
    assert (lost, surplus) == (0, SURPLUS)
    assert doubled <= kills  # one is on its way at a time
    assert max(unsaid.values()) == 1  # what comes again says so
    assert (
        len(telegram.sent(CHATS[3])) - doubled <= PICTURES - SURPLUS <= len(telegram.sent(CHATS[3]))
    )
