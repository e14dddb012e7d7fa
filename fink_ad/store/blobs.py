"""Alerts, features and stamps of single alerts as bytes, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.schema import CUTOUTS, SCHEMA_VERSION
from fink_ad.errors import StoreError

__all__ = [
    "pack_alerts",
    "pack_features",
    "pack_stamps",
    "unpack_alerts",
    "unpack_features",
    "unpack_stamps",
    "upgrade_rows",
]

Upgrades = Mapping[int, Callable[[pa.RecordBatch], pa.RecordBatch]]
"""By schema version: how to turn stored rows of that version into rows of the next one."""

UPGRADES: Upgrades = {}
"""A release that changes the AlertBatch schema adds the step from the version before."""

_VERSION_KEY = b"fink_ad.alert_schema_version"


def pack_alerts(batch: AlertBatch) -> list[bytes]:
    """Pack each alert as an Arrow IPC stream of one row, compressed; schema version included.

    For the few alerts that are kept: one call per alert.
    """
    rows = batch.record_batch
    return [_to_ipc(rows.slice(row, 1)) for row in range(len(batch))]


def unpack_alerts(blobs: Sequence[bytes]) -> AlertBatch:
    """Join packed alerts of one survey to a batch, upgrading older schema versions.

    Raises
    ------
    StoreError
        If a blob is damaged, or was written by a newer release.
    """
    if not blobs:
        return AlertBatch.empty()
    return AlertBatch(pa.concat_batches([upgrade_rows(_from_ipc(blob)) for blob in blobs]))


def pack_features(values: NDArray[np.float64]) -> list[bytes]:
    """Pack each row of an (n_alerts, n_columns) array as little-endian doubles."""
    return [row.tobytes() for row in np.ascontiguousarray(values, "<f8")]


def unpack_features(blobs: Sequence[bytes]) -> NDArray[np.float64]:
    """Join packed features of one schema, (n_alerts, n_columns).

    Raises
    ------
    StoreError
        If the rows are not equally long.
    """
    if len({len(blob) for blob in blobs}) > 1:
        raise StoreError("feature vectors of several schemas cannot be joined to one table")
    flat = np.frombuffer(b"".join(blobs), "<f8").astype(np.float64)
    return flat.reshape(len(blobs), -1) if blobs else flat.reshape(0, 0)


def pack_stamps(stamps: pa.Table) -> list[bytes | None]:
    """Pack the three stamps of each row; None where the packet had no stamp at all."""
    rows = stamps.select([f"cutout_{name}" for name in CUTOUTS]).combine_chunks()
    packed: list[bytes | None] = []
    for row in range(rows.num_rows):
        batches = rows.slice(row, 1).to_batches()
        present = any(column.null_count == 0 for column in batches[0].columns)
        packed.append(_to_ipc(batches[0]) if present else None)
    return packed


def unpack_stamps(blob: bytes | None) -> dict[str, bytes | None]:
    """Return the packed stamps by name (``science``, ``template``, ``difference``)."""
    if blob is None:
        return dict.fromkeys(CUTOUTS)
    row = _from_ipc(blob)
    return {name: row.column(f"cutout_{name}")[0].as_py() for name in CUTOUTS}


def _to_ipc(rows: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with (
        pa.CompressedOutputStream(sink, "zstd") as compressed,
        pa.ipc.new_stream(compressed, rows.schema) as writer,
    ):
        writer.write_batch(rows)
    blob: bytes = sink.getvalue().to_pybytes()
    return blob


def _from_ipc(blob: bytes) -> pa.RecordBatch:
    try:
        with (
            pa.CompressedInputStream(pa.BufferReader(blob), "zstd") as plain,
            pa.ipc.open_stream(plain) as reader,
        ):
            return reader.read_next_batch()
    except (pa.ArrowException, OSError, StopIteration) as error:
        raise StoreError(f"a stored blob of {len(blob)} bytes is damaged: {error}") from error


def upgrade_rows(
    rows: pa.RecordBatch, version: int = SCHEMA_VERSION, upgrades: Upgrades = UPGRADES
) -> pa.RecordBatch:
    """Bring stored rows to a schema version, step by step.

    Raises
    ------
    StoreError
        If they are of a newer version, or there is no way from theirs.
    """
    stored = int((rows.schema.metadata or {}).get(_VERSION_KEY, b"0"))
    if stored > version:
        raise StoreError(
            f"a stored alert has schema version {stored}, this release knows up to {version};"
            " upgrade fink_ad"
        )
    for step in range(stored, version):
        if step not in upgrades:
            raise StoreError(f"a stored alert has schema version {stored}, which is unknown")
        rows = upgrades[step](rows)
    return rows
