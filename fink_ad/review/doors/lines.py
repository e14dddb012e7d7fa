"""The door ``jsonl:PATH``: a file with a line of JSON for each parcel."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from fink_ad.review.doors.contract import DoorShut
from fink_ad.review.doors.message import parcel_bytes
from fink_ad.review.outbox import Parcel

__all__ = ["JsonLines"]

_TAIL = 1 << 20  # bytes in which a line in doubt is looked for


class JsonLines:
    """Appends lines, each whole and on the disk before it counts as sent.

    Before a parcel in doubt is written again, the end of the file is looked at, so that none is
    there twice.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.expanduser()

    def ready(self, parcel: Parcel) -> Callable[[], str]:
        """Return what appends the line, unless it is there."""
        one = parcel.notification
        return partial(self._append, str(one.id), parcel_bytes(parcel) + b"\n", one.in_doubt)

    def close(self) -> None:
        """Nothing stays open between lines."""

    def _append(self, name: str, line: bytes, in_doubt: bool) -> str:
        try:
            with self._path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                size = file.seek(0, os.SEEK_END)
                if in_doubt:
                    file.seek(max(size - _TAIL, 0))
                    if f'"id": {json.dumps(name)}'.encode() in file.read():
                        return name
                if size:
                    file.seek(size - 1)
                    if file.read(1) != b"\n":  # a writer died within its line
                        line = b"\n" + line
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DoorShut(
                f"cannot write {self._path}: {error.strerror or error}", in_doubt=True
            ) from error
        return name
