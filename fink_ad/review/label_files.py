"""Files of answers as rows of texts, whatever they were written with."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fink_ad.errors import ReviewError

__all__ = ["COLUMNS", "LabelFile", "read_label_file"]

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "survey": ("survey",),
    "alert": ("alert_id", "candid", "diaSourceId"),
    "object": ("object_id", "objectId", "ztf_id", "diaObjectId"),
    "answer": ("answer", "label"),
    "who": ("reviewer", "who", "user"),
    "when": ("answered_at", "when", "changed_at", "date"),
    "tags": ("tags",),
    "note": ("note",),
    "undone": ("undone",),
}
"""What is looked for in a file, and the names its column may have unless one is given."""

_MAX_BYTES = 200 << 20
_NOTHING = ("nan", "NaN", "NaT", "<NA>", "None", "null", "NULL")
_GUARDED = ("'=", "'+", "'-", "'@", "'\t", "'\r")


@dataclass(frozen=True)
class LabelFile:
    """The rows of a file of answers.

    Attributes
    ----------
    sha256 : str
        Of the file.
    rows : tuple of (line, mapping of str to str)
        Line of a CSV file, or number of the row of a Parquet file, from 1; texts by key of
        `COLUMNS`, without blanks around, empty where there are none.
    """

    sha256: str
    rows: tuple[tuple[int, Mapping[str, str]], ...]


def read_label_file(path: Path, names: Mapping[str, str] | None = None) -> LabelFile:
    """Read a CSV (UTF-8, with a header) or Parquet file.

    Parameters
    ----------
    names : mapping of str to str, optional
        Name of the column by key of `COLUMNS`, where it is not a usual one.

    Raises
    ------
    ReviewError
        If it cannot be read, a column that was named is missing, or there is neither an
        ``alert`` nor an ``object`` column, or no ``answer``.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ReviewError(f"{path} is larger than {_MAX_BYTES >> 20} MiB; split it")
        content = path.read_bytes()
    except OSError as error:
        raise ReviewError(f"cannot read {path}: {error.strerror or error}") from error
    if path.suffix == ".parquet":
        header, lines = _parquet(path, content)
    elif path.suffix == ".csv":
        header, lines = _csv(path, content)
    else:
        raise ReviewError(f"cannot tell how to read {path}: name it .csv or .parquet")
    places = _places(path, header, names or {})
    rows = tuple(
        (line, {key: _text(cells, place) for key, place in places.items()}) for line, cells in lines
    )
    return LabelFile(hashlib.sha256(content).hexdigest(), rows)


_Lines = Iterator[tuple[int, Sequence[str]]]


def _csv(path: Path, content: bytes) -> tuple[list[str], _Lines]:
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        lines = [(reader.line_num, [_unguarded(one) for one in cells]) for cells in reader if cells]
    except UnicodeDecodeError as error:
        raise ReviewError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except csv.Error as error:
        raise ReviewError(f"{path}, line {reader.line_num}: {error}") from None
    if not lines:
        raise ReviewError(f"{path} is empty; its first line names the columns")
    return lines[0][1], iter(lines[1:])


def _text(cells: Sequence[str], place: int) -> str:
    """Return a cell without blanks around, empty where programs write that there is nothing."""
    text = cells[place].strip() if place < len(cells) else ""
    return "" if text in _NOTHING else text


def _unguarded(cell: str) -> str:
    """Take away the quote that keeps a spreadsheet from running a text."""
    return cell[1:] if cell.startswith(_GUARDED) else cell


def _parquet(path: Path, content: bytes) -> tuple[list[str], _Lines]:
    try:
        table = pq.read_table(pa.BufferReader(content))
        columns = [_cells(column) for column in table.columns]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise ReviewError(f"{path} is no Parquet file that can be read: {error}") from error
    return list(table.column_names), enumerate(zip(*columns, strict=True), start=1)


def _cells(column: pa.ChunkedArray) -> list[str]:
    """Return a column as texts: times as in ISO 8601, UTC, and lists as JSON."""
    if pa.types.is_timestamp(column.type):
        # As numpy counts them, which knows years that Python's own times do not.
        times = column.to_numpy()
        return [str(text) for text in np.datetime_as_string(times, timezone="UTC")]
    return [
        "" if cell is None else json.dumps(cell) if isinstance(cell, list) else str(cell)
        for cell in column.to_pylist()
    ]


def _places(path: Path, header: Sequence[str], names: Mapping[str, str]) -> dict[str, int]:
    """Return where each thing stands in a row; of several usual names the first counts."""
    stripped = [name.strip() for name in header]
    places = {}
    for key, usual in COLUMNS.items():
        wanted = (names[key],) if key in names else usual
        found = [stripped.index(name) for name in wanted if name in stripped]
        if found:
            places[key] = found[0]
        elif key in names:
            raise ReviewError(f"{path} has no column {names[key]!r}; it has {', '.join(stripped)}")
    if "answer" not in places or not {"alert", "object"} & set(places):
        missing = "answers" if "answer" not in places else "alerts or objects"
        raise ReviewError(
            f"{path}: no column of {missing} among {', '.join(stripped)[:200]}; name it by its"
            " option"
        )
    return places
