"""Several programs kept at work together, with one log and one end.

Each program is a child process in a session of its own, so that Ctrl-C is ours alone to pass on,
and nothing that a program started outlives it. The standard input of a child is a pipe that we
hold and never write to: where that ends, we are gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from fink_ad.errors import FinkAdError

__all__ = ["GRACE_SECONDS", "Service", "supervise"]

Tell = Callable[[str, str], object]
"""Takes the name of a service and a line it wrote."""

GRACE_SECONDS = 75.0
"""How long services may take to end: the bot sends what is on its way, then the doors do."""

_LOOK_SECONDS = 0.1
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_STEADY_SECONDS = 60.0  # who was at work for so long is started again without a long pause
_LONGEST_LINE = 1 << 16
_BAD_USAGE = 2


@dataclass(frozen=True)
class Service:
    """A program that is to be at work: its name in the log, and its command line."""

    name: str
    command: tuple[str, ...]


def supervise(
    services: Sequence[Service],
    tell: Tell,
    stop: threading.Event,
    at_once: threading.Event,
    *,
    grace_seconds: float = GRACE_SECONDS,
    first_pause: float = _FIRST_PAUSE,
) -> bool:
    """Keep services at work until told to stop.

    One that ends is started again after a pause, which doubles up to a minute while it keeps
    ending. One that ends with code 2 stays down: what it was told makes no sense to it, and
    will make none the next time.

    Parameters
    ----------
    tell : callable
        Told every line that a service writes, and by the name of ``up`` what becomes of them.
        Called from several threads.
    stop, at_once : threading.Event
        Asks the services to end (SIGTERM); ends them (SIGKILL).
    grace_seconds : float
        How long they may take to end before they are ended.
    first_pause : float
        Seconds before the first new start.

    Returns
    -------
    bool
        Whether it ended because it was told to; False if no service was left at work.

    Raises
    ------
    FinkAdError
        If a process cannot be started.
    """
    children = [_Child(service, tell, first_pause) for service in services]
    try:
        # Looked at, not waited for: a signal may set an event while we hold its lock.
        while not stop.is_set():
            for child in children:
                child.look()
            if all(child.given_up for child in children):
                return False
            time.sleep(_LOOK_SECONDS)
        return True
    finally:
        _end(children, at_once, grace_seconds)


class _Child:
    """One service: its process, and when it is started next."""

    def __init__(self, service: Service, tell: Tell, first_pause: float) -> None:
        self.given_up = False
        self._service, self._tell = service, tell
        self._first_pause = self._pause = first_pause
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._started = self._due = 0.0

    def look(self) -> None:
        """Start the service if it is due, and see whether it has ended."""
        if self.given_up:
            return
        now = time.monotonic()
        if self._process is None:
            if now >= self._due:
                self._start(now)
            return
        if not self.has_ended():
            return
        code = self.kill()
        if now - self._started >= _STEADY_SECONDS:
            self._pause = self._first_pause
        self.given_up = code == _BAD_USAGE
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        then = "not started again" if self.given_up else f"again in {self._pause:g} s"
        self._tell("up", f"{self._service.name} {how}; {then}")
        self._due = now + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def has_ended(self) -> bool:
        """Say whether nothing is at work; a dead process is left for `kill` to bury."""
        if self._process is None:
            return True
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._process.pid, options) is not None

    def terminate(self) -> None:
        """Ask the service to end."""
        if self._process is not None:
            # Popen.terminate() would bury a process that has just died, and with it its number.
            os.kill(self._process.pid, signal.SIGTERM)

    def kill(self) -> int:
        """End the service and all it started; return its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        # Not buried yet, so the number of the session is still its own.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        if process.stdin is not None:
            process.stdin.close()
        if self._reader is not None:
            self._reader.join(_STEADY_SECONDS)
        return code

    def _start(self, now: float) -> None:
        name = self._service.name
        try:
            self._process = subprocess.Popen(  # noqa: S603  # our own words
                self._service.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},  # lines as they are written
                start_new_session=True,
            )
        except OSError as error:
            raise FinkAdError(f"cannot start {name}: {error}") from error
        self._started = now
        self._tell("up", f"{name} started, process {self._process.pid}")
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        with process.stdout as lines:
            while line := lines.readline(_LONGEST_LINE):
                self._tell(self._service.name, line.decode(errors="replace").rstrip())


def _end(children: Sequence[_Child], at_once: threading.Event, grace_seconds: float) -> None:
    for child in children:
        child.terminate()
    until = time.monotonic() + grace_seconds
    while not all(child.has_ended() for child in children) and time.monotonic() < until:
        if at_once.is_set():
            break
        time.sleep(_LOOK_SECONDS)
    for child in children:
        child.kill()
