"""Start a learner beside a program that takes answers, so that nobody has to."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import structlog

from fink_ad.config import Settings
from fink_ad.errors import StoreError
from fink_ad.learn.watch import LEASE
from fink_ad.store import Lease, Store

__all__ = ["LOG_NAME", "LONGEST_LOG", "LOOK_SECONDS", "ensure_learner", "learner_beside"]

LOG_NAME = "learn.log"
"""Name of the learner's log in the home folder."""

LONGEST_LOG = 1 << 20
"""Bytes of a log; a longer one makes room for a new one and stays beside it, as ``learn.log.1``."""

LOOK_SECONDS = 30.0
"""How often whoever needs a learner looks whether there still is one."""

_END_S = 10.0  # for which an end is waited for

_log = structlog.get_logger(__name__)

_COMMAND = "from fink_ad.cli import main; main()"


def ensure_learner(settings: Settings, *, detached: bool = False) -> subprocess.Popen[bytes] | None:
    """Start ``fink-ad learn`` as a child process unless a learner is at work on the store.

    Parameters
    ----------
    settings : Settings
        The child gets the same.
    detached : bool
        Whether the learner shall outlive this process. Otherwise it ends when this process
        does, however that happens, or when the ``stdin`` of what is returned is closed.

    Returns
    -------
    subprocess.Popen or None
        The child; None if a learner is at work already.

    Raises
    ------
    StoreError
        If the store cannot be asked, or the process not be started.
    """
    with Store.open(settings.home, settings.database_url or None) as store:
        held = [lease for lease in store.leases() if lease.name == LEASE]
    if any(_is_alive(lease) for lease in held):
        return None
    log = settings.home / LOG_NAME
    options = [] if detached else ["--attached"]
    try:
        if log.is_file() and log.stat().st_size > LONGEST_LOG:
            log.replace(log.with_name(f"{LOG_NAME}.1"))
        with log.open("ab") as file:
            return subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-c", _COMMAND, "learn", *options],
                stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
                stdout=file,
                stderr=file,
                env=_environment(settings),
                # Ctrl-C is for the program in front; the learner ends with its standard input.
                start_new_session=True,
            )
    except OSError as error:
        raise StoreError(f"cannot start a learner that logs to {log}: {error}") from error


@contextmanager
def learner_beside(settings: Settings) -> Iterator[subprocess.Popen[bytes] | None]:
    """Have a learner at work for as long as the block runs.

    Every `LOOK_SECONDS` one is started if there is none any more: that it was killed, or that
    the program it belonged to ended, stops nobody's ranking for long. One that was started here
    ends with the block, or by itself should it be in the middle of something long.

    Yields
    ------
    subprocess.Popen or None
        The child; None if a learner was at work already.

    Raises
    ------
    StoreError
        As `ensure_learner`; later on this is only logged.
    """
    first = ensure_learner(settings)
    children = [] if first is None else [first]
    done = threading.Event()

    def look() -> None:
        while not done.wait(LOOK_SECONDS):
            if children and children[-1].poll() is None:
                continue
            try:
                child = ensure_learner(settings)
            except StoreError as error:
                _log.warning("learner_not_started", error=str(error))
            else:
                children.extend([] if child is None else [child])

    looking = threading.Thread(target=look, name="learner-beside", daemon=True)
    looking.start()
    try:
        yield first
    finally:
        done.set()
        looking.join()
        for child in children:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        with suppress(OSError):
            child.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        child.wait(_END_S)


def _is_alive(lease: Lease) -> bool:
    """Say whether a lease is in force; one of a process of this machine dies with it."""
    if lease.expires_at <= datetime.now(UTC):
        return False
    host, _, rest = lease.holder.partition(":")
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(rest.partition(":")[0]), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:  # another user's, and alive
        return True
    return True


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment with all settings as they are here, wherever they came from."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("FINK_AD_")
    }
    for name, value in settings.model_dump(mode="json").items():
        text = value if isinstance(value, str) else json.dumps(value)
        environment[f"FINK_AD_{name.upper()}"] = text
    return environment
