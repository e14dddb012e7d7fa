"""Packets in, columns out."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fink_ad.alerts.avro.compile import compile_program
from fink_ad.alerts.avro.container import MAGIC, Damage, Headers, Segment, blocks
from fink_ad.alerts.avro.execute import execute
from fink_ad.alerts.avro.limits import Limits
from fink_ad.alerts.avro.program import Program
from fink_ad.alerts.avro.reasons import KERNEL_REASONS, PacketError
from fink_ad.alerts.avro.recent import Recent
from fink_ad.alerts.avro.schema import WriterSchema, parse_schema
from fink_ad.alerts.tables import PacketTables, Rejected
from fink_ad.errors import SourceError

__all__ = ["Fields", "PacketRead", "Schema", "read_packets"]

Schema = str | bytes | Mapping[str, Any]
"""A writer's schema: JSON text, or the object it stands for."""

Fields = Sequence[str] | Callable[[Mapping[str, Any]], Sequence[str]]
"""Paths of the wanted fields, or a function that chooses them by what a schema has.

The function is asked once per schema: it chooses the same whenever it is given the same.
"""

DEFAULT_LIMITS = Limits()

_FRAME = struct.Struct(">BI")  # Confluent wire format: 0, schema id
_headers = Headers()
_schemas: Recent[WriterSchema] = Recent()
_choices: Recent[tuple[str, ...]] = Recent()
_programs: Recent[Program] = Recent()


@dataclass(frozen=True, eq=False)
class PacketRead:
    """What became of the messages.

    Attributes
    ----------
    groups : tuple of PacketTables
        Records grouped by writer's schema, in the order the schemas first occur.
    rejected : tuple of Rejected
        What could not be decoded, in order of message and record. Where a block is damaged, one
        entry stands for the record it was noticed at and those behind it in the block.
    """

    groups: tuple[PacketTables, ...]
    rejected: tuple[Rejected, ...]


@dataclass(eq=False)
class _Group:
    """Segments written with one schema."""

    schema: WriterSchema
    messages: list[int] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)


def read_packets(
    messages: Sequence[bytes | memoryview],
    fields: Fields,
    *,
    schema: Schema | None = None,
    schemas: Mapping[int, Schema] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> PacketRead:
    """Decode the wanted fields of many Avro packets into columns.

    Messages are object container files with any number of records (codecs null, deflate, snappy,
    zstandard); with `schema`, bare bodies of one record each; with `schemas`, bodies in the
    Confluent wire format, among which containers may be mixed. A damaged message becomes an
    entry of ``rejected`` and does not touch the others.

    Integers come as int64, floats as float64 and booleans as bool, each exactly; text, bytes,
    fixed and the symbols of enums as positions in a buffer. An array that is null and one that is
    empty both have no rows.

    Parameters
    ----------
    messages : sequence of bytes or memoryview
    fields : sequence of str, or callable
        Paths as in `fink_ad.alerts.tables`, or a function from a schema's JSON to such paths.
    schema : str, bytes or mapping, optional
        Writer's schema of bare bodies.
    schemas : mapping from int, optional
        Writer's schemas by the id in the frame.
    limits : Limits, optional

    Raises
    ------
    SourceError
        If `schema` or `fields` cannot be used. Where `fields` is a function, a schema it refuses,
        or that lacks a field it names, only costs the packets written with it: they are
        rejected as ``unusable_schema``.
    """
    if schema is not None and schemas is not None:
        raise SourceError("give either schema (bare bodies) or schemas (framed bodies), not both")
    given = None if schema is None else _parsed(schema, limits)
    groups: dict[str, _Group] = {}
    rejected: list[Rejected] = []
    for index, message in enumerate(messages):
        writer: WriterSchema | None = None
        try:
            for writer, part in _split(message, given, schemas, limits):
                if isinstance(part, Damage):
                    rejected.append(_refused(index, part.first_record, part.error, writer))
                    continue
                group = groups.get(writer.hash)
                if group is None:
                    group = groups[writer.hash] = _Group(writer)
                group.messages.append(index)
                group.segments.append(part)
        except PacketError as error:
            rejected.append(_refused(index, 0, error, writer))
    tables = []
    for group in groups.values():
        try:
            program = _program(group.schema, fields, limits)
        except SourceError as error:
            if not callable(fields):
                raise
            rejected += _unusable(group, error)
            continue
        tables.append(_decode(group, program, limits, rejected))
    rejected.sort(key=lambda one: (one.message, one.record))
    return PacketRead(tuple(tables), tuple(rejected))


def _split(
    message: bytes | memoryview,
    given: WriterSchema | None,
    schemas: Mapping[int, Schema] | None,
    limits: Limits,
) -> Iterator[tuple[WriterSchema, Segment | Damage]]:
    """Find the records of a message and the schema they were written with."""
    if not isinstance(message, bytes):
        message = memoryview(message).cast("B")
    if not len(message):
        raise PacketError("empty", "the message is empty")
    if given is not None:
        yield given, _body(message, 0, limits)
    elif message[: len(MAGIC)] == MAGIC:
        header = _headers.read(message, limits)
        for part in blocks(message, header, limits):
            yield header.schema, part
    elif schemas is not None and message[0] == 0:
        if len(message) <= _FRAME.size:
            raise PacketError("truncated", "the message ends inside its frame")
        _, number = _FRAME.unpack_from(message)
        try:
            text = schemas[number]
        except KeyError:
            raise PacketError("unknown_schema_id", f"no schema with id {number}") from None
        yield _parsed(text, limits), _body(message, _FRAME.size, limits)
    else:
        raise PacketError(
            "bad_magic", f"begins with {bytes(message[:4])!r}: neither a container nor framed"
        )


def _body(message: bytes | memoryview, start: int, limits: Limits) -> Segment:
    if len(message) - start > limits.message:
        raise PacketError(
            "too_large", f"{len(message) - start} bytes, more than the {limits.message} allowed"
        )
    return Segment(0, 1, memoryview(message)[start:])


def _parsed(schema: Schema, limits: Limits) -> WriterSchema:
    text = json.dumps(schema) if isinstance(schema, Mapping) else schema
    return _schemas.get((text, limits), lambda: parse_schema(text, limits), limits.programs)


def _program(schema: WriterSchema, fields: Fields, limits: Limits) -> Program:
    if callable(fields):
        paths = _choices.get(
            (schema.hash, fields), lambda: tuple(fields(schema.json)), limits.programs
        )
    else:
        paths = tuple(fields)
    return _programs.get(
        (schema.hash, paths), lambda: compile_program(schema.root, paths), limits.programs
    )


def _decode(
    group: _Group, program: Program, limits: Limits, rejected: list[Rejected]
) -> PacketTables:
    """Run the program over a group; append the records it refuses to `rejected`."""
    pieces = [segment.data for segment in group.segments]
    if len(pieces) == 1 and not program.symbols:
        buffer = np.frombuffer(pieces[0], np.uint8)
    else:
        buffer = np.frombuffer(b"".join([*pieces, program.symbols]), np.uint8)
    buffer.flags.writeable = False  # one kind of array for the kernel, whoever owns the memory
    segments = np.empty((len(pieces), 3), np.int64)
    segments[:, 1] = np.cumsum([len(piece) for piece in pieces])
    segments[0, 0] = 0
    segments[1:, 0] = segments[:-1, 1]
    segments[:, 2] = [segment.count for segment in group.segments]
    decoded = execute(program, buffer, segments, limits)
    done = decoded.outcome[:, 0]
    for index in np.flatnonzero(decoded.outcome[:, 1]):
        segment = group.segments[index]
        _, code, at = decoded.outcome[index].tolist()
        reason, meaning = KERNEL_REASONS[-code]
        record = segment.first_record + int(done[index])
        detail = f"{meaning} (record {record}, {at} bytes into its block)"
        rejected.append(Rejected(group.messages[index], record, reason, detail, group.schema.hash))
    firsts = np.array([segment.first_record for segment in group.segments], np.int64)
    before = np.cumsum(done) - done
    top = decoded.tables[""]
    return PacketTables(
        schema=group.schema.json,
        schema_hash=group.schema.hash,
        top=top,
        children={path: table for path, table in decoded.tables.items() if path},
        message=np.repeat(np.array(group.messages, np.int64), done),
        record=np.arange(len(top)) + np.repeat(firsts - before, done),
    )


def _refused(
    message: int, record: int, error: PacketError, schema: WriterSchema | None
) -> Rejected:
    return Rejected(message, record, error.reason, str(error), schema.hash if schema else "")


def _unusable(group: _Group, error: SourceError) -> list[Rejected]:
    reason = error.reason if isinstance(error, PacketError) else "unusable_schema"
    return [
        Rejected(message, segment.first_record, reason, str(error), group.schema.hash)
        for message, segment in zip(group.messages, group.segments, strict=True)
    ]
