"""Doors to people, with a mail server and a web server at the other end, on loopback.

The hosts of Slack and its like cannot be had here: of Slack it is only checked that its address is
understood. Nothing here shows that Slack takes what is posted.
"""

import base64
import email
import email.policy
import io
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr

from fink_ad.config import BotSettings, Settings
from fink_ad.review.desk import Desk
from fink_ad.review.doors import messengers, open_door, send_doors, serving, serving_doors
from fink_ad.review.doors.messengers import Messenger
from fink_ad.review.outbox import Outbox
from fink_ad.store.records.notifications import NewNotification, NewSubscription

pytestmark = pytest.mark.enable_socket

SECRET = "hunter2-the-secret"
PNG = b"\x89PNG\r\n\x1a\n"


class MailBox:
    """Keeps what it is sent, and answers recipients with `answer` if that is set."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.answer = ""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.answer:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.letters.append(envelope.content)
        return "250 kept"


class WebServer(ThreadingHTTPServer):
    """Keeps what is posted to it; answers `status`, and only once `silent` is over."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.posted: list[dict[str, object]] = []
        self.status = 200
        self.silent = threading.Event()
        self.silent.set()


class _Hook(BaseHTTPRequestHandler):
    server: WebServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.silent.wait(60)
        if self.server.status == 200:
            self.server.posted.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(f"you said {SECRET}".encode())

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def mail_box() -> Iterator[MailBox]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = MailBox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.port = port  # type: ignore[attr-defined]
    yield box
    controller.stop()


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.silent.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def doors(web, mail_box, tmp_path) -> dict[str, SecretStr]:
    hook = f"json://me:{SECRET}@127.0.0.1:{web.server_port}/{SECRET}"
    mail = f"mailto://127.0.0.1:{mail_box.port}?from=us@example.org&to=team@example.org"
    lines = f"jsonl:{tmp_path / 'lines'}"
    return {"hook": SecretStr(hook), "mail": SecretStr(mail), "lines": SecretStr(lines)}


@pytest.fixture
def desk(store, tmp_path, doors) -> Iterator[Desk]:
    with Desk(Settings(home=tmp_path / "home", bot=BotSettings(doors=doors))) as opened:
        yield opened


@pytest.fixture
def every_log() -> Iterator[io.StringIO]:
    """What a process logs that has all its logs written, but for those of our mail server."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(lambda record: not record.name.startswith("mail"))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("any").debug("all is written")
    yield written
    root.removeHandler(handler)
    root.setLevel(level)
    assert "all is written" in written.getvalue()


def queue(desk: Desk, door: str, view=None, subscription_id=None) -> None:
    """Something to be told: a candidate, or words."""
    now = datetime.now(UTC)
    kind = "heartbeat" if view is None else "candidate"
    desk.store.queue_notifications(
        [
            NewNotification(
                kind,
                f"door:{door}",
                "" if view is None else view.survey,
                "" if view is None else view.object_id,
                "shared",
                "first",
                now,
                now + timedelta(hours=1),
                alert_id=0 if view is None else view.alert_id,
                night=0 if view is None else view.night,
                subscription_id=subscription_id,
                reason="rarity",
                body="a quiet night",
            )
        ]
    )


def waited(what) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_letter_has_caption_and_picture(desk, strangest, mail_box):
    queue(desk, "mail", strangest[0])
    assert send_doors(Outbox(desk), desk.settings) == 1
    (letter,) = (
        email.message_from_bytes(one, policy=email.policy.default) for one in mail_box.letters
    )
    assert letter["To"] == "team@example.org"
    assert strangest[0].object_id in letter.get_body().get_content()
    (picture,) = (part for part in letter.walk() if part.get_content_type() == "image/png")
    assert picture.get_payload(decode=True).startswith(PNG)


def test_a_webhook_has_caption_and_picture(desk, strangest, web):
    queue(desk, "hook", strangest[0])
    queue(desk, "hook")
    assert send_doors(Outbox(desk), desk.settings) == 2
    words, candidate = web.posted  # words of the night as a whole come first
    assert strangest[0].object_id in candidate["message"]
    (picture,) = candidate["attachments"]
    assert base64.b64decode(picture["base64"]).startswith(PNG)
    assert (picture["mimetype"], words["message"]) == ("image/png", "a quiet night")


def test_what_is_answered_with_an_error_waits_and_the_reason_tells_no_secret(
    desk, web, mail_box, capfd, every_log
):
    web.status, mail_box.answer = 500, f"550 no {SECRET} here"
    queue(desk, "hook")
    queue(desk, "mail")
    assert send_doors(Outbox(desk), desk.settings) == 0
    waiting = {one.target: one for one in desk.store.notifications("queued")}
    assert waiting["door:hook"].detail == "door 'hook' was answered 500"
    assert waiting["door:mail"].detail == "door 'mail' was answered 550"
    assert all(one.due_at > datetime.now(UTC) for one in waiting.values())
    assert not any(one.in_doubt for one in waiting.values())
    told = capfd.readouterr()
    assert SECRET not in told.out + told.err + every_log.getvalue()
    assert "door_shut" in told.out + told.err
    assert "parcel_refused" in told.out + told.err


def test_a_door_out_of_reach_is_never_given_up_and_a_refused_letter_is(desk, web, mail_box):
    web.status, mail_box.answer = 503, "550 no"
    queue(desk, "hook")
    queue(desk, "mail")
    clock = [datetime.now(UTC)]
    desk.store._clock = lambda: clock[0]
    for _ in range(12):
        send_doors(Outbox(desk, lambda: clock[0]), desk.settings)
        clock[0] += timedelta(seconds=61)
    states = {one.target: one.state for one in desk.store.notifications()}
    assert states == {"door:hook": "queued", "door:mail": "failed"}
    web.status = 200
    assert send_doors(Outbox(desk, lambda: clock[0]), desk.settings) == 1


def test_nobody_at_the_other_end(desk, web, mail_box):
    """Connections are refused: it never went, and is not in doubt."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bot = BotSettings(doors={"hook": SecretStr(f"json://127.0.0.1:{port}")})
    queue(desk, "hook")
    assert send_doors(Outbox(desk), desk.settings.model_copy(update={"bot": bot})) == 0
    (one,) = desk.store.notifications()
    assert (one.detail, one.in_doubt) == ("door 'hook' is out of reach: connection refused", False)


def test_one_that_does_not_answer_holds_up_no_other(desk, web, monkeypatch, tmp_path):
    monkeypatch.setattr(serving, "_LOOK_SECONDS", 0.05)
    web.silent.clear()
    threads = threading.active_count()
    queue(desk, "hook")
    with serving_doors(desk):
        waited(lambda: desk.store.notifications("sending"))
        queue(desk, "lines")
        waited(lambda: desk.store.notifications("sent"))
        assert [one.target for one in desk.store.notifications("sending")] == ["door:hook"]
        web.silent.set()
        waited(lambda: len(desk.store.notifications("sent")) == 2)
    assert "a quiet night" in (tmp_path / "lines").read_text()
    waited(lambda: threading.active_count() <= threads + 1)  # a server's may linger


def test_a_silent_door_is_left_in_time_and_its_message_is_in_doubt(desk, web, monkeypatch):
    monkeypatch.setattr(messengers, "_LONGEST_SECONDS", 0.2)
    web.silent.clear()
    queue(desk, "hook")
    assert send_doors(Outbox(desk), desk.settings) == 0
    (one,) = desk.store.notifications("queued")
    assert (one.detail, one.in_doubt) == ("door 'hook' does not answer", True)
    web.silent.set()
    later = datetime.now(UTC) + timedelta(seconds=61)
    desk.store._clock = lambda: later
    monkeypatch.setattr(messengers, "_LONGEST_SECONDS", 20.0)
    assert send_doors(Outbox(desk, lambda: later), desk.settings) == 1
    assert "may have been sent before" in web.posted[-1]["message"]


def test_the_address_of_slack_is_understood():
    """What goes to Slack's own host is out of reach of a test: see above."""
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#anomalies"
    settings = Settings(bot=BotSettings(doors={"team": SecretStr(url)}))
    door = open_door(settings, "team")
    assert isinstance(door, Messenger)
    assert [type(one).__name__ for one in door._service] == ["NotifySlack"]


def test_a_door_that_loses_messages_loses_none_of_the_night_s_limit(
    desk, store, strangest, web, monkeypatch
):
    """Each of them may have arrived, and takes a place of the limit until that is known."""
    reviewer = store.add_reviewer("Maria", "operator")
    wish = NewSubscription("door:hook", reviewer.id, "ztf", "transient", per_night=2)
    subscription = store.add_subscription(wish)
    clock = [datetime.now(UTC)]
    desk.store._clock = lambda: clock[0]
    for view in strangest[:4]:
        queue(desk, "hook", view, subscription.id)
    monkeypatch.setattr(messengers, "_LONGEST_SECONDS", 0.2)
    web.silent.clear()
    for _ in range(3):
        assert send_doors(Outbox(desk, lambda: clock[0]), desk.settings) == 0
    web.silent.set()
    monkeypatch.setattr(messengers, "_LONGEST_SECONDS", 20.0)
    clock[0] += timedelta(seconds=61)
    assert send_doors(Outbox(desk, lambda: clock[0]), desk.settings) == 2
    assert sorted(one.state for one in desk.store.notifications()) == [
        "sent", "sent", "surplus", "surplus",
    ]  # fmt: skip
