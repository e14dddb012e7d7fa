"""Takes object container files apart: header, blocks, records.

A container file (Avro 1.12 specification, "Object Container Files") is a header with the
writer's schema and codec, then blocks, each with a count of records, a size, the data and a
16-byte sync marker. The header of a packet is larger than its own numbers, and nearly always
equal to the one before: it is recognised by its bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fink_ad.alerts.avro.codecs import CODECS, decompress
from fink_ad.alerts.avro.limits import Limits
from fink_ad.alerts.avro.reasons import PacketError
from fink_ad.alerts.avro.schema import WriterSchema, parse_schema

__all__ = ["MAGIC", "Damage", "Header", "Headers", "Segment", "blocks"]

MAGIC = b"Obj\x01"
_SYNC_BYTES = 16
_OTHER_METADATA = 1 << 16  # bytes of a header beside the schema
_ENDS_EARLY = PacketError("truncated", "the container ends inside a block")


@dataclass(frozen=True, eq=False, slots=True)
class Segment:
    """Records one behind the other in a piece of memory."""

    first_record: int
    count: int
    data: memoryview | bytes


@dataclass(frozen=True, eq=False, slots=True)
class Damage:
    """Why records from a certain one on cannot be had."""

    first_record: int
    error: PacketError


@dataclass(frozen=True, eq=False, slots=True)
class Header:
    """What the header of a container says, and its bytes up to the sync marker."""

    prefix: bytes
    schema: WriterSchema
    codec: str
    limits: Limits


class Headers:
    """Container headers seen before, the latest first. Safe to share between threads."""

    def __init__(self) -> None:
        self._seen: tuple[Header, ...] = ()

    def read(self, message: bytes | memoryview, limits: Limits) -> Header:
        """Recognise or parse the header of a container.

        Raises
        ------
        PacketError
            If it is truncated or malformed, or its schema or codec cannot be used.
        """
        seen = self._seen
        for place, header in enumerate(seen):
            size = len(header.prefix)
            if bytes(message[:size]) == header.prefix and header.limits == limits:
                if place:
                    self._seen = (header, *seen[:place], *seen[place + 1 :])
                return header
        header = _parse_header(message, limits)
        self._seen = (header, *seen[: limits.programs - 1])
        return header


def blocks(
    message: bytes | memoryview, header: Header, limits: Limits
) -> Iterator[Segment | Damage]:
    """Yield the blocks of a container, and what is wrong with those that cannot be read.

    The records of a block whose end is missing are yielded as far as they are whole, save the
    last: without the sync marker there is no telling whether it is.
    """
    view = memoryview(message)
    pos = len(header.prefix) + _SYNC_BYTES
    sync = bytes(view[pos - _SYNC_BYTES : pos])
    first_record = 0
    if pos > len(view):
        yield Damage(0, _ENDS_EARLY)
    if pos == len(view):
        yield Damage(0, PacketError("empty", "the container holds no record"))
    while pos < len(view):
        try:
            count, pos = _varint(view, pos)
            size, pos = _varint(view, pos)
            _check_block(count, size)
        except PacketError as error:
            yield Damage(first_record, error)
            return
        end = pos + size
        if end + _SYNC_BYTES > len(view):
            data = view[pos : end - 1]
            if header.codec == "null" and 1 < count <= size:
                # One byte short at least, the last record is certain to be refused as truncated.
                yield Segment(first_record, min(count, len(data) + 1), data)
            else:
                yield Damage(first_record, _ENDS_EARLY)
            return
        if view[end : end + _SYNC_BYTES] != sync:
            yield Damage(first_record, PacketError("bad_sync", "a block ends without its marker"))
            return
        try:
            content = decompress(header.codec, view[pos:end], limits)
            if count > len(content) or (count == 0 and len(content)):
                raise PacketError(
                    "bad_length", f"a block of {len(content)} bytes claims {count} records"
                )
            yield Segment(first_record, count, content)
        except PacketError as error:
            yield Damage(first_record, error)
        first_record += count
        pos = end + _SYNC_BYTES


def _check_block(count: int, size: int) -> None:
    if count < 0:
        raise PacketError("negative_count", f"a block with {count} records")
    if size < 0:
        raise PacketError("bad_length", f"a block of {size} bytes")


def _parse_header(message: bytes | memoryview, limits: Limits) -> Header:
    most = limits.schema_text + _OTHER_METADATA
    head = bytes(message[:most])
    try:
        metadata, pos = _metadata(head, limits)
        if pos + _SYNC_BYTES > len(message):
            raise PacketError("truncated", "the container ends inside its header")
    except PacketError as error:
        if error.reason == "truncated" and len(message) > most:
            raise PacketError("schema_too_large", f"a header of more than {most} bytes") from None
        raise
    if b"avro.schema" not in metadata:
        raise PacketError("bad_schema", "the container has no schema in its header")
    schema = parse_schema(metadata[b"avro.schema"], limits)
    codec = metadata.get(b"avro.codec", b"null").decode("ascii", "replace")
    if codec not in CODECS:
        raise PacketError(
            "unknown_codec", f"codec {codec[:40]!r} is not one of {', '.join(CODECS)}"
        )
    return Header(head[:pos], schema, codec, limits)


def _metadata(head: bytes, limits: Limits) -> tuple[dict[bytes, bytes], int]:
    """Read the header's map of bytes; return it and the position behind it."""
    metadata: dict[bytes, bytes] = {}
    pos = len(MAGIC)
    while True:
        count, pos = _varint(head, pos)
        if count == 0:
            return metadata, pos
        if count < 0:
            _, pos = _varint(head, pos)  # the block's size, of no use here
        for _ in range(abs(count)):
            key, pos = _bytes(head, pos, _OTHER_METADATA)
            metadata[key], pos = _bytes(head, pos, limits.schema_text)


def _bytes(head: bytes, pos: int, most: int) -> tuple[bytes, int]:
    size, pos = _varint(head, pos)
    if size < 0:
        raise PacketError("bad_length", f"{size} bytes in the header of a container")
    if size > most:
        raise PacketError("schema_too_large", f"{size} bytes in the header, {most} are allowed")
    if size > len(head) - pos:
        raise PacketError("truncated", "the container ends inside its header")
    return head[pos : pos + size], pos + size


def _varint(view: bytes | memoryview, pos: int) -> tuple[int, int]:
    raw = 0
    for shift in range(0, 70, 7):
        if pos >= len(view):
            raise PacketError("truncated", "the container ends inside a number")
        byte = view[pos]
        pos += 1
        raw |= (byte & 0x7F) << shift
        if byte < 0x80:
            if raw >> 64:
                break
            return (raw >> 1) ^ -(raw & 1), pos
    raise PacketError("bad_varint", "a number of the container takes more than 64 bits")
