"""Decoded packets before they are given a meaning: one table per nesting level.

The Avro reader and the Parquet reader both end here; the mappings in `alerts.packets` start
here. A field is named by its path in the packet: ``candidate.jd`` in a record,
``prv_candidates[].jd`` in an array of records, ``lc_features{}.mean`` in a map (whose key is
``lc_features{}.@key``). An array or map makes a child table, named by its path up to and
including the brackets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["ByteColumn", "NumberColumn", "PacketTables", "Rejected", "Table"]


@dataclass(frozen=True, eq=False)
class NumberColumn:
    """Numbers of one field; invalid rows hold NaN (floats) or 0 (integers, booleans)."""

    values: NDArray[Any]
    valid: NDArray[np.bool_]

    def floats(self) -> NDArray[np.float64]:
        """Values as float64, NaN where there is none."""
        if self.values.dtype.kind == "f":
            return self.values.astype(np.float64, copy=False)
        return np.where(self.valid, self.values.astype(np.float64), np.nan)

    def to_arrow(self) -> pa.Array:
        """Arrow array of the column's own type, null where there is no value."""
        return pa.array(self.values, mask=~self.valid)


@dataclass(frozen=True, eq=False)
class ByteColumn:
    """Strings or bytes of one field, left where they are in the buffer until asked for."""

    buffer: NDArray[np.uint8]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    valid: NDArray[np.bool_]

    def to_arrow(self, rows: NDArray[np.int64] | None = None) -> pa.Array:
        """Arrow binary array of all rows or of the given ones, null where there is no value.

        The type is ``large_binary`` where the values together exceed 2 GiB.
        """
        # Compiled on first use: most who import tables never ask for text or stamps.
        from fink_ad.alerts.avro.kernel import gather

        chosen = slice(None) if rows is None else rows
        valid = self.valid[chosen]
        offsets = np.zeros(len(valid) + 1, np.int64)
        np.cumsum(np.where(valid, self.lengths[chosen], 0), out=offsets[1:])
        values = np.empty(offsets[-1], np.uint8)
        gather(self.buffer, self.starts[chosen], offsets, values)
        is_large = offsets[-1] > np.iinfo(np.int32).max
        return pa.Array.from_buffers(
            pa.large_binary() if is_large else pa.binary(),
            len(valid),
            [
                pa.array(valid).buffers()[1],
                pa.py_buffer(offsets if is_large else offsets.astype(np.int32)),
                pa.py_buffer(values),
            ],
        )


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one nesting level by path relative to it.

    ``parent`` is the row, in the alert-level table, that each row belongs to; rows of one
    parent stand together and in packet order. ``outer`` is the row of the table one level up,
    which differs from ``parent`` for an array inside an array only; None stands for the same.
    """

    parent: NDArray[np.int64]
    columns: Mapping[str, NumberColumn | ByteColumn]
    outer: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.parent)


@dataclass(frozen=True)
class Rejected:
    """A record that could not be decoded.

    Attributes
    ----------
    message : int
        Index of the message in the call.
    record : int
        Ordinal of the record inside the message; 0 when the message itself is unreadable.
    reason : str
        Short stable word, for counting: ``truncated``, ``bad_magic``, ...
    detail : str
        One sentence for a human.
    schema_hash : str
        Hash of the writer's schema, empty if it could not be read.
    """

    message: int
    record: int
    reason: str
    detail: str
    schema_hash: str = ""


@dataclass(frozen=True, eq=False)
class PacketTables:
    """Records written with one schema, decoded into one table per nesting level.

    ``top`` has one row per record, its ``parent`` simply counts; ``message`` and ``record``
    say where each row came from.
    """

    schema: Mapping[str, Any]
    schema_hash: str
    top: Table
    children: Mapping[str, Table]
    message: NDArray[np.int64]
    record: NDArray[np.int64]
