"""Runs a program over a buffer of records and shapes what comes out as tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.avro.kernel import FULL, decode
from fink_ad.alerts.avro.limits import Limits
from fink_ad.alerts.avro.program import Program
from fink_ad.alerts.tables import ByteColumn, NumberColumn, Table

__all__ = ["Decoded", "execute"]

_FIRST_ROWS = 1024
_BYTES_PER_ROW = 512  # a first guess, generous: memory that is never written costs nothing


@dataclass(frozen=True, eq=False)
class Decoded:
    """Tables by path ("" has a row per record), and how each segment ended.

    ``outcome`` has for each segment the records read, the reason code (0 if all were read) and
    how many bytes into the segment the refused record begins.
    """

    tables: dict[str, Table]
    outcome: NDArray[np.int64]


def execute(
    program: Program, buffer: NDArray[np.uint8], segments: NDArray[np.int64], limits: Limits
) -> Decoded:
    """Decode the records of all segments of a buffer.

    Parameters
    ----------
    program : Program
    buffer : (n_bytes,) uint8
        Ends with ``program.symbols``.
    segments : (n, 3) int64
        Start, end and number of records of each run of records.
    limits : Limits
    """
    guess = _FIRST_ROWS + len(buffer) // _BYTES_PER_ROW
    capacity = np.full(len(program.tables), guess, np.int64)
    capacity[0] = min(guess, int(segments[:, 2].sum()))
    cells = _Cells(program, capacity)
    outcome = np.zeros((len(segments), 3), np.int64)
    resume = np.array([0, -1, 0, 0], np.int64)
    bounds = np.array([limits.message, limits.items, limits.stamp, limits.expansion], np.int64)
    text_end = np.array([[len(program.symbols), 0]], np.int64)
    symbols = np.concatenate([program.symbol_spans, text_end])
    while (
        decode(
            buffer, segments, program.code, program.runs, program.enums, symbols,
            cells.tables, cells.columns, cells.cells, cells.valid, cells.rows,
            bounds, outcome, resume,
        )
        == FULL
    ):  # fmt: skip
        capacity[resume[3]] *= 2
        cells = cells.grown(capacity)
    return Decoded(cells.to_tables(buffer), outcome)


class _Cells:
    """The kernel's output: where each table's rows and each column's cells are."""

    def __init__(self, program: Program, capacity: NDArray[np.int64]) -> None:
        self._program = program
        n_tables = len(program.tables)
        self.rows = np.zeros(n_tables, np.int64)
        self.tables = np.zeros((n_tables, 4), np.int64)
        self.columns = np.full((len(program.columns), 4), -1, np.int64)
        n_cells = n_valid = 0
        for table in range(n_tables):
            self.tables[table] = capacity[table], n_cells, program.outer[table], 8
            n_cells += int(capacity[table])
        for index, column in enumerate(program.columns):
            size = int(capacity[column.table])
            is_bytes = column.storage == "bytes"
            self.columns[index] = column.table, n_cells, n_cells + size if is_bytes else -1, n_valid
            self.tables[column.table, 3] += 17 if is_bytes else 9
            n_cells += 2 * size if is_bytes else size
            n_valid += size
        self.cells = np.zeros(n_cells, np.int64)
        self.valid = np.zeros(n_valid, np.bool_)

    def grown(self, capacity: NDArray[np.int64]) -> _Cells:
        """Return a copy with more room."""
        larger = _Cells(self._program, capacity)
        larger.rows[:] = self.rows
        for table, rows in enumerate(self.rows):
            old, new = self.tables[table, 1], larger.tables[table, 1]
            larger.cells[new : new + rows] = self.cells[old : old + rows]
        for before, after in zip(self.columns, larger.columns, strict=True):
            rows = self.rows[before[0]]
            for old, new in zip(before[1:3], after[1:3], strict=True):
                if old >= 0:
                    larger.cells[new : new + rows] = self.cells[old : old + rows]
            larger.valid[after[3] : after[3] + rows] = self.valid[before[3] : before[3] + rows]
        return larger

    def to_tables(self, buffer: NDArray[np.uint8]) -> dict[str, Table]:
        """View the rows that were filled as tables."""
        parents: list[NDArray[np.int64]] = []
        made = {}
        for table, path in enumerate(self._program.tables):
            first, rows = self.tables[table, 1], self.rows[table]
            outer = self.cells[first : first + rows]
            enclosing = int(self._program.outer[table])
            if table == 0:
                outer = np.arange(rows)
            parents.append(parents[enclosing][outer] if enclosing else outer)
            columns = {
                column.path: self._column(index, buffer)
                for index, column in enumerate(self._program.columns)
                if column.table == table
            }
            made[path] = Table(parents[table], columns, outer)
        return made

    def _column(self, index: int, buffer: NDArray[np.uint8]) -> NumberColumn | ByteColumn:
        storage = self._program.columns[index].storage
        table, first, lengths, mask = self.columns[index]
        rows = self.rows[table]
        valid = self.valid[mask : mask + rows]
        cells = self.cells[first : first + rows]
        if storage == "bytes":
            return ByteColumn(buffer, cells, self.cells[lengths : lengths + rows], valid)
        if storage == "bool":
            return NumberColumn(cells.astype(np.bool_), valid)
        if storage == "float64":
            values = cells.view(np.float64)
            np.putmask(values, ~valid, np.nan)
            return NumberColumn(values, valid)
        return NumberColumn(cells, valid)
