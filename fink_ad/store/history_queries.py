"""Questions to the Parquet history, over the parts the ledger lists."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fink_ad.errors import StoreError
from fink_ad.features import FeatureSchema, FeatureTable
from fink_ad.store.history import SCHEMA_KEY
from fink_ad.store.sampling import stable_hash

__all__ = ["BestScores", "HistoryRows", "best_scores", "export_rows", "read_alert_ids", "read_rows"]


# Reading Parquet is built in: nothing may be fetched from the network.
_EXPORT_MEMORY = "1GB"
_DUCKDB: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


@dataclass(frozen=True, eq=False)
class BestScores:
    """One row per object and night: its best score, and the detections it was based on."""

    night: NDArray[np.int64]
    object_id: NDArray[np.object_]
    n_det: NDArray[np.int64]
    score: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.score)


@dataclass(frozen=True, eq=False)
class HistoryRows:
    """Rows of the history with one feature schema, sorted by alert id."""

    alert_id: NDArray[np.int64]
    object_id: NDArray[np.object_]
    mjd_utc: NDArray[np.float64]
    n_det: NDArray[np.int64]
    score: NDArray[np.float64]
    features: FeatureTable

    def __len__(self) -> int:
        return len(self.alert_id)


def read_alert_ids(home: Path, parts: Sequence[str]) -> NDArray[np.int64]:
    """Return the alert ids of some parts, (n,), in no particular order."""
    ids = [_read(home, name, ["alert_id"]).column("alert_id").to_numpy() for name in parts]
    return np.concatenate(ids) if ids else np.empty(0, np.int64)


def read_rows(
    home: Path, parts: Sequence[str], survey: str, limit: int | None = None
) -> HistoryRows | None:
    """Read rows with their features from parts of one survey and feature schema.

    Parameters
    ----------
    limit : int, optional
        At most this many rows: those with the smallest hash of their id, whatever the order
        in which they were written.

    Returns
    -------
    HistoryRows or None
        None if there are no parts.

    Raises
    ------
    StoreError
        If a part is missing or damaged, or has another feature schema than the first.
    """
    if not parts:
        return None
    bound = np.uint64(np.iinfo(np.uint64).max)
    if limit is not None:
        hashes = np.sort(stable_hash(survey, read_alert_ids(home, parts), "history"))
        if limit < len(hashes):
            bound = hashes[limit - 1] if limit else np.uint64(0)
    tables = [table for name in parts for table in _read_chosen(home, name, survey, bound)]
    schemas = {table.schema.metadata.get(SCHEMA_KEY, b"") for table in tables}
    if len(schemas) > 1:
        raise StoreError(f"history parts {parts[0]} ... {parts[-1]} differ in feature schema")
    schema = FeatureSchema.from_json(json.loads(schemas.pop()))
    table = pa.concat_tables(tables).sort_by("alert_id")
    values = np.empty((table.num_rows, len(schema.columns)))
    for place, column in enumerate(schema.names):
        values[:, place] = table.column(column).to_numpy()
    return HistoryRows(
        alert_id=table.column("alert_id").to_numpy(),
        object_id=table.column("object_id").to_numpy(zero_copy_only=False),
        mjd_utc=table.column("mjd_utc").to_numpy(),
        n_det=table.column("n_det").to_numpy().astype(np.int64),
        score=table.column("score").to_numpy(),
        features=FeatureTable(schema, values),
    )


def best_scores(home: Path, parts: Sequence[str]) -> BestScores:
    """Return the best score of each object in each night, ordered by night and object.

    Objects that score the same twice count with the detections of the alert of smaller id.

    Raises
    ------
    StoreError
        If a part is missing or damaged.
    """
    if not parts:
        nothing = np.empty(0, np.int64)
        return BestScores(nothing, nothing.astype(object), nothing, np.empty(0))
    query = """
        SELECT CAST(night AS BIGINT) AS night, object_id, CAST(n_det AS BIGINT) AS n_det, score
        FROM read_parquet($paths, hive_partitioning = true)
        QUALIFY row_number() OVER (
            PARTITION BY night, object_id ORDER BY score DESC, alert_id
        ) = 1
        ORDER BY night, object_id
    """
    paths = [str(home / name) for name in parts]
    try:
        with duckdb.connect(":memory:", config=_DUCKDB) as connection:
            found = connection.execute(query, {"paths": paths}).fetchnumpy()
    except duckdb.Error as error:
        raise StoreError(f"cannot read the history in {home}: {error}") from error
    return BestScores(
        night=np.asarray(found["night"]),
        object_id=np.asarray(found["object_id"]),
        n_det=np.asarray(found["n_det"]),
        score=np.asarray(found["score"]),
    )


def export_rows(home: Path, parts: Sequence[str], target: Path) -> int:
    """Write the rows of parts into one file, sorted by night, survey and id; return how many.

    Columns that only some parts have are empty for the others. The file is complete or absent.

    Parameters
    ----------
    target : pathlib.Path
        ``.csv`` or ``.parquet``.

    Raises
    ------
    StoreError
        If it has another suffix or cannot be written, or a part is missing or damaged.
    """
    if target.suffix not in (".csv", ".parquet"):
        raise StoreError(f"cannot tell how to write {target}: name it .parquet or .csv")
    query = """
        SELECT survey, CAST(night AS INTEGER) AS night, * EXCLUDE (survey, night)
        FROM read_parquet($paths, hive_partitioning = true, union_by_name = true)
        ORDER BY night, survey, alert_id, model_revision
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with (
            tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as spill,
            duckdb.connect(":memory:", config=_DUCKDB) as connection,
        ):
            connection.execute("SET temp_directory = $spill", {"spill": spill})
            connection.execute(f"SET memory_limit = '{_EXPORT_MEMORY}'")
            paths = [str(home / name) for name in parts]
            rows = connection.sql(query, params={"paths": paths})
            if target.suffix == ".csv":
                rows.write_csv(str(partial))
            else:
                rows.write_parquet(str(partial), compression="zstd")
            counted = connection.execute(
                "SELECT count(*) FROM read_parquet($paths)", {"paths": paths}
            ).fetchall()
        partial.replace(target)
    except (OSError, duckdb.Error) as error:
        partial.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"cannot export the history to {target}: {reason}") from error
    return int(counted[0][0])


def _read_chosen(home: Path, name: str, survey: str, bound: np.uint64) -> Iterator[pa.Table]:
    """Yield the rows whose ids hash to at most `bound`, one row group after the other."""
    with _opened(home, name) as part:
        for group in range(part.num_row_groups):
            ids = part.read_row_group(group, ["alert_id"]).column("alert_id").to_numpy()
            chosen = np.flatnonzero(stable_hash(survey, ids, "history") <= bound)
            yield part.read_row_group(group).take(pa.array(chosen))


def _read(home: Path, name: str, columns: list[str]) -> pa.Table:
    with _opened(home, name) as part:
        return part.read(columns=columns)


@contextmanager
def _opened(home: Path, name: str) -> Iterator[pq.ParquetFile]:
    try:
        # One file, not a data set: the folder names must not become columns.
        with pq.ParquetFile(home / name) as part:
            yield part
    except FileNotFoundError as error:
        raise StoreError(
            f"history part {home / name} is missing; restore it from a backup"
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"history part {home / name} is damaged: {error}") from error
