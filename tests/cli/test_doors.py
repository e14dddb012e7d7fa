"""`fink-ad doors`: other ways out, without a chat."""

import json
import os
import signal
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from fink_ad.scheduler import JOBS
from fink_ad.store import Store
from fink_ad.store.records.notifications import NewNotification

DOORS = "FINK_AD_BOT__DOORS"


@pytest.fixture
def lines(monkeypatch, tmp_path):
    path = tmp_path / "lines.jsonl"
    monkeypatch.setenv(DOORS, json.dumps({"archive": f"jsonl:{path}", "odd": "no-secret-told"}))
    return path


def test_without_doors_it_says_where_they_are_named(fink_ad):
    assert "[bot.doors]" in fink_ad("doors", "list").out
    assert fink_ad("doors", "list", "--json").json == []
    told = fink_ad("doors", "try", "archive")
    assert (told.code, told.out) == (2, "")
    assert "there is no door 'archive'" in told.err


def test_candidates_go_out_without_a_chat(fink_ad, lines, night):
    fink_ad("reviewers", "add", "vera", "--role", "operator")
    told = fink_ad("doors", "subscribe", "archive", "ztf", "rarity=10", "where=abs(b_deg) > 1")
    assert told.out.startswith("archive: ztf transient, shared model, at least 1 in 10, ")
    assert "where abs(b_deg) > 1" in told.out
    assert fink_ad("run", "--source", "files", night).code == 0
    before = {one["name"]: one for one in fink_ad("doors", "list", "--json").json}
    n = before["archive"]["waiting"]
    assert n > 0
    assert fink_ad("doors", "send").out == f"{n} sent\n"
    assert len(lines.read_text().splitlines()) == n
    after = {one["name"]: one for one in fink_ad("doors", "list", "--json").json}
    assert (after["archive"]["sent"], after["archive"]["waiting"]) == (n, 0)
    assert after["archive"]["kind"] == "jsonl"
    assert (after["odd"]["kind"], after["odd"]["wishes"]) == ("?", [])
    listed = fink_ad("doors", "list").out
    assert "archive" in listed
    assert "no-secret-told" not in listed
    assert "nothing is sent any more" in fink_ad("doors", "unsubscribe", "archive").out
    told = fink_ad("doors", "unsubscribe", "archive")
    assert (told.code, "nothing is sent through 'archive'" in told.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["where=n_dett > 5"], "no column 'n_dett'; the nearest there is is 'n_det'"),
        (["often"], "'often' means nothing here; for example fink-ad doors subscribe archive "),
        (["where=(", "ztf"], "for example fink-ad doors subscribe archive "),
        (["off"], "fink-ad doors unsubscribe archive"),
    ],
)
def test_a_wish_that_could_never_hold_is_explained(fink_ad, lines, night, words, said):
    fink_ad("reviewers", "add", "vera", "--role", "operator")
    if "n_dett" in words[0]:  # by what the model knows
        assert fink_ad("run", "--source", "files", night).code == 0
    told = fink_ad("doors", "subscribe", "archive", *words)
    assert told.code == 1
    assert said in " ".join(told.err.split())
    assert "/subscribe" not in told.err
    assert fink_ad("doors", "list", "--json").json[0]["wishes"] == []


def test_a_wish_of_who_is_no_operator_any_more_is_listed_as_such(fink_ad, lines):
    for name in ("vera", "wim"):
        fink_ad("reviewers", "add", name, "--role", "operator")
    fink_ad("doors", "subscribe", "archive", "--reviewer", "vera")
    assert fink_ad("doors", "list", "--json").json[0]["problem"] == ""
    fink_ad("reviewers", "change", "vera", "--role", "reviewer")
    (problem,) = [
        one["problem"] for one in fink_ad("doors", "list", "--json").json if one["wishes"]
    ]
    assert problem == "not sent: vera asked for it, who is no operator any more"


def test_the_scheduler_serves_doors_without_a_chat(fink_ad, home, lines, monkeypatch):
    for job in JOBS:  # what is due would be done as well, and take its time
        monkeypatch.setenv(f"FINK_AD_SCHEDULER__JOBS__{job.name.upper()}", "")
    now = datetime.now(UTC)
    later = now + timedelta(hours=1)
    over = threading.Event()
    with Store.open(home) as store:
        store.queue_notifications(
            [NewNotification("heartbeat", "door:archive", "", "", "shared", "a", now, later)]
        )

        def end_it() -> None:
            end = time.monotonic() + 60
            while not store.notifications("sent") and time.monotonic() < end:
                if over.wait(0.05):
                    return
            os.kill(os.getpid(), signal.SIGTERM)  # as an operator does

        ender = threading.Thread(target=end_it)
        ender.start()
        told = fink_ad("scheduler")
        over.set()
        ender.join()
        (one,) = store.notifications()
    assert (told.code, one.state, len(lines.read_text().splitlines())) == (0, "sent", 1)


def test_a_trial_says_what_came_of_it(fink_ad, lines):
    assert fink_ad("doors", "try", "archive").out == "archive: accepted as 0\n"
    assert "A trial of this door" in json.loads(lines.read_text())["text"]
    told = fink_ad("doors", "try", "odd")
    assert told.code == 2
    assert "no address that apprise understands" in told.err
    assert "no-secret-told" not in told.err


def test_who_asks_is_an_operator(fink_ad, lines):
    told = fink_ad("doors", "subscribe", "archive")
    assert (told.code, "there are 0 operators" in told.err) == (1, True)
    fink_ad("reviewers", "add", "vera")
    told = fink_ad("doors", "subscribe", "archive", "--reviewer", "vera")
    assert (told.code, "'vera' is no operator" in told.err) == (1, True)
    fink_ad("reviewers", "change", "vera", "--role", "operator")
    assert fink_ad("doors", "subscribe", "archive").code == 0
    fink_ad("reviewers", "add", "uwe", "--role", "operator")
    assert "there are 2 operators" in fink_ad("doors", "subscribe", "archive").err
    assert fink_ad("doors", "subscribe", "archive", "--reviewer", "uwe").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rarity=much"], "rarity=much is no number"),
        (["at=door:odd"], "the door is named already"),
        (["model=mine"], "no model of their own"),
        (["where=1 +"], "1 +"),
        (["sometimes"], "'sometimes' means nothing here"),
    ],
)
def test_wishes_that_are_not_understood(fink_ad, lines, words, said):
    fink_ad("reviewers", "add", "vera", "--role", "operator")
    told = fink_ad("doors", "subscribe", "archive", *words)
    assert told.code in (1, 2)
    assert said in told.err
    assert fink_ad("doors", "list", "--json").json[0]["wishes"] == []
