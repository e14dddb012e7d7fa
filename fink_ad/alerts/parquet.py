"""Read packets stored as Parquet rows into the same tables as the Avro reader gives."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fink_ad.alerts.tables import ByteColumn, NumberColumn, PacketTables, Table
from fink_ad.errors import SourceError

__all__ = ["ParquetPackets", "packet_tables"]


class ParquetPackets:
    """Packets in one Parquet file, read a piece of a row group at a time.

    Parameters
    ----------
    path : pathlib.Path

    Attributes
    ----------
    paths : tuple of str
        Fields that can be read, named as in `fink_ad.alerts.tables`. Columns without a type
        (all null when they were written) and times are not among them.
    group_rows : tuple of int
        Packets in each row group.

    Raises
    ------
    SourceError
        If this is no Parquet file, or a damaged one.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise SourceError(f"{path} is not a readable Parquet file: {error}") from error
        self._path = path
        self._schema = self._file.schema_arrow
        leaves = [leaf for field in self._schema for leaf in _leaves(field.type, field.name)]
        physical = [self._file.schema.column(i).path for i in range(len(leaves))]
        self._physical = {
            path: column for (path, kind), column in zip(leaves, physical, strict=True) if kind
        }
        self.paths = tuple(self._physical)
        metadata = self._file.metadata
        self.group_rows = tuple(
            metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)
        )
        self._reader: Iterator[pa.RecordBatch] | None = None
        self._next: tuple[object, ...] = ()

    def read(self, group: int, start: int, stop: int, fields: Sequence[str]) -> PacketTables:
        """Read some packets of one row group.

        Reading on where the last call stopped, in steps of the same size, costs no second look
        at what lies before.

        Parameters
        ----------
        group : int
            Row group.
        start, stop : int
            Rows of the group; ``record`` of the result counts from `start`.
        fields : sequence of str
            Paths, among `paths`.

        Raises
        ------
        SourceError
            If the row group is damaged.
        """
        step = stop - start
        try:
            if self._reader is None or self._next != (group, start, step, tuple(fields)):
                columns = [self._physical[path] for path in fields]
                self._reader = self._file.iter_batches(step, row_groups=[group], columns=columns)
                for _ in range(start // step):
                    next(self._reader)
            batch = next(self._reader)
            if start % step:
                behind = next(self._reader, batch.slice(0, 0))
                rows = pa.concat_batches([batch, behind])
                self._reader = None
                batch = rows.slice(start % step, step)
        except (pa.ArrowException, OSError, StopIteration) as error:
            self._reader = None
            raise SourceError(f"row group {group} of {self._path} is damaged: {error}") from error
        self._next = (group, stop, step, tuple(fields))
        return packet_tables(batch)


def packet_tables(batch: pa.RecordBatch) -> PacketTables:
    """Take the nested columns of a record batch apart, one table per nesting level."""
    rows = np.arange(batch.num_rows)
    levels: dict[str, tuple[NDArray[np.int64], dict[str, NumberColumn | ByteColumn]]] = {
        "": (rows, {})
    }
    for field, column in zip(batch.schema, batch.columns, strict=True):
        _take_apart(column, field.name, "", levels)
    tables = {path: Table(parent, columns) for path, (parent, columns) in levels.items()}
    text = batch.schema.to_string(show_field_metadata=False, show_schema_metadata=False)
    return PacketTables(
        schema={"name": "of a Parquet file"},
        schema_hash=hashlib.blake2b(text.encode(), digest_size=16).hexdigest(),
        top=tables.pop(""),
        children=tables,
        message=np.zeros(batch.num_rows, np.int64),
        record=rows,
    )


def _leaves(kind: pa.DataType, path: str) -> Iterator[tuple[str, str]]:
    """Walk the leaves of a type in the order of the file's columns: path, and kind if readable."""
    if pa.types.is_struct(kind):
        for child in kind:
            yield from _leaves(child.type, f"{path}.{child.name}")
    elif pa.types.is_map(kind):
        yield f"{path}{{}}.@key", _readable(kind.key_type)
        yield from _items(kind.item_type, f"{path}{{}}", "@value")
    elif _is_list(kind):
        yield from _items(kind.value_type, f"{path}[]", "@item")
    else:
        yield path, _readable(kind)


def _items(kind: pa.DataType, path: str, name: str) -> Iterator[tuple[str, str]]:
    return _leaves(kind, path if _is_nested(kind) else f"{path}.{name}")


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _is_nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind))


def _readable(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return "number"
    texts = (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())
    return "bytes" if kind in texts else ""


def _take_apart(array: pa.Array, path: str, level: str, levels: dict[str, Any]) -> None:
    """Put a column, or what is nested in it, into the tables it belongs to."""
    kind = array.type
    relative = path[len(level) + 1 :] if level else path
    if pa.types.is_struct(kind):
        # Flattening makes a field null where the record around it is.
        for child, values in zip(kind, array.flatten(), strict=True):
            _take_apart(values, f"{path}.{child.name}", level, levels)
    elif pa.types.is_map(kind):
        first, last = array.offsets[0].as_py(), array.offsets[-1].as_py()
        inner = _open_level(array, f"{path}{{}}", level, levels)
        _take_apart(array.keys[first:last], f"{inner}.@key", inner, levels)
        _take_items(array.items[first:last], inner, "@value", levels)
    elif _is_list(kind):
        inner = _open_level(array, f"{path}[]", level, levels)
        _take_items(array.flatten(), inner, "@item", levels)
    elif _readable(kind):
        values = array.dictionary_decode() if pa.types.is_dictionary(kind) else array
        number = _readable(kind) == "number"
        levels[level][1][relative] = _number_column(values) if number else _byte_column(values)


def _take_items(items: pa.Array, inner: str, name: str, levels: dict[str, Any]) -> None:
    _take_apart(items, inner if _is_nested(items.type) else f"{inner}.{name}", inner, levels)


def _open_level(array: pa.Array, inner: str, level: str, levels: dict[str, Any]) -> str:
    if pa.types.is_fixed_size_list(array.type):
        lengths = np.full(len(array), array.type.list_size)
    else:
        lengths = np.diff(array.offsets.to_numpy())
    lengths = np.where(array.is_valid().to_numpy(zero_copy_only=False), lengths, 0)
    levels.setdefault(inner, (np.repeat(levels[level][0], lengths), {}))
    return inner


def _number_column(array: pa.Array) -> NumberColumn:
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_boolean(array.type):
        return NumberColumn(array.fill_null(False).to_numpy(zero_copy_only=False), valid)
    if pa.types.is_integer(array.type):
        values = array.cast(pa.int64(), safe=False).fill_null(0).to_numpy()
    else:
        values = array.cast(pa.float64()).fill_null(np.nan).to_numpy()
    return NumberColumn(values, valid)


def _byte_column(array: pa.Array) -> ByteColumn:
    is_large = array.type in (pa.large_string(), pa.large_binary())
    _, offsets_buffer, data = array.buffers()
    if not len(array):
        none = np.empty(0, np.int64)
        return ByteColumn(np.empty(0, np.uint8), none, none, np.empty(0, np.bool_))
    stored = np.frombuffer(offsets_buffer, "i8" if is_large else "i4")
    offsets: NDArray[np.int64] = np.array(
        stored[array.offset : array.offset + len(array) + 1], np.int64
    )
    buffer = np.frombuffer(data or b"", np.uint8)
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    return ByteColumn(buffer, offsets[:-1], offsets[1:] - offsets[:-1], valid)
