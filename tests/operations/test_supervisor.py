"""Services kept at work are started again, end together, and leave nothing behind."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager

import pytest

from fink_ad.errors import FinkAdError
from fink_ad.operations.supervisor import Service, _Child, supervise

FOREVER = "import time; print('at work'); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + FOREVER


def service(name: str, code: str) -> Service:
    return Service(name, (sys.executable, "-c", code))


class Supervised:
    """Services at work in a thread of ours."""

    def __init__(self, *services: Service, grace_seconds: float = 10.0) -> None:
        self.lines: list[tuple[str, str]] = []
        self.stop, self.at_once = threading.Event(), threading.Event()
        self.ended: bool | None = None
        self._arguments = (services, self._tell, self.stop, self.at_once)
        self._grace = grace_seconds
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _tell(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    def _run(self) -> None:
        self.ended = supervise(*self._arguments, grace_seconds=self._grace, first_pause=0.05)

    def told(self, *wanted: tuple[str, str], n: int = 1) -> None:
        """Wait until services wrote these lines so often."""
        wait_for(lambda: all(self.lines.count(one) >= n for one in wanted))

    def pids(self, name: str) -> list[int]:
        told = [re.fullmatch(rf"{name} started, process (\d+)", line) for _, line in self.lines]
        return [int(one[1]) for one in told if one]

    def join(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()


@contextmanager
def supervised(*services: Service, **options: float):
    at_work = Supervised(*services, **options)
    try:
        yield at_work
    finally:
        at_work.at_once.set()
        at_work.stop.set()
        at_work.join()


def wait_for(what: Callable[[], object], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_lines_of_all_come_with_their_names_and_one_wish_ends_all():
    with supervised(service("a", FOREVER), service("b", FOREVER)) as at_work:
        at_work.told(("a", "at work"), ("b", "at work"))
        at_work.stop.set()
        at_work.join()
        pids = at_work.pids("a") + at_work.pids("b")
        assert at_work.ended is True
        assert len(pids) == 2
        assert not any(map(is_alive, pids))


def test_one_that_dies_is_started_again_with_growing_pauses_and_the_rest_goes_on():
    dying = service("dying", "import sys; print('begun', file=sys.stderr); sys.exit(3)")
    with supervised(dying, service("steady", FOREVER)) as at_work:
        at_work.told(("dying", "begun"), n=3)
        at_work.told(("up", "dying ended with code 3; again in 0.2 s"))
        pauses = [line for name, line in at_work.lines if "ended with code 3" in line]
        assert [float(one.split()[-2]) for one in pauses[:3]] == [0.05, 0.1, 0.2]
        assert len(at_work.pids("steady")) == 1


def test_one_that_is_killed_is_started_again():
    with supervised(service("a", FOREVER)) as at_work:
        at_work.told(("a", "at work"))
        os.kill(at_work.pids("a")[0], signal.SIGKILL)
        at_work.told(("a", "at work"), n=2)
        assert ("up", "a was killed by signal 9; again in 0.05 s") in at_work.lines


def test_bad_usage_is_not_tried_again_and_without_any_left_it_ends():
    with supervised(service("a", "raise SystemExit(2)")) as at_work:
        at_work.join()
        assert at_work.ended is False
        assert at_work.lines[-1] == ("up", "a ended with code 2; not started again")
        assert len(at_work.pids("a")) == 1


@pytest.mark.parametrize("hurry", [True, False], ids=["asked to hurry", "out of patience"])
def test_one_that_will_not_end_is_killed(hurry: bool):
    with supervised(service("a", STUBBORN), grace_seconds=60 if hurry else 0.3) as at_work:
        at_work.told(("a", "at work"))
        at_work.stop.set()
        if hurry:
            at_work.at_once.set()
        at_work.join()
        assert not is_alive(at_work.pids("a")[0])


def test_what_a_service_started_ends_with_it():
    parent = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', "
        f"{STUBBORN!r}], stdout=subprocess.DEVNULL); print(child.pid); sys.exit(1)"
    )
    with supervised(service("a", parent)) as at_work:
        wait_for(lambda: len([one for one in at_work.lines if one[0] == "a"]) >= 2)
        grandchild = next(int(line) for name, line in at_work.lines if name == "a")
        wait_for(lambda: not is_alive(grandchild))


def test_one_that_has_just_died_can_be_asked_to_end():
    child = _Child(service("a", "raise SystemExit(3)"), lambda *_: None, 0.05)
    child.look()
    wait_for(child.has_ended)
    child.terminate()
    assert child.has_ended()
    assert child.kill() == 3


def test_a_program_there_is_not_is_told():
    nothing = [Service("a", ("/nowhere/at/all",))]
    with pytest.raises(FinkAdError, match="cannot start a: .*No such file"):
        supervise(nothing, lambda *_: None, threading.Event(), threading.Event())


def test_a_service_ends_when_its_supervisor_is_killed():
    child = (
        "from fink_ad.cli.attached import end_with_input; end_with_input(); "
        "import os, time; print(os.getpid()); time.sleep(60)"
    )
    code = (
        "import sys, threading; from fink_ad.operations.supervisor import Service, supervise; "
        f"supervise([Service('a', (sys.executable, '-c', {child!r}))], "
        "lambda name, line: name == 'a' and print(line, flush=True), "
        "threading.Event(), threading.Event())"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        supervisor.kill()
    wait_for(lambda: not is_alive(pid))
