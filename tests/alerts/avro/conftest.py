"""What the reader must give, worked out from records that fastavro decoded; sample packets."""

from __future__ import annotations

import io
import json
import math
import random
import struct
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import fastavro
import pyarrow as pa
import pytest

from fink_ad.alerts.avro.fields import storage_of
from fink_ad.alerts.avro.limits import Limits
from fink_ad.alerts.avro.schema import (
    Array,
    AvroType,
    Enum,
    Fixed,
    MapOf,
    Primitive,
    Record,
    Union,
    parse_schema,
)
from fink_ad.alerts.tables import ByteColumn, PacketTables

Schema = Mapping[str, Any]

_PYTHON_TYPES = {
    "null": type(None),
    "boolean": bool,
    "int": int,
    "long": int,
    "float": float,
    "double": float,
    "string": str,
    "bytes": bytes,
}


class Expected:
    """Rows by table, each a dict of values by relative path; "" is the row it is nested in."""

    def __init__(self, root: Record, records: Iterable[dict[str, Any]]) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for number, record in enumerate(records):
            self._add(root, record, "", "", self._begin("", number))

    def _begin(self, table: str, outer: int) -> dict[str, Any]:
        self.rows[table].append({"": outer})
        return self.rows[table][-1]

    def _add(self, node: AvroType, value: Any, table: str, path: str, row: dict[str, Any]) -> None:
        child = f"{table}.{path}" if table and path else table + path
        here = len(self.rows[table]) - 1
        match node:
            case Record(fields):
                for name, part in fields:
                    self._add(part, value[name], table, f"{path}.{name}" if path else name, row)
            case Array(items):
                for item in value:
                    self._add(items, item, child + "[]", "", self._begin(child + "[]", here))
            case MapOf(values):
                for key, item in value.items():
                    inner = self._begin(child + "{}", here)
                    inner["@key"] = key.encode()
                    self._add(values, item, child + "{}", "", inner)
            case Union(branches):
                (branch,) = [branch for branch in branches if _fits(branch, value)]
                self._add(branch, value, table, path, row)
            case _:
                if value is not None:
                    leaf = path or ("@item" if table.endswith("[]") else "@value")
                    row[leaf] = value.encode() if isinstance(value, str) else value


def assert_equals(tables: PacketTables, records: Iterable[dict[str, Any]]) -> int:
    """Compare every row of every table; return the number of values that were there."""
    root = parse_schema(tables.schema, Limits()).root
    expected = Expected(root, records)
    present = 0
    for path, table in {"": tables.top, **tables.children}.items():
        rows = expected.rows[path]
        assert len(table) == len(rows), path
        assert table.outer is not None
        assert table.outer.tolist() == [row[""] for row in rows], path
        for name, column in table.columns.items():
            present += int(column.valid.sum())
            for found, row in zip(_values(column), rows, strict=True):
                assert _same(found, row.get(name)), (path, name, found, row.get(name))
    asked = {(path, name) for path, table in tables.children.items() for name in table.columns}
    asked |= {("", name) for name in tables.top.columns}
    there = {(p, name) for p, rows in expected.rows.items() for row in rows for name in row if name}
    assert there <= asked | _mixed(root)
    return present


def _mixed(root: Record) -> set[tuple[str, str]]:
    """Find the leaves that are numbers in one branch and text in another: no column holds them."""
    kinds: dict[tuple[str, str], set[str]] = defaultdict(set)

    def visit(node: AvroType, table: str, path: str) -> None:
        child = f"{table}.{path}" if table and path else table + path
        match node:
            case Record(fields):
                for name, part in fields:
                    visit(part, table, f"{path}.{name}" if path else name)
            case Array(part):
                visit(part, child + "[]", "")
            case MapOf(part):
                visit(part, child + "{}", "")
            case Union(branches):
                for part in branches:
                    visit(part, table, path)
            case _:
                leaf = path or ("@item" if table.endswith("[]") else "@value")
                kinds[table, leaf] |= {storage_of(node) or ""} - {""}

    visit(root, "", "")
    return {leaf for leaf, found in kinds.items() if len(found) > 1}


def _values(column: Any) -> list[Any]:
    if isinstance(column, ByteColumn):
        values: list[Any] = column.to_arrow().to_pylist()
        return values
    return [
        value if ok else None
        for value, ok in zip(column.values.tolist(), column.valid, strict=True)
    ]


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) and isinstance(wanted, float):
        both_nan = math.isnan(found) and math.isnan(wanted)
        return both_nan or struct.pack("d", found) == struct.pack("d", wanted)
    return type(found) is type(wanted) and bool(found == wanted)


def _fits(branch: AvroType, value: Any) -> bool:
    match branch:
        case Primitive(kind):
            return type(value) is _PYTHON_TYPES[kind]
        case Fixed(size):
            return isinstance(value, bytes) and len(value) == size
        case Enum(symbols):
            return value in symbols
        case Array():
            return isinstance(value, list)
        case MapOf():
            return isinstance(value, dict)
        case Record(fields):
            return isinstance(value, dict) and {name for name, _ in fields} == set(value)
        case Union():
            return False


@pytest.fixture(scope="session")
def assert_same() -> Callable[[PacketTables, Iterable[dict[str, Any]]], int]:
    """Compare decoded tables with the records they should hold."""
    return assert_equals


SOURCE = {
    "type": "record",
    "name": "source",
    "fields": [
        {"name": "mjd", "type": "double"},
        {"name": "band", "type": [{"type": "enum", "name": "band", "symbols": ["g", "r"]}, "null"]},
        {"name": "flux", "type": ["null", "float"]},
        {"name": "flags", "type": ["null", "int"]},
        {"name": "dipole", "type": ["null", "boolean"]},
        {"name": "note", "type": ["null", "string"]},
    ],
}

SAMPLE_SCHEMA: Schema = {
    "type": "record",
    "name": "alert",
    "namespace": "sample",
    "fields": [
        {"name": "objectId", "type": "string"},
        {"name": "candid", "type": "long"},
        {"name": "candidate", "type": ["null", SOURCE]},
        {"name": "previous", "type": ["null", {"type": "array", "items": "source"}]},
        {"name": "per_band", "type": {"type": "map", "values": ["null", "source"]}},
        {"name": "offsets", "type": {"type": "array", "items": "double"}},
        {"name": "checksum", "type": {"type": "fixed", "name": "checksum", "size": 4}},
        {"name": "nested", "type": {"type": "array", "items": {"type": "array", "items": "int"}}},
        {"name": "either", "type": ["int", "string", "null", "source"]},
        {"name": "stamp", "type": ["null", "bytes"]},
    ],
}
"""Every construct of the surveys' schemas, and some more, in a small packet."""


def sample_records(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Make records of the sample schema."""
    rng = random.Random(seed)

    def source() -> dict[str, Any]:
        return {
            "mjd": rng.uniform(6e4, 6.1e4),
            "band": rng.choice(["g", "r", None]),
            "flux": rng.choice([None, float("nan"), 0.5]),
            "flags": rng.choice([None, 0, -(2**31), 2**31 - 1]),
            "dipole": rng.choice([None, True, False]),
            "note": rng.choice([None, "", "née"]),
        }

    return [
        {
            "objectId": f"ZTF{number}",
            "candid": rng.choice([2**63 - 1, -(2**63), 2**53 + 1, number]),
            "candidate": rng.choice([None, source()]),
            "previous": rng.choice([None, [], [source() for _ in range(rng.randrange(9))]]),
            "per_band": {band: rng.choice([None, source()]) for band in "gri"[: rng.randrange(4)]},
            "offsets": [rng.random() for _ in range(rng.randrange(4))],
            "checksum": rng.randbytes(4),
            "nested": [[number] * rng.randrange(3) for _ in range(rng.randrange(3))],
            "either": rng.choice([None, 5, "five", source()]),
            "stamp": rng.choice([None, rng.randbytes(rng.randrange(200))]),
        }
        for number in range(count)
    ]


def write_body(schema: Schema, record: dict[str, Any]) -> bytes:
    """Encode one record without a header."""
    sink = io.BytesIO()
    fastavro.schemaless_writer(sink, fastavro.parse_schema(dict(schema)), record)
    return sink.getvalue()


def integer(value: int) -> bytes:
    """Encode an Avro integer of any size."""
    raw = (value << 1) ^ (value >> 63)
    out = bytearray()
    while True:
        raw, low = raw >> 7, raw & 0x7F
        out.append(low | (0x80 if raw else 0))
        if not raw:
            return bytes(out)


def write_container(
    schema: Schema, records: list[dict[str, Any]], codec: str = "null", block_bytes: int = 16000
) -> bytes:
    """Encode records as a container file."""
    if codec in ("snappy", "zstandard"):  # written here, as fastavro needs more packages for them
        bodies = [write_body(schema, record) for record in records]
        per_block = max(1, block_bytes // (len(b"".join(bodies)) // len(bodies)))
        groups = [bodies[i : i + per_block] for i in range(0, len(bodies), per_block)]
        return wrap(
            json.dumps(schema).encode(),
            [(len(group), _COMPRESS[codec](b"".join(group))) for group in groups],
            codec.encode(),
        )
    sink = io.BytesIO()
    parsed = fastavro.parse_schema(dict(schema))
    fastavro.writer(sink, parsed, records, codec=codec, sync_interval=block_bytes)
    return sink.getvalue()


def wrap(schema: bytes, blocks: list[tuple[int, bytes]], codec: bytes = b"null") -> bytes:
    """Put blocks of (count, data as stored) into a container, as they are."""
    sync = b"0123456789abcdef"
    parts = [b"Obj\x01", integer(2)]
    for part in (b"avro.schema", schema, b"avro.codec", codec):
        parts += [integer(len(part)), part]
    parts += [integer(0), sync]
    for count, data in blocks:
        parts += [integer(count), integer(len(data)), data, sync]
    return b"".join(parts)


def snappy(data: bytes) -> bytes:
    """Compress a block as the specification asks: with a checksum behind it."""
    packed: bytes = pa.compress(data, "snappy", asbytes=True)
    return packed + zlib.crc32(data).to_bytes(4, "big")


def zstandard(data: bytes) -> bytes:
    """Compress a block as a stream, which does not say how long it is."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


_COMPRESS = {"snappy": snappy, "zstandard": zstandard}


@pytest.fixture(scope="session")
def sample_schema() -> Schema:
    """Schema of the sample packets."""
    return SAMPLE_SCHEMA


@pytest.fixture(scope="session")
def samples() -> list[dict[str, Any]]:
    """Forty records of the sample schema."""
    return sample_records(40)


@pytest.fixture(scope="session")
def body() -> Callable[[Schema, dict[str, Any]], bytes]:
    """Encode one record without a header."""
    return write_body


@pytest.fixture(scope="session")
def container() -> Callable[..., bytes]:
    """Encode records as a container file: schema, records, codec, bytes per block."""
    return write_container


@pytest.fixture(scope="session")
def wrapped() -> Callable[..., bytes]:
    """Put blocks of (count, data as stored) into a container: schema text, blocks, codec."""
    return wrap


@pytest.fixture(scope="session")
def avro_int() -> Callable[[int], bytes]:
    """Encode an Avro integer of any size."""
    return integer


@pytest.fixture(scope="session")
def compressors() -> dict[str, Callable[[bytes], bytes]]:
    """Compress a block by codec."""
    return {"deflate": lambda data: zlib.compress(data, 9)[2:-4], **_COMPRESS}
