"""Questions to the Parquet history, over the parts the ledger lists."""

from __future__ import annotations

import json
from collections.abc import Sequence
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

__all__ = ["BestScores", "HistoryRows", "best_scores", "read_alert_ids", "read_rows"]


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
    tables = []
    for name in parts:
        ids = _read(home, name, ["alert_id"]).column("alert_id").to_numpy()
        chosen = np.flatnonzero(stable_hash(survey, ids, "history") <= bound)
        tables.append(_read(home, name).take(pa.array(chosen)))
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
    # Reading Parquet is built in: nothing may be fetched from the network.
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    try:
        with duckdb.connect(":memory:", config=settings) as connection:
            found = connection.execute(query, {"paths": paths}).fetchnumpy()
    except duckdb.Error as error:
        raise StoreError(f"cannot read the history in {home}: {error}") from error
    return BestScores(
        night=np.asarray(found["night"]),
        object_id=np.asarray(found["object_id"]),
        n_det=np.asarray(found["n_det"]),
        score=np.asarray(found["score"]),
    )


def _read(home: Path, name: str, columns: list[str] | None = None) -> pa.Table:
    try:
        # One file, not a data set: the folder names must not become columns.
        return pq.ParquetFile(home / name).read(columns=columns)
    except FileNotFoundError as error:
        raise StoreError(
            f"history part {home / name} is missing; restore it from a backup"
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"history part {home / name} is damaged: {error}") from error
