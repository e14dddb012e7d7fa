"""ScoredBatch: what the street makes of an AlertBatch, one row per alert, in its order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fink_ad.errors import SourceError

__all__ = ["FATES", "FILTERED", "SCORED", "SCORED_SCHEMA", "WITHHELD", "ScoredBatch"]

FATES = ("scored", "filtered", "withheld")
"""What became of an alert: ranked, dropped before the features, or ranked but held back."""

SCORED, FILTERED, WITHHELD = range(3)

SCORED_SCHEMA = pa.schema(
    [
        pa.field("survey", pa.string()),
        pa.field("alert_id", pa.int64()),
        pa.field("object_id", pa.string()),
        pa.field("population", pa.string()),
        pa.field("mjd_utc", pa.float64()),
        pa.field("night", pa.int32()),
        pa.field("ra_deg", pa.float64()),
        pa.field("dec_deg", pa.float64()),
        pa.field("band", pa.string()),
        pa.field("mag", pa.float64()),  # AB magnitude of |difference flux|
        pa.field("n_det", pa.int32()),
        pa.field("fate", pa.int8()),  # code into FATES
        pa.field("reason", pa.string()),  # why filtered or withheld; else empty
        pa.field("tags", pa.list_(pa.string())),
        pa.field("numbers", pa.map_(pa.string(), pa.float64())),
        pa.field("schema_hash", pa.string()),
        pa.field("features", pa.list_(pa.float64())),  # null for filtered alerts
        pa.field("model_revision", pa.string()),
        pa.field("provisional", pa.bool_()),
        pa.field("score", pa.float64()),  # higher = stranger; NaN for filtered alerts
        pa.field("one_in", pa.float64()),
        pa.field("beyond", pa.bool_()),  # rarer than anything in the reference
        pa.field("top_share", pa.bool_()),  # among the strangest share that is kept
        pa.field("promoted", pa.string()),  # which filter promoted it, and why; else empty
        pa.field("candidate", pa.bool_()),
    ],
    metadata={b"fink_ad.scored_schema_version": b"1"},
)
"""Columns of one scored alert."""


class ScoredBatch:
    """Scores and verdicts of N alerts; immutable.

    Parameters
    ----------
    record_batch : pyarrow.RecordBatch
        Columns of `SCORED_SCHEMA`.
    failures : mapping of str to int
        On how many alerts a filter failed that was asked after scoring; by name. Does not
        travel with the record batch.

    Raises
    ------
    SourceError
        If the columns are others.
    """

    def __init__(
        self, record_batch: pa.RecordBatch, failures: Mapping[str, int] | None = None
    ) -> None:
        if record_batch.schema.names != SCORED_SCHEMA.names:
            raise SourceError(f"not a ScoredBatch: columns are {record_batch.schema.names}")
        self.record_batch = record_batch
        self.failures = dict(failures or {})

    @classmethod
    def from_columns(
        cls, columns: Mapping[str, Any], failures: Mapping[str, int] | None = None
    ) -> ScoredBatch:
        """Build a batch from arrays by column name."""
        arrays = [
            column if isinstance(column, pa.Array) else pa.array(column, field.type)
            for field, column in ((field, columns[field.name]) for field in SCORED_SCHEMA)
        ]
        return cls(pa.RecordBatch.from_arrays(arrays, schema=SCORED_SCHEMA), failures)

    def __len__(self) -> int:
        return int(self.record_batch.num_rows)

    def numbers(self, name: str) -> NDArray[Any]:
        """Numeric or boolean column as a numpy array, (n_alerts,)."""
        values: NDArray[Any] = self.record_batch.column(name).to_numpy(zero_copy_only=False)
        return values

    def strings(self, name: str) -> list[str]:
        """Text column as Python strings."""
        values: list[str] = self.record_batch.column(name).to_pylist()
        return values

    def features(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Feature vectors of rows that share one schema, (n_rows, n_columns)."""
        lists = self.record_batch.column("features").take(pa.array(rows))
        flat: NDArray[np.float64] = lists.flatten().to_numpy()
        return flat.reshape(len(rows), -1) if len(rows) else flat.reshape(0, 0)
