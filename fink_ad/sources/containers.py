"""Cut a large Avro container into runs of blocks without reading what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap

from fink_ad.alerts.avro import Limits
from fink_ad.alerts.avro.container import Headers

__all__ = ["Run", "runs_of_blocks"]

_SYNC_BYTES = 16
_headers = Headers()


@dataclass(frozen=True)
class Run:
    """Blocks that stand together in a container.

    Attributes
    ----------
    first_record : int
    n_records : int
        As the blocks say; a rest that is no block counts as one.
    head : int
        Bytes of the header, sync marker included.
    start, stop : int
        Where the blocks stand in the file.
    """

    first_record: int
    n_records: int
    head: int
    start: int
    stop: int


def runs_of_blocks(
    data: bytes | mmap, limits: Limits, most_records: int, most_bytes: int
) -> Iterator[Run]:
    """Yield runs of whole blocks that reach `most_records` or `most_bytes`.

    Header and run together are again a container. What follows a damaged block is left in one
    run with it, for the reader to say what is wrong.

    Raises
    ------
    SourceError
        If the header cannot be read.
    """
    view = memoryview(data)
    try:
        head = len(_headers.read(view, limits).prefix) + _SYNC_BYTES
        first = n_records = 0
        start = pos = head
        while pos < len(view):
            count, end = _block(view, pos)
            damaged = end is None
            if end is None:
                count, end = 1, len(view)
            n_records += count
            pos = end
            if n_records >= most_records or pos - start >= most_bytes or damaged:
                yield Run(first, n_records, head, start, pos)
                first, n_records, start = first + n_records, 0, pos
        if start < pos or start == head:
            yield Run(first, max(n_records, 1), head, start, pos)
    finally:
        view.release()


def _block(view: memoryview, pos: int) -> tuple[int, int | None]:
    """Return the records of the block at `pos` and where the next begins; None if damaged."""
    count, pos = _varint(view, pos)
    size, pos = _varint(view, pos)
    end = pos + size + _SYNC_BYTES
    return (count, end) if count > 0 and size >= 0 and end <= len(view) else (count, None)


def _varint(view: memoryview, pos: int) -> tuple[int, int]:
    """Read a zigzag number; -1, which no block may say, where there is none."""
    raw = 0
    for shift in range(0, 64, 7):
        if pos >= len(view):
            break
        byte = view[pos]
        pos += 1
        raw |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (raw >> 1) ^ -(raw & 1), pos
    return -1, pos
