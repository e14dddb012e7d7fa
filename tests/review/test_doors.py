"""The other doors: JSON lines, whole and once; closed doors cost nothing but time."""

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from fink_ad.config import BotSettings, Settings
from fink_ad.review.desk import Desk
from fink_ad.review.doors import send_doors
from fink_ad.review.doors.lines import JsonLines
from fink_ad.review.doors.message import parcel_bytes
from fink_ad.review.outbox import Outbox, Parcel
from fink_ad.store.records.notifications import NewNotification, Notification


@pytest.fixture
def desk(store, tmp_path):
    doors = {
        "lines": SecretStr(f"jsonl:{tmp_path / 'out.jsonl'}"),
        "nowhere": SecretStr(f"jsonl:{tmp_path / 'no' / 'folder'}"),
        "odd": SecretStr("a-secret-that-is-no-address"),
    }
    with Desk(Settings(home=tmp_path / "home", bot=BotSettings(doors=doors))) as opened:
        yield opened


def queue(desk: Desk, door: str, views) -> None:
    now = datetime.now(UTC)
    desk.store.queue_notifications(
        [
            NewNotification(
                "candidate",
                f"door:{door}",
                view.survey,
                view.object_id,
                "shared",
                "first",
                now,
                now + timedelta(hours=1),
                alert_id=view.alert_id,
                night=view.night,
                score=view.score,
                one_in=view.one_in,
                reason="rarity",
            )
            for view in views
        ]
    )


def test_every_line_is_a_candidate(desk, strangest, tmp_path):
    queue(desk, "lines", strangest[:3])
    assert send_doors(Outbox(desk), desk.settings) == 3
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {one["alert_id"] for one in lines} == {str(one.alert_id) for one in strangest[:3]}
    assert {one["schema"] for one in lines} == {"fink_ad_candidates/1"}
    assert all(one["reason"] == "rarity" and one["one_in"] > 1 for one in lines)
    assert send_doors(Outbox(desk), desk.settings) == 0


@pytest.mark.parametrize("written", [False, True])
def test_a_writer_that_died_leaves_each_line_once(desk, strangest, tmp_path, written):
    store, target, lines = desk.store, "door:lines", tmp_path / "out.jsonl"
    queue(desk, "lines", strangest[:1])
    held = store.claim_notification(target, 0.001)
    store.begin_notification(held, 0.001)
    lines.write_text(f'{{"id": "{held.id}"}}\n' if written else '{"id": "half a li')
    later = datetime.now(UTC) + timedelta(seconds=1)
    store._clock = lambda: later
    assert send_doors(Outbox(desk, lambda: later), desk.settings) == 1
    whole = [line for line in lines.read_text().splitlines() if f'"id": "{held.id}"' in line]
    assert len(whole) == 1
    json.loads(whole[0])


def heartbeat(number: int) -> Notification:
    """One that may have been written before."""
    now, words = datetime.now(UTC), "b" * 400
    return Notification(
        "heartbeat", "door:lines", "", "", "shared", "a", now, now, body=words, id=number,
        in_doubt=True,
    )  # fmt: skip


@pytest.mark.parametrize("n_bytes", [1, 20, 60, 400])
def test_a_line_that_was_torn_is_written_again_as_a_whole(tmp_path, n_bytes):
    path = tmp_path / "out.jsonl"
    one = heartbeat(77)
    line = parcel_bytes(Parcel(one, None, ""))
    assert n_bytes < len(line)
    path.write_bytes(b'{"before": 1}\n' + line[:n_bytes])
    assert JsonLines(path).ready(Parcel(one, None, ""))() == "77"
    assert path.read_bytes() == b'{"before": 1}\n' + line + b"\n"
    assert JsonLines(path).ready(Parcel(one, None, ""))() == "77"
    assert path.read_bytes().count(b"\n") == 2


def test_a_line_that_lacks_its_end_alone_counts(tmp_path):
    path = tmp_path / "out.jsonl"
    one = heartbeat(77)
    line = parcel_bytes(Parcel(one, None, ""))
    path.write_bytes(line)
    JsonLines(path).ready(Parcel(one, None, ""))()
    assert path.read_bytes() == line + b"\n"


def test_what_others_wrote_without_an_end_stays(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("a line of somebody's")
    JsonLines(path).ready(Parcel(heartbeat(77), None, ""))()
    first, second = path.read_text().splitlines()
    assert first == "a line of somebody's"
    assert json.loads(second)["id"] == "77"


def test_a_full_disk_leaves_no_half_of_a_line(tmp_path):
    """In a process of its own, which may write no more than a thousand bytes to a file."""
    path = tmp_path / "out.jsonl"
    before = b"{}\n" * 300
    path.write_bytes(before)
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True)
    assert done.stdout == "shut, in doubt: True\n", done.stderr
    assert path.read_bytes() == before
    assert JsonLines(path).ready(Parcel(heartbeat(77), None, ""))() == "77"
    assert json.loads(path.read_bytes()[len(before) :])["id"] == "77"


FULL = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from fink_ad.review.doors.contract import DoorShut
from fink_ad.review.doors.lines import JsonLines
from fink_ad.review.outbox import Parcel
from fink_ad.store.records.notifications import Notification

now = datetime.now(UTC)
one = Notification("heartbeat", "door:x", "", "", "shared", "a", now, now, body="b" * 400, id=77)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
try:
    JsonLines(Path(sys.argv[1])).ready(Parcel(one, None, ""))()
except DoorShut as error:
    print("shut, in doubt:", error.in_doubt)
"""


def test_two_processes_send_each_parcel_once(desk, store, tmp_path):
    """As a scheduler and a bot do, with a store of their own each."""
    n, now = 60, datetime.now(UTC)
    later = now + timedelta(hours=1)
    store.queue_notifications(
        [
            NewNotification("heartbeat", "door:lines", "", "", "shared", str(i), now, later)
            for i in range(n)
        ]
    )
    sent: list[int] = []
    ready = threading.Barrier(2)

    def serve() -> None:
        with Desk(desk.settings) as mine:
            ready.wait()
            sent.append(send_doors(Outbox(mine), mine.settings))

    threads = [threading.Thread(target=serve) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(sent) == n
    ids = [json.loads(line)["id"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert len(ids) == len(set(ids)) == n


@pytest.mark.parametrize("door", ["nowhere", "odd", "unknown"])
def test_a_closed_door_is_tried_again_and_tells_no_secret(desk, strangest, capsys, door):
    queue(desk, door, strangest[:1])
    assert send_doors(Outbox(desk), desk.settings) == 0
    (waiting,) = desk.store.notifications()
    assert waiting.state == "queued"
    assert waiting.due_at > datetime.now(UTC)
    captured = capsys.readouterr()
    assert "a-secret" not in waiting.detail + captured.out + captured.err
