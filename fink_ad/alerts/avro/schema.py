"""Writer's schemas: parsed, names resolved, bounded.

The types follow the Apache Avro 1.12 specification. Logical types are read as the type they
annotate. A schema comes from a stranger, so its size and depth are limited, and a type that
contains itself is refused: alerts have no use for one and a fixed program cannot read it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fink_ad.alerts.avro.limits import Limits
from fink_ad.alerts.avro.reasons import PacketError

__all__ = [
    "Array",
    "AvroType",
    "Enum",
    "Fixed",
    "MapOf",
    "Primitive",
    "Record",
    "Union",
    "WriterSchema",
    "parse_schema",
]

_PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
_PATH_SYNTAX = frozenset(".[]{}@")
_LARGEST_FIXED = 1 << 31


@dataclass(frozen=True, eq=False)
class Primitive:
    """A type without parts; ``kind`` is its Avro name."""

    kind: str


@dataclass(frozen=True, eq=False)
class Fixed:
    """A given number of bytes."""

    size: int


@dataclass(frozen=True, eq=False)
class Enum:
    """One of a list of symbols."""

    symbols: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Array:
    """Any number of items."""

    items: AvroType


@dataclass(frozen=True, eq=False)
class MapOf:
    """Any number of values with a string key each."""

    values: AvroType


@dataclass(frozen=True, eq=False)
class Union:
    """One of several types."""

    branches: tuple[AvroType, ...]


@dataclass(frozen=True, eq=False)
class Record:
    """Named fields in order."""

    fields: tuple[tuple[str, AvroType], ...]


AvroType = Primitive | Fixed | Enum | Array | MapOf | Union | Record


@dataclass(frozen=True, eq=False)
class WriterSchema:
    """A parsed schema with its JSON and the hash it is known by."""

    json: Mapping[str, Any]
    hash: str
    root: Record


def parse_schema(text: str | bytes | Mapping[str, Any], limits: Limits) -> WriterSchema:
    """Parse a schema given as JSON text or as the object it stands for.

    Raises
    ------
    PacketError
        With reason ``schema_too_large``, ``schema_too_deep``, ``recursive_schema`` or
        ``bad_schema``.
    """
    try:
        if isinstance(text, Mapping):
            text = json.dumps(text)
        if len(text) > limits.schema_text:
            raise PacketError(
                "schema_too_large",
                f"the schema has {len(text)} bytes, more than the {limits.schema_text} allowed",
            )
        content = json.loads(text)
        root = _Parser(limits.schema_depth).parse(content, "", 1)
        # Independent of white space, so that one schema has one hash however it was written.
        compact = json.dumps(content, separators=(",", ":"))
    except RecursionError:
        raise PacketError("schema_too_deep", "the schema nests too deep") from None
    except (ValueError, TypeError) as error:
        raise PacketError("bad_schema", f"the schema is not JSON: {error}") from None
    if not isinstance(root, Record):
        raise PacketError("bad_schema", "the schema of a packet must be a record")
    return WriterSchema(content, hashlib.sha256(compact.encode()).hexdigest()[:16], root)


class _Parser:
    """Turns schema JSON into types; remembers the named ones."""

    def __init__(self, deepest: int) -> None:
        self._deepest = deepest
        self._named: dict[str, AvroType | None] = {}  # None while its definition is open
        self._heights: dict[AvroType, int] = {}

    def parse(self, node: Any, namespace: str, depth: int) -> AvroType:
        parsed = self._parse(node, namespace, depth)
        if depth + self._height(parsed) - 1 > self._deepest:
            raise PacketError(
                "schema_too_deep", f"the schema nests deeper than the {self._deepest} allowed"
            )
        return parsed

    def _parse(self, node: Any, namespace: str, depth: int) -> AvroType:
        if depth > self._deepest:
            raise PacketError(
                "schema_too_deep", f"the schema nests deeper than the {self._deepest} allowed"
            )
        if isinstance(node, str):
            return self._reference(node, namespace)
        if isinstance(node, list):
            return self._union(node, namespace, depth)
        if not isinstance(node, dict):
            raise PacketError("bad_schema", f"a type cannot be {str(node)[:80]!r}")
        match node.get("type"):
            case "array":
                return Array(self.parse(_need(node, "items"), namespace, depth + 1))
            case "map":
                return MapOf(self.parse(_need(node, "values"), namespace, depth + 1))
            case "enum" | "fixed" | "record" | "error" as kind:
                return self._definition(kind, node, namespace, depth)
            case None:
                raise PacketError("bad_schema", "a type without 'type'")
            case inner:  # a primitive or named type with annotations, such as a logical type
                return self.parse(inner, namespace, depth + isinstance(inner, dict))

    def _reference(self, name: str, namespace: str) -> AvroType:
        if name in _PRIMITIVES:
            return Primitive(name)
        for full_name in (_full_name(name, namespace), name):
            if full_name in self._named:
                found = self._named[full_name]
                if found is None:
                    raise PacketError("recursive_schema", f"type {name[:80]!r} contains itself")
                return found
        raise PacketError("bad_schema", f"the schema does not define the type {name[:80]!r}")

    def _union(self, node: list[Any], namespace: str, depth: int) -> Union:
        branches = tuple(self.parse(branch, namespace, depth + 1) for branch in node)
        if not branches or any(isinstance(branch, Union) for branch in branches):
            raise PacketError("bad_schema", "a union is empty or directly inside another")
        return Union(branches)

    def _definition(
        self, kind: str, node: Mapping[str, Any], namespace: str, depth: int
    ) -> AvroType:
        name = _need(node, "name")
        inner = node.get("namespace", namespace) or ""
        if not isinstance(name, str) or not isinstance(inner, str):
            raise PacketError("bad_schema", f"a {kind} whose name is not text")
        full_name = _full_name(name, inner)
        if full_name in self._named:
            raise PacketError("bad_schema", f"type {full_name[:80]!r} is defined twice")
        self._named[full_name] = None
        defined: AvroType
        if kind == "fixed":
            defined = Fixed(_fixed_size(node, full_name))
        elif kind == "enum":
            defined = Enum(_symbols(node, full_name))
        else:
            defined = self._record(node, full_name, depth)
        self._named[full_name] = defined
        return defined

    def _record(self, node: Mapping[str, Any], full_name: str, depth: int) -> Record:
        entries = _need(node, "fields")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise PacketError("bad_schema", f"the fields of {full_name[:80]!r} are not a list")
        namespace = full_name.rpartition(".")[0]
        fields: dict[str, AvroType] = {}
        for entry in entries:
            name = _need(entry, "name")
            if not isinstance(name, str) or not name or _PATH_SYNTAX & set(name):
                raise PacketError("bad_schema", f"{str(name)[:80]!r} is no name for a field")
            if name in fields:
                raise PacketError("bad_schema", f"field {name[:80]!r} occurs twice in one record")
            fields[name] = self.parse(_need(entry, "type"), namespace, depth + 1)
        return Record(tuple(fields.items()))

    def _height(self, node: AvroType) -> int:
        """Levels below and including a type; a named type counts wherever it is used."""
        if node not in self._heights:
            match node:
                case Array(inner) | MapOf(inner):
                    parts: tuple[AvroType, ...] = (inner,)
                case Union(branches):
                    parts = branches
                case Record(fields):
                    parts = tuple(part for _, part in fields)
                case _:
                    parts = ()
            self._heights[node] = 1 + max(map(self._height, parts), default=0)
        return self._heights[node]


def _need(node: Mapping[str, Any], key: str) -> Any:
    if key not in node:
        raise PacketError("bad_schema", f"a {str(node.get('type', 'field'))[:80]} without {key!r}")
    return node[key]


def _full_name(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _fixed_size(node: Mapping[str, Any], name: str) -> int:
    size = _need(node, "size")
    if not isinstance(size, int) or not 0 < size <= _LARGEST_FIXED:
        raise PacketError("bad_schema", f"fixed type {name[:80]!r} of size {str(size)[:80]}")
    return size


def _symbols(node: Mapping[str, Any], name: str) -> tuple[str, ...]:
    symbols = _need(node, "symbols")
    if not isinstance(symbols, list) or not all(isinstance(symbol, str) for symbol in symbols):
        raise PacketError("bad_schema", f"the symbols of enum {name[:80]!r} are not a list of text")
    return tuple(symbols)
