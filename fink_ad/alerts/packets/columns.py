"""Columns of one packet table by path, in the form the mappings need."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fink_ad.alerts.tables import ByteColumn, NumberColumn, Table

__all__ = ["Columns"]

_EXACT_FLOAT = 2.0**53
_TEXT_MAX = 200


class Columns:
    """Typed access to a `Table`; a path the table lacks reads as missing in every row.

    Surveys add and drop optional fields within a schema major, so absence is an ordinary case;
    required fields are checked once, before a mapping starts.
    """

    def __init__(self, table: Table) -> None:
        self._columns = table.columns
        self.parent = table.parent
        self.n = len(table)

    def __contains__(self, path: str) -> bool:
        return path in self._columns

    def floats(
        self, path: str, *, above: float = -np.inf, below: float = np.inf
    ) -> NDArray[np.float64]:
        """Values as float64, NaN where missing or not between `above` and `below` (sentinels)."""
        column = self._columns.get(path)
        if not isinstance(column, NumberColumn):
            return np.full(self.n, np.nan)
        values = column.floats()
        if above > -np.inf:
            values = np.where(values > above, values, np.nan)
        if below < np.inf:
            values = np.where(values < below, values, np.nan)
        return values

    def separations(self, path: str) -> NDArray[np.float64]:
        """Angular distances, NaN where missing or negative, as surveys write "nothing there"."""
        values = self.floats(path)
        with np.errstate(invalid="ignore"):
            return np.where(values >= 0.0, values, np.nan)

    def ids(self, path: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Integers, exactly, and where there is one.

        An id that went through a float and is beyond 2^53 is lost, not rounded: it reads as
        missing.
        """
        column = self._columns.get(path)
        if not isinstance(column, NumberColumn):
            return np.zeros(self.n, np.int64), np.zeros(self.n, np.bool_)
        if column.values.dtype.kind != "f":
            return column.values.astype(np.int64, copy=False), column.valid
        with np.errstate(invalid="ignore"):
            exact = column.valid & (np.abs(column.values) <= _EXACT_FLOAT)
            exact &= np.floor(column.values) == column.values
        return np.where(exact, column.values, 0.0).astype(np.int64), exact

    def true(self, path: str) -> NDArray[np.bool_]:
        """Where a boolean or integer field is given and not zero."""
        values, valid = self.ids(path)
        true: NDArray[np.bool_] = valid & (values != 0)
        return true

    def given(self, path: str) -> NDArray[np.bool_]:
        """Where a field has a value."""
        column = self._columns.get(path)
        return np.zeros(self.n, np.bool_) if column is None else column.valid

    def initials(self, path: str) -> NDArray[np.uint8]:
        """Byte of a one-letter text; 0 where missing, empty or longer."""
        column = self._columns.get(path)
        letters = np.zeros(self.n, np.uint8)
        if isinstance(column, ByteColumn):
            rows = np.flatnonzero(column.valid & (column.lengths == 1))
            letters[rows] = column.buffer[column.starts[rows]]
        return letters

    def text(self, path: str) -> pa.StringArray:
        """Text with its surrounding space cut; null where missing or empty.

        Bytes that are not UTF-8 are replaced: a stranger's text is not worth an alert.
        """
        column = self._columns.get(path)
        if not isinstance(column, ByteColumn):
            return pa.nulls(self.n, pa.string())
        raw = column.to_arrow()
        try:
            text = raw.cast(pa.string())
        except pa.ArrowInvalid:
            decoded = [None if v is None else v.decode(errors="replace") for v in raw.to_pylist()]
            text = pa.array(decoded, pa.string())
        text = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(text), 0, _TEXT_MAX)
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
