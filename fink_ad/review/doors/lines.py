"""The door ``jsonl:PATH``: a file with a line of JSON for each parcel."""

from __future__ import annotations

import fcntl
import io
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from fink_ad.review.doors.contract import DoorShut
from fink_ad.review.doors.message import parcel_bytes, schema_name
from fink_ad.review.outbox import Parcel

__all__ = ["JsonLines"]

_TAIL = 1 << 20  # bytes in which a line in doubt, and the beginning of a torn one, is looked for
_OUR_BEGINNING = f'{{"schema": {json.dumps(schema_name())}'.encode()


class JsonLines:
    """Appends lines, each whole and on the disk before it counts as sent.

    Before a parcel in doubt is written again, the end of the file is looked at, so that none is
    there twice. Of a line that was torn, by a full disk or the end of its writer, nothing stays.
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
            # Without a buffer: what could not be written is not tried again on closing.
            with self._path.open("a+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                _mend_end(file)
                if not (in_doubt and _is_there(file, name)):
                    _write_all(file, line)
                os.fsync(file.fileno())
        except OSError as error:
            raise DoorShut(
                f"cannot write {self._path}: {error.strerror or error}", in_doubt=True
            ) from error
        return name


def _tail(file: io.FileIO) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _TAIL, 0))
    return file.readall()


def _mend_end(file: io.FileIO) -> None:
    """Let a file end with the end of a line, so that the next begins one."""
    _, _, last = _tail(file).rpartition(b"\n")
    if not last:
        return
    is_ours = last.startswith(_OUR_BEGINNING) or _OUR_BEGINNING.startswith(last)
    if is_ours and not _is_json(last):
        file.truncate(file.seek(0, os.SEEK_END) - len(last))
    else:  # whole, or none of ours: not to be taken away
        _write_all(file, b"\n")


def _is_there(file: io.FileIO, name: str) -> bool:
    """Tell whether a whole line near the end of a file has a name."""
    mark = f'"id": {json.dumps(name)}'.encode()
    for line in _tail(file).split(b"\n"):
        if mark in line and _is_json(line) and json.loads(line).get("id") == name:
            return True
    return False


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _write_all(file: io.FileIO, data: bytes) -> None:
    """Append bytes as a whole, or nothing."""
    size, left = file.seek(0, os.SEEK_END), data
    try:
        while left:
            left = left[file.write(left) :]
    except OSError:
        file.truncate(size)
        raise
