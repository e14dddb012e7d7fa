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

import pytest
from fakes.telegram import TOKEN

from fink_ad.review.accounts import link_account, new_link_code
from fink_ad.store import Store
from fink_ad.store.records.notifications import NewNotification

pytestmark = [pytest.mark.enable_socket, pytest.mark.kill]

CHATS, N = (501, 502, 503, 504), int(os.environ.get("KILLED_MESSAGES", "40"))
SCRIPT = Path(__file__).with_name("killed_sender.py")


def test_nothing_is_lost_and_little_doubled(telegram, tmp_path):
    home, now = tmp_path / "home", datetime.now(UTC)
    chance = random.Random(7)
    kills = 0
    with Store.open(home) as store:
        for chat in CHATS:
            code = new_link_code(store, store.add_reviewer(f"reviewer{chat}")).code
            link_account(store, chat, chat, code)
        store.queue_notifications(
            [
                NewNotification(
                    "heartbeat", f"telegram:{CHATS[i % 4]}", "", "", "shared", str(i),
                    now, now + timedelta(hours=1), body=f"message {i}",
                )
                for i in range(N)
            ]
        )  # fmt: skip
        command = [sys.executable, SCRIPT, home, telegram.base_url.removesuffix("/bot"), TOKEN]
        while len(store.notifications("sent", limit=None)) < N:
            began = len(telegram.sent())
            child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            telegram.wait_for(
                lambda began=began, child=child: (
                    len(telegram.sent()) > began
                    or len(store.notifications("sent", limit=None)) == N
                    or child.poll() is not None
                ),
                60,
            )
            time.sleep(chance.uniform(0, 0.8))
            child.send_signal(signal.SIGKILL)
            child.wait()
            kills += 1
            assert kills < N
        doubt = sum(one.in_doubt for one in store.notifications("sent", limit=None))
    texts = [one["text"] for one in telegram.sent()]
    arrived = Counter(text.partition("\n")[0] for text in texts)
    unsaid = Counter(text for text in texts if "may have been sent before" not in text)
    lost = N - len(arrived)
    doubled = sum(arrived.values()) - len(arrived)
    print(f"{N} messages, {kills} kills: {lost} lost, {doubled} doubled, {doubt} in doubt")  # noqa: T201
    assert lost == 0
    assert doubled <= kills  # one is on its way at a time
    assert max(unsaid.values()) == 1  # what comes again says so
