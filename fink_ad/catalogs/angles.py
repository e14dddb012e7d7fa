"""Right ascensions and declinations as catalogues write them, in degrees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["to_degrees"]

# Hours or degrees, minutes, seconds; separated by colons, spaces or the letters of the units.
_SEXAGESIMAL = (
    r"^(?P<sign>[+\-\u2212]?)\s*(?P<whole>\d{1,3})\s*(?P<unit>[:hd°\s])\s*"
    r"(?P<minutes>\d{1,2})\s*(?:[:m'\u2032\s]\s*(?P<seconds>\d{1,2}(?:\.\d*)?)?\s*[s\"\u2033]?)?$"
)
_MINUS = ("-", "\u2212")


def to_degrees(values: NDArray[np.generic], *, is_ra: bool) -> NDArray[np.float64]:
    """Return angles in degrees, NaN for what is none.

    Parameters
    ----------
    values : (n,) array
        Numbers are degrees. Text is a number in degrees, or sexagesimal: a right ascension
        then is in hours, unless a ``d`` or ``°`` follows its first number.
    is_ra : bool
        Whether these are right ascensions.
    """
    if np.issubdtype(values.dtype, np.number):
        return values.astype(np.float64)
    text = pd.Series(values, dtype="object").map(_as_text).str.strip()
    degrees = pd.to_numeric(text, errors="coerce").to_numpy(np.float64, copy=True)
    rest = np.flatnonzero(np.isnan(degrees))
    if len(rest):
        degrees[rest] = _from_sexagesimal(text.iloc[rest], is_ra)
    return degrees


def _as_text(value: Any) -> str:
    """Write a value as text; FITS has bytes, and missing values of all kinds become empty."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else "" if pd.isna(value) else str(value)


def _from_sexagesimal(text: pd.Series, is_ra: bool) -> NDArray[np.float64]:
    parts = text.str.extract(_SEXAGESIMAL)
    whole, minutes, seconds = (
        pd.to_numeric(parts[name], errors="coerce").to_numpy(np.float64, copy=True)
        for name in ("whole", "minutes", "seconds")
    )
    seconds[np.isnan(seconds)] = 0.0
    minutes[(minutes >= 60) | (seconds >= 60)] = np.nan
    sign = np.where(parts["sign"].isin(_MINUS), -1.0, 1.0)
    in_hours = parts["unit"].eq("h") | (is_ra & ~parts["unit"].isin(["d", "°"]))
    scale = np.where(in_hours, 15.0, 1.0)
    degrees: NDArray[np.float64] = sign * scale * (whole + minutes / 60.0 + seconds / 3600.0)
    return degrees
