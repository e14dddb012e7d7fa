"""Schema and wanted fields in, flat program out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.avro import program as op
from fink_ad.alerts.avro.fields import leaf_path, prefixes, storage_of, unknown_field
from fink_ad.alerts.avro.program import Column, Program
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
)
from fink_ad.errors import SourceError

__all__ = ["compile_program"]

_MOST_INSTRUCTIONS = (
    100_000  # named types can be used again and again: a short text, a long program
)
_LARGEST_SKIP = 1 << 62  # beyond any message, and safe to compare in 64 bits
_FIXED_SIZES = {"null": 0, "boolean": 1, "float": 4, "double": 8}
_UNITS = {
    "int": op.UNIT_VARINT,
    "long": op.UNIT_VARINT,
    "string": op.UNIT_STRING,
    "bytes": op.UNIT_BYTES,
}
_READS = {
    "boolean": op.READ_BOOL,
    "int": op.READ_LONG,
    "long": op.READ_LONG,
    "float": op.READ_FLOAT,
    "double": op.READ_DOUBLE,
    "string": op.READ_BYTES,
    "bytes": op.READ_BYTES,
}


def compile_program(root: Record, fields: Iterable[str]) -> Program:
    """Compile the program that reads the wanted fields of records of one schema.

    Raises
    ------
    SourceError
        If the schema has no such field, or the field does not fit one column.
    PacketError
        With reason ``schema_too_large`` if the program would be too long.
    """
    wanted = dict.fromkeys(fields)
    compiler = _Compiler(wanted)
    compiler.read(root, "", 0)
    compiler.emit(op.END)
    for path in wanted:
        if path not in compiler.columns:
            raise unknown_field(path, root)
    return compiler.finish()


class _Compiler:
    def __init__(self, wanted: Iterable[str]) -> None:
        self.columns: dict[str, int] = {}
        self._specs: list[Column] = []
        self._wanted = frozenset(wanted)
        self._on_the_way = prefixes(wanted)
        self._tables: dict[str, int] = {"": 0}
        self._outer = [0]
        self._code: list[list[int]] = []
        self._runs: list[tuple[int, ...]] = []
        self._enums: list[tuple[int, int]] = []
        self._symbols: list[bytes] = []
        self._sizes: dict[AvroType, int | None] = {}
        self._barrier = 0  # instructions before it are jumped behind: never to be merged into

    def finish(self) -> Program:
        lengths = np.array([len(symbol) for symbol in self._symbols], np.int64)
        starts = np.cumsum(lengths) - lengths
        return Program(
            code=np.array(self._code, np.int64),
            runs=_rows(self._runs, 5),
            columns=tuple(self._specs),
            tables=tuple(self._tables),
            outer=np.array(self._outer, np.int64),
            enums=_rows(self._enums, 2),
            symbols=b"".join(self._symbols),
            symbol_spans=np.stack([starts, lengths], axis=1),
        )

    def emit(self, code: int, a: int = 0, b: int = 0, c: int = 0) -> int:
        """Append an instruction and return its number."""
        if len(self._code) + len(self._runs) >= _MOST_INSTRUCTIONS:
            raise PacketError(
                "schema_too_large",
                f"reading the schema takes more than {_MOST_INSTRUCTIONS} instructions",
            )
        self._code.append([code, a, b, c])
        return len(self._code) - 1

    def read(self, node: AvroType, path: str, table: int) -> None:
        """Emit code that reads what is wanted at and below a path, and skips the rest."""
        if path and path not in self._on_the_way:
            self._skip(node, table)
            return
        match node:
            case Record(fields):
                for name, part in fields:
                    self.read(part, f"{path}.{name}" if path else name, table)
            case Array(items):
                self._loop(path + "[]", items, table, with_key=False)
            case MapOf(values):
                self._loop(path + "{}", values, table, with_key=True)
            case Union(branches):
                self._read_union(branches, path, table)
            case _:
                self._read_leaf(node, path, table)

    def _loop(self, path: str, part: AvroType, outer: int, *, with_key: bool) -> None:
        if path not in self._on_the_way:
            self._skip(MapOf(part) if with_key else Array(part), outer)
            return
        if path not in self._tables:
            self._tables[path] = len(self._tables)
            self._outer.append(outer)
        table = self._tables[path]
        loop = self.emit(op.LOOP, table)
        self._mark()
        if with_key:
            self._read_key(path, table)
        self.read(part, path, table)
        self._close(loop)

    def _close(self, loop: int) -> None:
        self.emit(op.NEXT, loop)
        self._code[loop][2] = len(self._code)
        self._mark()

    def _read_key(self, path: str, table: int) -> None:
        if path + ".@key" in self._wanted:
            self.emit(op.READ_BYTES, self._column(path + ".@key", table, "bytes"), 0, -1)
        else:
            self.emit(op.BYTES)

    def _read_union(self, branches: tuple[AvroType, ...], path: str, table: int) -> None:
        nulls = [isinstance(branch, Primitive) and branch.kind == "null" for branch in branches]
        if len(branches) == 2 and sum(nulls) == 1:
            leaf = branches[nulls.index(False)]
            storage = storage_of(leaf)
            if storage and leaf_path(path) in self._wanted:
                column = self._column(leaf_path(path), table, storage)
                units = [unit for unit in map(self._unit, branches) if unit is not None]
                self._run(units, table, column, *self._reading(leaf))
                return
        jumps = self._branch(len(branches))
        ends = []
        for jump, branch in zip(jumps, branches, strict=True):
            self._code[jump][1] = len(self._code)
            self.read(branch, path, table)
            ends.append(self.emit(op.JUMP))
            self._mark()
        self._join(ends)

    def _read_leaf(self, node: AvroType, path: str, table: int) -> None:
        storage = storage_of(node)
        full_path = leaf_path(path)
        if storage is None or full_path not in self._wanted:
            self._skip(node, table)
            return
        code, detail = self._reading(node)
        self.emit(code, self._column(full_path, table, storage), detail)

    def _reading(self, leaf: AvroType) -> tuple[int, int]:
        """Return the instruction that reads a type without parts, and its second argument."""
        match leaf:
            case Fixed(size):
                return op.READ_FIXED, size
            case Enum(symbols):
                self._enums.append((len(self._symbols), len(symbols)))
                self._symbols += [symbol.encode() for symbol in symbols]
                return op.READ_ENUM, len(self._enums) - 1
            case Primitive(kind):
                return _READS[kind], int(kind == "bytes")
        raise AssertionError(leaf)  # storage_of is None for all other types

    def _run(
        self, units: list[int], table: int, column: int = -1, code: int = 0, detail: int = 0
    ) -> None:
        """Add a union of two simple branches to the run of them, or begin one."""
        self._runs.append((*units, column, code, detail))
        last = self._code[-1] if len(self._code) > self._barrier else None
        if last and last[0] == op.RUN:
            last[2] += 1
        else:
            self.emit(op.RUN, len(self._runs) - 1, 1, table)

    def _column(self, full_path: str, table: int, storage: str) -> int:
        if full_path not in self.columns:
            self.columns[full_path] = len(self._specs)
            name = full_path.removeprefix(list(self._tables)[table]).removeprefix(".")
            self._specs.append(Column(name, table, storage))
        column = self.columns[full_path]
        if self._specs[column].storage != storage:
            raise SourceError(
                f"field {full_path!r} is {self._specs[column].storage} in one branch of its union "
                f"and {storage} in another: it does not fit one column"
            )
        return column

    def _skip(self, node: AvroType, table: int) -> None:
        """Emit code that passes over a type; `table` is the one whose row is being read."""
        unit = self._unit(node)
        if unit is not None:
            self._skip_unit(unit)
            return
        match node:
            case Record(fields):
                for _, part in fields:
                    self._skip(part, table)
            case Array(items):
                size = self._fixed_size(items)
                if size is not None:
                    self.emit(op.ITEMS, size)
                else:
                    loop = self.emit(op.LOOP, -1)
                    self._mark()
                    self._skip(items, table)
                    self._close(loop)
            case MapOf(values):
                loop = self.emit(op.LOOP, -1)
                self._mark()
                self.emit(op.BYTES)
                self._skip(values, table)
                self._close(loop)
            case Union(branches):
                self._skip_union(branches, table)

    def _skip_union(self, branches: tuple[AvroType, ...], table: int) -> None:
        units = [unit for unit in map(self._unit, branches) if unit is not None]
        if len(units) == len(branches) == 2:
            self._run(units, table)
            return
        ends = []
        for jump, branch in zip(self._branch(len(branches)), branches, strict=True):
            self._code[jump][1] = len(self._code)
            self._skip(branch, table)
            ends.append(self.emit(op.JUMP))
            self._mark()
        self._join(ends)

    def _skip_unit(self, unit: int) -> None:
        if unit == op.UNIT_VARINT:
            self.emit(op.VARINT)
        elif unit < 0:
            self.emit(op.BYTES, int(unit == op.UNIT_BYTES))
        elif unit > 0:
            last = self._code[-1] if len(self._code) > self._barrier else None
            if last and last[0] == op.SKIP:
                last[1] = min(last[1] + unit, _LARGEST_SKIP)
            else:
                self.emit(op.SKIP, unit)

    def _branch(self, count: int) -> list[int]:
        self.emit(op.UNION, count)
        jumps = [self.emit(op.JUMP) for _ in range(count)]
        self._mark()
        return jumps

    def _join(self, ends: list[int]) -> None:
        for end in ends:
            self._code[end][1] = len(self._code)

    def _mark(self) -> None:
        self._barrier = len(self._code)

    def _unit(self, node: AvroType) -> int | None:
        """Size of a type if fixed, else its kind if it is passed over in one step."""
        match node:
            case Primitive(kind) if kind in _UNITS:
                return _UNITS[kind]
            case Enum():
                return op.UNIT_VARINT
        return self._fixed_size(node)

    def _fixed_size(self, node: AvroType) -> int | None:
        if node not in self._sizes:
            size: int | None = None
            match node:
                case Primitive(kind):
                    size = _FIXED_SIZES.get(kind)
                case Fixed(given):
                    size = given
                case Record(fields):
                    parts = [self._fixed_size(part) for _, part in fields]
                    sizes = [part for part in parts if part is not None]
                    if len(sizes) == len(parts):
                        size = min(sum(sizes), _LARGEST_SKIP)
            self._sizes[node] = size
        return self._sizes[node]


def _rows(rows: Sequence[tuple[int, ...]], width: int) -> NDArray[np.int64]:
    return np.array(rows, np.int64).reshape(-1, width)
