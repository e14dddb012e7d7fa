"""`fink-ad review`: keys from a pipe, answers in the store, nothing untrusted on the screen."""

import fcntl
import io
import os
import pty
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import delete

from fink_ad.cli.review_screen import age_text, candidate_screen, opinions_text
from fink_ad.config import Settings
from fink_ad.learn import Learner
from fink_ad.review import Opinion, candidate_view, record, undo
from fink_ad.store import NewLabel, Store
from fink_ad.store.tables import KeptAlert


def publish(home: Path) -> None:
    """Do what a learner does, now."""
    with Store.open(home) as store:
        Learner(store, Settings(home=home)).run_once()


@pytest.fixture(scope="session")
def _ranked(_ran: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("ranked") / "home"
    shutil.copytree(_ran, home)
    publish(home)
    return home


@pytest.fixture
def ranked(_ranked: Path, home: Path) -> Path:
    """The home of this test, its alerts ranked."""
    shutil.copytree(_ranked, home)
    return home


@pytest.fixture
def review(fink_ad, ranked, monkeypatch):
    """Sit down and press keys; `before` is done before a key is read."""

    def call(*keys, reviewer="vera", before=None):
        monkeypatch.setattr("sys.stdin", Keys(keys, before or {}))
        return fink_ad("review", "--reviewer", reviewer, "--no-learner")

    return call


class Keys(io.StringIO):
    """Keys line by line."""

    def __init__(self, keys, before):
        super().__init__("".join(f"{key}\n" for key in keys))
        self.before = before

    def readline(self, *_):
        line = super().readline()
        self.before.get(line.strip(), lambda: None)()
        return line


def labels(home):
    with Store.open(home) as store:
        return store.labels()


def test_keys_are_answers(review, ranked):
    told = review("y", "", "n", "b", "u", "q")
    assert told.code == 0, told.err
    assert "You are the first reviewer: vera." in told.out
    assert "Thank you: 1 anomaly, 1 ordinary, 1 bogus, 1 unsure." in told.out
    given = labels(ranked)
    assert [one.answer for one in given] == ["anomaly", "ordinary", "bogus", "unsure"]
    assert len({one.object_id for one in given}) == 4
    for one in given:
        assert one.channel == "terminal"
        assert one.shown_at is not None
        assert one.shown_at <= one.answered_at
        assert one.model_revision


def test_the_end_of_the_input_quits_and_keeps_the_place(review):
    first = review()
    again = review("h")
    assert first.code == again.code == 0
    shown = [told.out.split("why here")[0].splitlines()[-3] for told in (first, again)]
    assert shown[0] == shown[1]
    assert "skip: say nothing" in again.out


def test_a_skipped_candidate_makes_room_and_teaches_nothing(review, ranked):
    assert "skipped" in review("s", "y", "q").out
    (given,) = labels(ranked)
    with Store.open(ranked) as store:
        first, second, *_ = store.showings()
    assert given.object_id == second.object_id != first.object_id


def test_undo_shows_the_same_candidate_again(review, ranked):
    told = review("y", "z", "n", "q")
    events = labels(ranked)
    assert [one.answer for one in events] == ["anomaly", "retracted", "ordinary"]
    assert len({one.object_id for one in events}) == 1
    assert "anomaly taken back" in told.out
    assert "Thank you: 1 ordinary." in told.out


def test_a_line_is_a_key_or_its_word_and_nothing_that_begins_alike(review, ranked):
    told = review("not sure", "no idea", "blank", "yes", "Anomaly", "ordinary", "skip", "q")
    assert [one.answer for one in labels(ranked)] == ["anomaly", "ordinary"]
    for line in ("not sure", "no idea", "blank", "yes"):
        assert f"'{line}' is no key here" in told.out


def test_undo_reaches_no_further_than_this_sitting(review, ranked):
    review("y", "q")
    told = review("z", "n", "z", "q")
    assert "no answer to take back in this sitting" in told.out
    assert [one.answer for one in labels(ranked)] == ["anomaly", "ordinary", "retracted"]


def test_what_was_answered_in_another_window_is_not_answered_again(review, ranked):
    def elsewhere():
        with Store.open(ranked) as store:
            (showing,) = store.showings()
            record(store, showing, "bogus", channel="page")

    told = review("y", "n", "q", before={"y": elsewhere})
    first, second = labels(ranked)
    assert (first.answer, second.answer) == ("bogus", "ordinary")
    assert first.object_id != second.object_id
    assert "you said bogus elsewhere already; nothing was stored now" in told.out
    assert "Thank you: 1 ordinary." in told.out


def test_what_was_taken_back_elsewhere_is_said(review, ranked):
    def elsewhere():
        with Store.open(ranked) as store:
            undo(store, store.find_reviewer("vera"), channel="page")

    told = review("y", "z", "z", "q", before={"z": elsewhere_once(elsewhere)})
    assert "has no answer" in told.out
    assert "in this sitting" in told.out
    assert [one.answer for one in labels(ranked)] == ["anomaly", "retracted"]


def elsewhere_once(act):
    calls = iter([act])
    return lambda: next(calls, lambda: None)()


def test_what_cannot_be_shown_again_is_taken_back_all_the_same(review, ranked):
    """Its kept alert is gone since: a purge, say."""

    def purge():
        with Store.open(ranked) as store, store.database.writing() as connection:
            gone = store.labels()[0].alert_id
            connection.execute(delete(KeptAlert).where(KeptAlert.alert_id == gone))

    told = review("y", "z", "n", "q", before={"z": purge})
    assert "anomaly taken back; it cannot be shown again: alert" in told.out
    assert [one.answer for one in labels(ranked)] == ["anomaly", "retracted", "ordinary"]


def test_an_answer_the_store_refuses_can_be_given_again(review, ranked):
    def retire():
        with Store.open(ranked) as store:
            store.retire_reviewer("vera")

    def let_back():
        with Store.open(ranked) as store:
            store.add_reviewer("vera")

    told = review("y", "h", "y", "q", before={"y": elsewhere_once(retire), "h": let_back})
    assert told.code == 0
    assert "is retired" in told.out
    assert [one.answer for one in labels(ranked)] == ["anomaly"]
    assert "Thank you: 1 anomaly." in told.out


def test_undo_without_an_answer_is_said(review):
    told = review("z", "q")
    assert told.code == 0
    assert "no answer to take back" in told.out


def test_tags_and_a_note_go_with_one_answer(review, ranked):
    review("t SN, [red]host", "m look [/] here", "y", "y", "q")
    first, second = labels(ranked)
    assert (first.tags, first.note) == (("SN", "[red]host"), "look [/] here")
    assert (second.tags, second.note) == ((), "")


def test_what_is_refused_is_said_and_the_candidate_stays(review, ranked):
    told = review("t " + "x" * 60, "!", "y", "q")
    assert "is no tag" in told.out
    assert "'!' is no key here" in told.out
    assert [one.tags for one in labels(ranked)] == [()]


def test_others_are_told_only_after_ones_own_answer(review, ranked):
    review("m a spike", "b", "q", reviewer="vera")
    (theirs,) = labels(ranked)
    with Store.open(ranked) as store:
        store.add_reviewer("uwe")
    told = review("o", "q", reviewer="uwe")
    assert "hidden until then" in told.out
    assert "spike" not in told.out
    with Store.open(ranked) as store:
        uwe = store.find_reviewer("uwe").id
        store.add_label(NewLabel("ztf", theirs.alert_id, uwe, "anomaly", "test", datetime.now(UTC)))
    assert "vera bogus (a spike)" in review("o", "q", reviewer="uwe").out


def test_a_ranking_that_has_learned_is_announced(review, ranked):
    told = review("y", "n", "q", before={"n": lambda: publish(ranked)})
    assert told.out.count("The ranking has learned from the answers.") == 1


def test_a_condition_that_cannot_be_met_is_said(review, ranked):
    (ranked / "fink-ad.toml").write_text('[models.shared]\nwhere = "n_dett > 1"\n')
    told = review("y", "q")
    assert "The ranking stays as it is: in 'n_dett > 1': no column 'n_dett'" in told.out
    assert "does not learn from the answers" in told.out


def test_who_reviews_is_clear(fink_ad, ranked, monkeypatch):
    def call(*arguments):
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        return fink_ad("review", "--no-learner", *arguments)

    monkeypatch.setenv("LOGNAME", "lena")
    assert "You are the first reviewer: lena." in call().out
    assert call().out.startswith("ZTF")
    monkeypatch.setenv("LOGNAME", "nobody")
    assert "Reviewing as lena." in call().out
    unknown = call("--reviewer", "vera")
    assert unknown.code == 1
    assert "no reviewer 'vera'; there are 'lena'" in unknown.err
    fink_ad("reviewers", "add", "uwe")
    ambiguous = call()
    assert ambiguous.code == 2
    assert "who are you?" in ambiguous.err
    fink_ad("reviewers", "remove", "uwe")
    assert "may answer no longer" in call("--reviewer", "uwe").err


def test_what_cannot_be_reviewed_is_said(fink_ad, home, ran, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    empty = fink_ad("review", "--no-learner", at=tmp_path / "empty")
    assert empty.code == 1
    assert "no model" in empty.err
    assert "no survey 'hst'" in fink_ad("review", "--survey", "hst").err
    assert "no model of lsst alerts" in fink_ad("review", "--survey", "lsst").err
    unranked = fink_ad("review", "--no-learner")
    assert unranked.code == 1
    assert "fink-ad learn makes one" in unranked.err


@pytest.mark.slow
def test_without_another_command_the_ranking_learns(fink_ad, ran, monkeypatch):
    """A learner is started beside, ranks, learns from an answer, and ends with the session."""

    def wait():
        until = time.monotonic() + 60
        with Store.open(ran) as store:
            position = store.label_position("ztf", "transient")
            while store.latest_order("ztf", "transient").label_position < position:
                assert time.monotonic() < until
                time.sleep(0.05)

    monkeypatch.setattr("sys.stdin", Keys("ynq", {"n": wait}))
    told = fink_ad("review", "--reviewer", "vera")
    assert told.code == 0, told.err
    assert "The ranking has learned from the answers." in told.out
    with Store.open(ran) as store:
        assert store.leases() == () or store.leases()[0].expires_at <= datetime.now(UTC)


@pytest.mark.parametrize("colours", [None, "truecolor"])
def test_a_candidate_fits_a_terminal(ran, colours):
    with Store.open(ran) as store:
        ids = [one.alert_id for one in store.reference("ztf", "transient")][:40]
        candidates = [candidate_view(store, "ztf", one) for one in ids]
    for one in candidates:
        console = Console(
            width=80, color_system=colours, force_terminal=colours is not None, file=io.StringIO()
        )
        with console.capture() as seen:
            console.print(candidate_screen(one, console))
        plain = Console(width=80, color_system=None, file=io.StringIO())
        lines = candidate_screen(one, plain).renderables
        assert len(lines) <= 22
        assert max(line.cell_len for line in lines) <= 80
        assert one.object_id in seen.get()


def test_a_strangers_text_reaches_no_terminal(ran):
    with Store.open(ran) as store:
        alert_id = store.reference("ztf", "transient")[0].alert_id
        one = candidate_view(store, "ztf", alert_id)
    evil = "\x1b[2J[bold red]x\x07"
    one = replace(one, object_id=evil, tags=(evil,), broker_classes=(evil,))
    console = Console(width=80, color_system=None, file=io.StringIO())
    with console.capture() as seen:
        console.print(candidate_screen(one, console))
    assert "\x1b" not in seen.get()
    assert "\x07" not in seen.get()
    assert "[bold red]" in seen.get()
    told = opinions_text((Opinion(evil, "bogus", (), evil, one.seen_at),))
    assert told.isprintable()


@pytest.mark.parametrize(
    ("hours", "told"),
    [(-1, "in the future"), (5, "5 h ago"), (50, "2 d ago"), (24 * 800, "2.2 yr ago")],
)
def test_ages_are_told_in_their_largest_unit(hours, told):
    assert age_text(timedelta(hours=hours)) == told


class Terminal:
    """`fink-ad review` in a terminal of 80 columns and 24 lines."""

    def __init__(self, home: Path) -> None:
        self.fd, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        code = "from fink_ad.cli import main; main()"
        words = ("--home", str(home), "review", "--no-learner", "--reviewer", "vera")
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"TERM": "xterm"},
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def wait_for(self, text: str, times: int = 1) -> None:
        until = time.monotonic() + 30
        while self.seen.count(text) < times:
            assert time.monotonic() < until, self.seen[-2000:]
            if select.select([self.fd], [], [], 0.1)[0]:
                self.seen += os.read(self.fd, 1 << 16).decode(errors="replace")

    def press(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def close(self) -> int:
        code = self.process.wait(20)
        os.close(self.fd)
        return code


def test_a_question_that_is_dismissed_ends_nothing(ranked):
    terminal = Terminal(ranked)
    terminal.wait_for("quit")
    time.sleep(0.6)
    terminal.press("m")
    terminal.wait_for("note:")
    terminal.press("\x04")
    terminal.wait_for("note: none")
    time.sleep(1)  # keys pressed before the screen is drawn again are nobody's
    terminal.press("q")
    assert terminal.close() == 0
    assert labels(ranked) == ()


def test_in_a_terminal_one_key_is_an_answer_and_early_keys_are_none(ranked):
    """Keys meant for what was on the screen before are no answers; Ctrl-C loses nothing."""
    terminal = Terminal(ranked)
    terminal.wait_for("quit")
    time.sleep(0.6)
    terminal.press("yyyyyyyy")  # the first is an answer, the others come before the next is seen
    terminal.wait_for("quit", 2)
    time.sleep(0.6)
    terminal.press("\x03")
    assert terminal.close() == 130
    assert [one.answer for one in labels(ranked)] == ["anomaly"]
