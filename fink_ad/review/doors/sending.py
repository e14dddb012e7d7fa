"""From the outbox through the doors."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from fink_ad.config import Settings
from fink_ad.errors import FinkAdError, StoreError
from fink_ad.review.doors.contract import Door, DoorRefused, DoorShut
from fink_ad.review.doors.opening import open_door
from fink_ad.review.outbox import Outbox, Parcel
from fink_ad.store.records.notifications import SHARED, Notification

__all__ = ["RETRY_SECONDS", "Doors", "Passed", "send_doors", "try_door"]

RETRY_SECONDS = 60.0
"""After which what did not go through is tried again."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Passed:
    """What went through a door.

    Attributes
    ----------
    n : int
        Parcels that the other side has.
    shut : bool
        The door is shut for now; what waits for it keeps.
    """

    n: int
    shut: bool


class Doors:
    """The doors of the settings, each opened when something is due for it, and kept open.

    Threads may share it as long as each target has one thread.
    """

    def __init__(self, outbox: Outbox, settings: Settings) -> None:
        self._outbox, self._settings = outbox, settings
        self._open: dict[str, Door] = {}

    def empty(self, target: str, stop: threading.Event | None = None) -> Passed:
        """Send what is due for a door, until there is no more, it is shut, or `stop` is set.

        Parameters
        ----------
        target : str
            ``door:`` and a name.

        Raises
        ------
        StoreError
            If the store cannot be read or written.
        """
        outbox, name = self._outbox, target.removeprefix("door:")
        n = 0
        while not (stop is not None and stop.is_set()):
            parcel = outbox.take(target)
            if parcel is None:
                break
            try:
                send = self._door(name).ready(parcel)
                if not outbox.begin(parcel):
                    continue
                message_id = send()
            except DoorRefused as error:
                _log.warning("parcel_refused", door=name, error=str(error))
                outbox.postpone(parcel, RETRY_SECONDS, str(error))
            except StoreError:
                raise
            except FinkAdError as error:
                _log.warning("door_shut", door=name, error=str(error))
                doubt = isinstance(error, DoorShut) and error.in_doubt
                outbox.postpone(parcel, RETRY_SECONDS, str(error), doubt, give_up=False)
                self._shut(name)
                return Passed(n, True)
            except Exception as error:  # a picture of odd data may fail in any way
                # The words of a stranger's library may quote an address.
                what = type(error).__name__
                _log.error("parcel_broke", notification=parcel.notification.id, error=what)
                outbox.postpone(parcel, RETRY_SECONDS, what)
            else:
                outbox.accepted(parcel, message_id)
                n += 1
        return Passed(n, False)

    def close(self) -> None:
        """Close all doors."""
        for name in tuple(self._open):
            self._shut(name)

    def _door(self, name: str) -> Door:
        door = self._open.get(name)
        if door is None:
            door = self._open[name] = open_door(self._settings, name)
        return door

    def _shut(self, name: str) -> None:
        door = self._open.pop(name, None)
        if door is not None:
            door.close()


def send_doors(outbox: Outbox, settings: Settings) -> int:
    """Send once what is due for all doors; return how much the other sides have.

    A door that is shut, or not in the settings any more, is logged; its parcels wait until they
    are stale.
    """
    doors = Doors(outbox, settings)
    try:
        return sum(doors.empty(target).n for target in outbox.targets("door"))
    finally:
        doors.close()


def try_door(settings: Settings, name: str) -> str:
    """Send a word of trial through a door; return what the other side calls it.

    Raises
    ------
    ConfigError, DoorShut, DoorRefused
        If it does not go through.
    """
    now = datetime.now(UTC)
    words = "A trial of this door: nothing happened."
    one = Notification("heartbeat", f"door:{name}", "", "", SHARED, "trial", now, now, body=words)
    with closing(open_door(settings, name)) as door:
        return door.ready(Parcel(one, None, "a trial"))()
