"""The Parquet history: one row per alert ever scored or filtered, in parts that never change.

Layout under the home folder, readable by DuckDB, pandas and pyarrow as it is::

    history/survey=ztf/night=20260322/transient-<batch>.parquet    scored alerts
    filtered/survey=ztf/night=20260322/filtered-<batch>.parquet    alerts dropped before scoring

A part is named after its input ranges, so that a repeated run replaces it by itself. A part
counts only once the ledger lists it; parts of a run that died before are orphans.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fink_ad.alerts import POPULATIONS, AlertBatch
from fink_ad.errors import StoreError
from fink_ad.features import FeatureTable
from fink_ad.sources.contracts import InputRange
from fink_ad.store.records import PartRecord, batch_key

__all__ = [
    "SCHEMA_KEY",
    "FilteredRows",
    "History",
    "ScoredRows",
    "parquet_options",
    "sync_folder",
]

SCHEMA_KEY = b"fink_ad.feature_schema"
"""Parquet metadata key of the feature schema in JSON."""

_FOLDERS = ("history", "filtered")


@dataclass(frozen=True, eq=False)
class ScoredRows:
    """Scored alerts of one population, as they go into the history.

    Attributes
    ----------
    alerts : AlertBatch
        All of one population.
    n_det : (n,) int
        Detections the features are based on.
    features : FeatureTable
    score : (n,) float64
        Anomaly score, higher = stranger; finite.
    rarity : (n,) float64
        "1 in N"; NaN where it is not known yet.
    model_revision, provisional : str, bool
        What the scores were given by.
    """

    alerts: AlertBatch
    n_det: NDArray[np.integer]
    features: FeatureTable
    score: NDArray[np.float64]
    rarity: NDArray[np.float64]
    model_revision: str
    provisional: bool


@dataclass(frozen=True, eq=False)
class FilteredRows:
    """Alerts that were dropped before the features, with the reason of each, (n,) str."""

    alerts: AlertBatch
    reason: NDArray[np.object_]


class History:
    """Writes parts, and clears away what no ledger knows.

    Parameters
    ----------
    home : pathlib.Path
        The home folder.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._lock: int | None = None

    def write(
        self, source: str, ranges: Sequence[InputRange], rows: ScoredRows
    ) -> list[PartRecord]:
        """Write scored alerts, one part per night.

        Raises
        ------
        StoreError
            If a score is not finite, populations are mixed, or the folder cannot be written.
        """
        if not len(rows.alerts):
            return []
        if not np.isfinite(rows.score).all():
            row = int(np.flatnonzero(~np.isfinite(rows.score))[0])
            alert_id = rows.alerts.numbers("alert_id")[row]
            raise StoreError(f"score of alert {alert_id} is {rows.score[row]}, not finite")
        codes = np.unique(rows.alerts.codes("population"))
        if len(codes) > 1:
            raise StoreError("a history part holds one population; split the batch first")
        schema = rows.features.schema
        n = len(rows.alerts)
        columns = _identity(rows.alerts) | {
            "n_det": pa.array(rows.n_det, pa.int32()),
            "score": pa.array(rows.score, pa.float64()),
            "rarity": pa.array(rows.rarity, pa.float64()),
            "model_revision": pa.array([rows.model_revision] * n).dictionary_encode(),
            "provisional": pa.array(np.full(n, rows.provisional)),
            "schema_hash": pa.array([schema.hash] * n).dictionary_encode(),
        }
        for name, values in zip(schema.names, rows.features.values.T, strict=True):
            columns[name] = pa.array(np.ascontiguousarray(values), pa.float64())
        table = pa.table(columns).replace_schema_metadata(
            {SCHEMA_KEY: json.dumps(schema.to_json()).encode()}
        )
        population = POPULATIONS[int(codes[0])]
        stem = f"{population}-{batch_key(source, ranges)}"
        return [
            PartRecord(
                name=self._write_part("history", rows.alerts.survey, night, stem, part),
                survey=rows.alerts.survey,
                night=night,
                population=population,
                feature_schema=schema.hash,
                model_revision=rows.model_revision,
                n_rows=part.num_rows,
            )
            for night, part in _by_night(table, rows.alerts)
        ]

    def write_filtered(
        self, source: str, ranges: Sequence[InputRange], rows: FilteredRows
    ) -> list[PartRecord]:
        """Write which alerts were dropped and why, one part per night.

        Duplicates of a dropped alert are recognised by this, and an operator can ask why an
        alert was never scored.

        Raises
        ------
        StoreError
            If the folder cannot be written.
        """
        reason = pa.array(rows.reason.tolist(), pa.string()).dictionary_encode()
        table = pa.table(_identity(rows.alerts) | {"reason": reason})
        stem = f"filtered-{batch_key(source, ranges)}"
        return [
            PartRecord(
                name=self._write_part("filtered", rows.alerts.survey, night, stem, part),
                survey=rows.alerts.survey,
                night=night,
                population="",
                feature_schema="",
                model_revision="",
                n_rows=part.num_rows,
            )
            for night, part in _by_night(table, rows.alerts)
        ]

    def remove_orphans(self, known: Callable[[], Collection[str]]) -> int:
        """Delete parts of runs that died before they were stored; return how many.

        Nothing is deleted while another process writes to the same history: its latest parts
        are not in the ledger yet, and will be.

        Parameters
        ----------
        known : callable
            Returns the names of the parts in the ledger; asked once no other process writes.
        """
        self._release()
        lock = self._open_lock()
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return 0
        try:
            keep = set(known())
            present = (p for folder in _FOLDERS for p in (self.home / folder).rglob("*.parquet*"))
            orphans = [p for p in present if p.relative_to(self.home).as_posix() not in keep]
            for orphan in orphans:
                orphan.unlink()
        finally:
            os.close(lock)
        return len(orphans)

    def close(self) -> None:
        """Let others clear away orphans."""
        self._release()

    def _write_part(self, folder: str, survey: str, night: int, stem: str, table: pa.Table) -> str:
        name = f"{folder}/survey={survey}/night={night}/{stem}.parquet"
        path = self.home / name
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            self.share_lock()
            path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                pq.write_table(table, file, **parquet_options(table.schema))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            raise StoreError(
                f"cannot write history part {path}: {error.strerror or error};"
                " make room or choose another folder with --home"
            ) from error
        return name

    def share_lock(self) -> None:
        """Show others, as long as this process lives, that parts are being written."""
        if self._lock is None:
            lock = self._open_lock()
            fcntl.flock(lock, fcntl.LOCK_SH)
            self._lock = lock

    def _open_lock(self) -> int:
        path = self.home / "history" / ".lock"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise StoreError(
                f"cannot write to {path.parent}: {error.strerror}; choose another with --home"
            ) from error

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _identity(alerts: AlertBatch) -> dict[str, pa.Array]:
    names = ("alert_id", "object_id", "population", "mjd_utc", "ra_deg", "dec_deg")
    return {name: alerts.record_batch.column(name) for name in names}


def _by_night(table: pa.Table, alerts: AlertBatch) -> list[tuple[int, pa.Table]]:
    night = alerts.numbers("night")
    nights = np.unique(night)
    if len(nights) == 1:
        return [(int(nights[0]), table)]
    return [(int(one), table.take(pa.array(np.flatnonzero(night == one)))) for one in nights]


def parquet_options(schema: pa.Schema) -> dict[str, Any]:
    """Return how columns are encoded."""
    # Dictionaries pay for the repeated words only; floats of a column differ nearly always.
    floats = [field.name for field in schema if pa.types.is_floating(field.type)]
    words = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    return {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": words,
        "column_encoding": dict.fromkeys(floats, "BYTE_STREAM_SPLIT"),
    }


def sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
