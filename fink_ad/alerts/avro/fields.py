"""Paths of the fields a schema has, and what each is decoded into."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fink_ad.alerts.avro.limits import Limits
from fink_ad.alerts.avro.reasons import PacketError
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
from fink_ad.errors import SourceError

__all__ = ["STORAGE", "field_paths", "leaf_path", "prefixes", "storage_of", "unknown_field"]

_MOST_PATHS = 100_000

STORAGE = {
    "boolean": "bool",
    "int": "int64",
    "long": "int64",
    "float": "float64",
    "double": "float64",
    "bytes": "bytes",
    "string": "bytes",
}
"""What a primitive is decoded into: its exact value, in the widest type of its family."""


def field_paths(
    schema: str | bytes | Mapping[str, Any],
    limits: Limits = Limits(),  # noqa: B008 (frozen)
) -> list[str]:
    """List every field a schema has that can be read, in packet order.

    A field that can be a number in one packet and text in the next is left out: it does not fit
    one column.

    Raises
    ------
    SourceError
        If the schema is malformed or exceeds the limits.
    """
    found: dict[str, str | None] = {}
    for count, (path, storage) in enumerate(_walk(parse_schema(schema, limits).root, "")):
        if count > _MOST_PATHS:
            raise PacketError("schema_too_large", f"the schema has more than {_MOST_PATHS} fields")
        if path:
            found[path] = storage if found.get(path, storage) == storage else None
    return [path for path, storage in found.items() if storage]


def storage_of(leaf: AvroType) -> str | None:
    """Name what a type without parts is decoded into; None for ``null`` and for the others."""
    match leaf:
        case Primitive(kind):
            return STORAGE.get(kind)
        case Fixed() | Enum():
            return "bytes"
    return None


def leaf_path(path: str) -> str:
    """Name the value at a path: items of arrays and values of maps have a name of their own."""
    if path.endswith("[]"):
        return path + ".@item"
    return path + ".@value" if path.endswith("{}") else path


def prefixes(paths: Iterable[str]) -> frozenset[str]:
    """Return the paths and all that leads to them."""
    return frozenset(
        path[:end]
        for path in paths
        for end in [*(i for i, sign in enumerate(path) if sign in ".[{"), len(path)]
    )


def unknown_field(path: str, root: Record) -> SourceError:
    """Explain that a wanted field is not in the schema, with the nearest one that is."""
    known = [
        found
        for _, (found, storage) in zip(range(_MOST_PATHS), _walk(root, ""), strict=False)
        if storage
    ]
    near = difflib.get_close_matches(path, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return SourceError(f"the packet schema has no field {path!r}{hint}")


def _walk(node: AvroType, path: str) -> Iterator[tuple[str, str | None]]:
    """Yield a path and its storage for every leaf, and an empty path for every other node."""
    yield "", None
    match node:
        case Record(fields):
            for name, part in fields:
                yield from _walk(part, f"{path}.{name}" if path else name)
        case Array(items):
            yield from _walk(items, path + "[]")
        case MapOf(values):
            yield path + "{}.@key", "bytes"
            yield from _walk(values, path + "{}")
        case Union(branches):
            for branch in branches:
                yield from _walk(branch, path)
        case _:
            storage = storage_of(node)
            if storage:
                yield leaf_path(path), storage
