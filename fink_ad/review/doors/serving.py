"""Doors served as long as a process lives: each by its own thread, so that none waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from fink_ad.errors import FinkAdError
from fink_ad.review.desk import Desk
from fink_ad.review.doors.sending import Doors
from fink_ad.review.outbox import Outbox

__all__ = ["serving_doors"]

_LOOK_SECONDS = 1.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0  # seconds until a shut door is tried again
_END_SECONDS = 30.0

_log = structlog.get_logger(__name__)


@contextmanager
def serving_doors(desk: Desk) -> Iterator[None]:
    """Send what is due for the doors of the settings while the context lasts.

    Several processes may serve the same doors: each parcel is in the hands of one. On leaving,
    what is on its way is waited for.
    """
    if not desk.settings.bot.doors:
        yield
        return
    porter = _Porter(desk)
    try:
        yield
    finally:
        porter.stop()


class _Porter:
    def __init__(self, desk: Desk) -> None:
        self._outbox = Outbox(desk)
        self._doors = Doors(self._outbox, desk.settings)
        self._stop = threading.Event()
        self._at_work: dict[str, threading.Thread] = {}
        self._pauses: dict[str, float] = {}
        self._watch = _started(self._look_again, "doors")

    def stop(self) -> None:
        self._stop.set()
        end = time.monotonic() + _END_SECONDS
        for thread in (self._watch, *tuple(self._at_work.values())):
            thread.join(max(end - time.monotonic(), 0.0))
        self._doors.close()

    def _look_again(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            self._at_work = {
                target: thread for target, thread in self._at_work.items() if thread.is_alive()
            }
            try:
                due = self._outbox.targets("door")
            except Exception as error:  # whatever it is, the doors are looked after
                unforeseen = not isinstance(error, FinkAdError)
                _log.error("outbox_failed", error=str(error), exc_info=unforeseen)
                self._stop.wait(_SHORTEST_PAUSE)
                continue
            for target in due:
                if target not in self._at_work:
                    self._at_work[target] = _started(self._serve, target, target)

    def _serve(self, target: str) -> None:
        """Empty a door; keep it in hand for a while if it is shut, longer each time."""
        try:
            shut = self._doors.empty(target, self._stop).shut
        except Exception as error:
            unforeseen = not isinstance(error, FinkAdError)
            _log.error("sending_failed", target=target, error=str(error), exc_info=unforeseen)
            shut = True
        if not shut:
            self._pauses.pop(target, None)
            return
        pause = self._pauses.get(target, _SHORTEST_PAUSE)
        self._pauses[target] = min(2 * pause, _LONGEST_PAUSE)
        self._stop.wait(pause)


def _started(work: object, name: str, *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, name=name, args=arguments, daemon=True)  # type: ignore[arg-type]
    thread.start()
    return thread
