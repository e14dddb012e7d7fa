"""AlertBatch: N alerts of one survey, column by column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fink_ad.alerts.points import Points
from fink_ad.alerts.schema import ALERT_SCHEMA, BANDS, KINDS, POINT_FIELDS, POPULATIONS, SURVEYS
from fink_ad.errors import SourceError

__all__ = ["AlertBatch"]

_DICTIONARIES = {
    "survey": SURVEYS,
    "population": POPULATIONS,
    "band": BANDS,
    "kind": KINDS,
}


class AlertBatch:
    """N alerts of one survey with their light curves; immutable.

    Points are sorted by (band, time), ties by (kind, point id); one survey id is one point.

    Parameters
    ----------
    record_batch : pyarrow.RecordBatch
        Columns of `ALERT_SCHEMA`. Extra columns are ignored; string columns are accepted where
        the schema has dictionaries.

    Raises
    ------
    SourceError
        If a column is missing or of another type, or alerts of several surveys are mixed.
    """

    def __init__(self, record_batch: pa.RecordBatch) -> None:
        self.record_batch = _conform(record_batch)

    @classmethod
    def from_columns(cls, columns: Mapping[str, Any], points: Points) -> AlertBatch:
        """Build a batch from arrays by column name; coded columns as int8 codes or as strings."""
        arrays = []
        for field in ALERT_SCHEMA:
            values = points.to_arrow() if field.name == "points" else columns[field.name]
            arrays.append(_as_arrow(values, field))
        if all(a.type == field.type for a, field in zip(arrays, ALERT_SCHEMA, strict=True)):
            return cls(pa.RecordBatch.from_arrays(arrays, schema=ALERT_SCHEMA))
        return cls(pa.RecordBatch.from_arrays(arrays, names=ALERT_SCHEMA.names))

    @classmethod
    def empty(cls) -> AlertBatch:
        """Return a batch of no alerts."""
        return cls(pa.RecordBatch.from_pylist([], schema=ALERT_SCHEMA))

    def __len__(self) -> int:
        return int(self.record_batch.num_rows)

    @cached_property
    def survey(self) -> str:
        """Survey of all alerts; empty for an empty batch."""
        return SURVEYS[int(self.codes("survey")[0])] if len(self) else ""

    @cached_property
    def points(self) -> Points:
        """All light curves as one ragged array."""
        return Points.from_arrow(self.record_batch.column("points"))

    def numbers(self, name: str) -> NDArray[Any]:
        """Numeric column as a numpy array, (n_alerts,), without a copy."""
        values: NDArray[Any] = self.record_batch.column(name).to_numpy(zero_copy_only=False)
        return values

    def codes(self, name: str) -> NDArray[np.int8]:
        """Codes of a dictionary column into `SURVEYS`, `POPULATIONS` or `BANDS`, (n_alerts,)."""
        codes: NDArray[np.int8] = self.record_batch.column(name).indices.to_numpy()
        return codes

    def strings(self, name: str) -> list[str | None]:
        """Text column as Python strings: for few rows or for output, not for a hot path."""
        values: list[str | None] = self.record_batch.column(name).to_pylist()
        return values

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> AlertBatch:
        """Return the alerts of the given row numbers, or where a mask is true, in that order."""
        rows = np.asarray(rows)
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        return AlertBatch(self.record_batch.take(pa.array(rows, pa.int64())))

    def with_population(self, population: NDArray[np.int8]) -> AlertBatch:
        """Return the batch with its alerts routed to populations, codes into `POPULATIONS`."""
        column = pa.DictionaryArray.from_arrays(pa.array(population, pa.int8()), list(POPULATIONS))
        index = ALERT_SCHEMA.get_field_index("population")
        return AlertBatch(
            self.record_batch.set_column(index, ALERT_SCHEMA.field("population"), column)
        )

    @staticmethod
    def concat(batches: Iterable[AlertBatch]) -> AlertBatch:
        """Join batches of one survey, in order."""
        record_batches = [batch.record_batch for batch in batches]
        if not record_batches:
            return AlertBatch.empty()
        return AlertBatch(pa.concat_batches(record_batches))


def _conform(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch with exactly the columns of the schema, dictionaries in our order."""
    if batch.schema.equals(ALERT_SCHEMA, check_metadata=True) and _own_dictionaries(batch):
        _check_one_survey(batch)
        return batch
    missing = [name for name in ALERT_SCHEMA.names if name not in batch.schema.names]
    if missing:
        raise SourceError(f"not an AlertBatch: column {missing[0]!r} is missing")
    arrays = [_conform_column(batch.column(field.name), field) for field in ALERT_SCHEMA]
    conformed = pa.RecordBatch.from_arrays(arrays, schema=ALERT_SCHEMA)
    _check_one_survey(conformed)
    return conformed


def _as_arrow(values: Any, field: pa.Field) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    if not pa.types.is_dictionary(field.type):
        return pa.array(values, field.type)
    if isinstance(values, np.ndarray) and values.dtype == np.int8:
        names = list(_DICTIONARIES[field.name])
        return pa.DictionaryArray.from_arrays(pa.array(values), names)
    return pa.array(values, field.type.value_type)


def _own_dictionaries(batch: pa.RecordBatch) -> bool:
    points = batch.column("points").values
    coded = [(name, batch.column(name)) for name in ("survey", "population", "band")]
    coded += [(name, points.field(name)) for name in ("band", "kind")]
    return all(
        tuple(column.dictionary.to_pylist()) == _DICTIONARIES[name] for name, column in coded
    )


def _check_one_survey(batch: pa.RecordBatch) -> None:
    codes = batch.column("survey").indices
    if batch.num_rows and pc.count_distinct(codes).as_py() > 1:
        raise SourceError("an AlertBatch holds alerts of one survey; split by survey first")


def _conform_column(column: pa.Array, field: pa.Field) -> pa.Array:
    if field.name == "points":
        flat = column.flatten()
        children = [_conform_column(flat.field(child.name), child) for child in POINT_FIELDS]
        struct = pa.StructArray.from_arrays(children, fields=list(POINT_FIELDS))
        offsets = column.offsets.to_numpy()
        return pa.ListArray.from_arrays(pa.array(offsets - offsets[0], pa.int32()), struct)
    if field.name in _DICTIONARIES and pa.types.is_dictionary(field.type):
        return _encode(column, field.name)
    if not column.type.equals(field.type):
        try:
            column = column.cast(field.type)
        except pa.ArrowInvalid as error:
            raise SourceError(
                f"not an AlertBatch: column {field.name!r} is {column.type}, not {field.type}"
            ) from error
    if pa.types.is_floating(field.type) and column.null_count:
        column = column.fill_null(np.nan)
    return column


def _encode(column: pa.Array, name: str) -> pa.DictionaryArray:
    """Encode a string or dictionary column with the fixed dictionary of the schema."""
    names = _DICTIONARIES[name]
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    codes = pc.index_in(column, value_set=pa.array(names, pa.string()))
    if codes.null_count:
        unknown = pc.unique(column.filter(pc.is_null(codes))).to_pylist()
        raise SourceError(f"unknown {name} {unknown[0]!r}; known are {', '.join(names)}")
    return pa.DictionaryArray.from_arrays(codes.cast(pa.int8()), list(names))
