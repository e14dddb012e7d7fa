"""Positions from a stranger's table: Parquet, CSV or FITS."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fink_ad.catalogs.angles import to_degrees
from fink_ad.errors import ConfigError, SourceError

__all__ = ["ReadPositions", "RefusedRow", "read_positions"]

_PARQUET, _FITS, _GZIP = b"PAR1", b"SIMPLE  =", b"\x1f\x8b"
_SEPARATORS = ",;\t|"
_NOTHING = ("nan", "null", "none", "n/a", "--", "-", "masked")
_UNITS = {"": 1.0, "deg": 1.0, "degree": 1.0, "degrees": 1.0, "rad": 180.0 / np.pi}
_UNITS |= dict.fromkeys(("h", "hr", "hour", "hourangle"), 15.0)
"""Degrees in one of the unit that a FITS column states."""


@dataclass(frozen=True)
class RefusedRow:
    """A row outside the sky; ``row`` counts the data rows from 1."""

    row: int
    why: str


@dataclass(frozen=True, eq=False)
class ReadPositions:
    """Positions of a file.

    Attributes
    ----------
    ra_deg, dec_deg : (n,) float64
        0 <= ra_deg < 360, -90 <= dec_deg <= 90.
    n_missing : int
        Rows without a position, left out.
    refused : tuple of RefusedRow
        Rows whose position is outside the sky or no angle at all, left out.
    """

    ra_deg: NDArray[np.float64]
    dec_deg: NDArray[np.float64]
    n_missing: int
    refused: tuple[RefusedRow, ...]

    def __len__(self) -> int:
        return len(self.ra_deg)


def read_positions(path: Path, ra: str = "ra", dec: str = "dec") -> ReadPositions:
    """Read two columns of a table as positions on the sky.

    The format is told by the first bytes; CSV and FITS may be gzipped. CSV may be separated by
    comma, semicolon, tab or bar, its names and values padded with spaces, lines before the
    header commented out with ``#``.

    Parameters
    ----------
    path : pathlib.Path
    ra, dec : str
        Columns of right ascension and declination; see `angles.to_degrees`.

    Raises
    ------
    SourceError
        If the file cannot be read, or no row has a position.
    ConfigError
        If there is no such column, or its unit is none of an angle.
    """
    columns = _read_columns(path, (ra, dec))
    given = [columns[name] for name in (ra, dec)]
    missing = _is_missing(given[0]) | _is_missing(given[1])
    ra_deg = to_degrees(given[0], is_ra=True)
    dec_deg = to_degrees(given[1], is_ra=False)
    inside = (ra_deg >= 0) & (ra_deg <= 360) & (dec_deg >= -90) & (dec_deg <= 90)
    refused = tuple(
        RefusedRow(row + 1, _why(given, row, ra_deg[row], dec_deg[row]))
        for row in np.flatnonzero(~inside & ~missing).tolist()
    )
    if not inside.any():
        told = f"; row {refused[0].row}: {refused[0].why}" if refused else ""
        raise SourceError(f"no row of {path} has a position on the sky in {ra!r} and {dec!r}{told}")
    return ReadPositions(ra_deg[inside] % 360.0, dec_deg[inside], int(missing.sum()), refused)


def _why(given: Sequence[NDArray[Any]], row: int, ra_deg: float, dec_deg: float) -> str:
    told = [_shown(column[row]) for column in given]
    if np.isnan(ra_deg) or np.isnan(dec_deg):
        return f"{told[0]}, {told[1]} is no position"
    if not 0 <= ra_deg <= 360:
        return f"right ascension {told[0]} is not within 0 and 360 degrees"
    return f"declination {told[1]} is not within -90 and 90 degrees"


def _shown(value: object) -> str:
    """Write a value of a stranger for a message: short, and without control characters."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return repr(text[:40])


def _is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if np.issubdtype(values.dtype, np.number):
        return np.isnan(values.astype(np.float64))
    text = pd.Series(values, dtype="object")
    empty = text.map(lambda value: isinstance(value, str | bytes) and not value.strip())
    words = text.map(lambda value: isinstance(value, str) and value.strip().lower() in _NOTHING)
    return (text.isna() | empty | words).to_numpy(np.bool_)


def _read_columns(path: Path, names: Sequence[str]) -> Mapping[str, NDArray[Any]]:
    try:
        with path.open("rb") as plain:
            is_gzip = plain.read(2) == _GZIP
        opener: Callable[..., Any] = gzip.open if is_gzip else open
        with opener(path, "rb") as file:
            magic = file.read(len(_FITS))
            file.seek(0)
            if magic.startswith(_PARQUET):
                return _from_parquet(path, names)
            if magic == _FITS:
                return _from_fits(path, file, names)
            return _from_csv(path, file, names)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"cannot read the catalogue {path}: {reason}") from error


def _from_parquet(path: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    try:
        with pq.ParquetFile(path) as file:
            found = _find(path, file.schema_arrow.names, names)
            table = file.read(columns=list(found.values()))
    except pa.ArrowException as error:
        raise SourceError(f"the catalogue {path} is damaged: {error}") from error
    return {
        name: table.column(column).to_numpy() if _is_plain(table.schema.field(column).type)
        else np.array(table.column(column).to_pylist(), object)
        for name, column in found.items()
    }  # fmt: skip


def _is_plain(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _from_csv(path: Path, file: IO[bytes], names: Sequence[str]) -> dict[str, NDArray[Any]]:
    header, n_comments = "", 0
    for line in file:
        header = line.decode("utf-8-sig" if n_comments == 0 else "utf-8", errors="replace")
        if not header.startswith("#") and header.strip():
            break
        n_comments += 1
    separator = max(_SEPARATORS, key=header.count)
    file.seek(0)
    try:
        frame = pd.read_csv(
            file,
            sep=separator,
            dtype=str,
            skiprows=n_comments,
            skipinitialspace=True,
            keep_default_na=False,
            encoding_errors="replace",
            index_col=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise SourceError(
            f"{path} is neither Parquet nor FITS, nor CSV that can be read: {error}"
        ) from error
    found = _find(path, [str(column) for column in frame.columns], names)
    return {name: frame[column].to_numpy(object) for name, column in found.items()}


def _from_fits(path: Path, file: IO[bytes], names: Sequence[str]) -> dict[str, NDArray[Any]]:
    try:
        from astropy.io import fits
    except ImportError as error:
        raise ConfigError(f"{path} is FITS: pip install 'fink-ad[science]' to read it") from error
    # What is odd about a header does not matter as long as the table can be read.
    with warnings.catch_warnings(action="ignore"), fits.open(file, memmap=False) as units:
        tables = [unit for unit in units if isinstance(unit, fits.BinTableHDU | fits.TableHDU)]
        if not tables:
            raise SourceError(f"there is no table in {path}")
        # The first table that has the columns; if none has, the first one says what there is.
        having = [table for table in tables if all(name in table.columns.names for name in names)]
        table = (having or tables)[0]
        found = _find(path, table.columns.names, names)
        return {
            name: _in_degrees(path, table.data[column], column, table.columns[column].unit)
            for name, column in found.items()
        }


def _in_degrees(path: Path, values: Any, column: str, unit: str | None) -> NDArray[Any]:
    plain: NDArray[Any] = np.asarray(values)
    if not np.issubdtype(plain.dtype, np.number):
        return plain.astype(object)
    scale = _UNITS.get((unit or "").strip().lower())
    if scale is None:
        raise ConfigError(
            f"column {column!r} of {path} is in {unit!r}, which is no unit of an angle"
        )
    # FITS is big-endian; everything after this is of the machine's own order.
    return plain.astype(np.float64) * scale


def _find(path: Path, columns: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Find columns by name; case and padding do not matter where the name is still unique."""
    found: dict[str, str] = {}
    for name in names:
        same = [column for column in columns if column == name]
        same = same or [column for column in columns if _plain(column) == _plain(name)]
        if len(same) != 1:
            many = "no column" if not same else "more than one column"
            has = ", ".join(map(_shown, columns[:40]))
            raise ConfigError(f"{many} {name!r} in {path}; it has {has}")
        found[name] = same[0]
    return found


def _plain(name: str) -> str:
    return name.strip().lower()
