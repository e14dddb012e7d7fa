"""Tables as files to take away: CSV that is safe to open, and VOTable."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

import pandas as pd

__all__ = ["to_csv", "to_votable"]

# Also as Japanese keyboards write them: some spreadsheets take those for the same.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
_TYPES = {"i": "long", "u": "long", "f": "double", "b": "boolean"}


def to_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV; texts that a spreadsheet would run as a formula begin with a quote.

    See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    safe = table.copy()
    for name in safe.columns[[kind not in _TYPES for kind in _kinds(table)]]:
        safe[name] = [
            f"'{one}" if one.startswith(_FORMULA) else one for one in map(str, safe[name])
        ]
    text: str = safe.to_csv(index=False)
    return text.encode()


def to_votable(table: pd.DataFrame, units: Mapping[str, str]) -> bytes:
    """Return a table as VOTable 1.4 (IVOA recommendation of 2019), units by column."""
    fields, columns = [], []
    for name, kind in zip(table.columns, _kinds(table), strict=True):
        shape = f'datatype="{_TYPES[kind]}"' if kind in _TYPES else 'datatype="char" arraysize="*"'
        unit = f" unit={quoteattr(units[name])}" if name in units else ""
        fields.append(f"<FIELD name={quoteattr(str(name))} {shape}{unit}/>")
        columns.append([f"<TD>{_xml(one)}</TD>" for one in table[name].tolist()])
    rows = "".join(f"<TR>{''.join(cells)}</TR>\n" for cells in zip(*columns, strict=True))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
        f"<RESOURCE><TABLE>\n{''.join(fields)}\n<DATA><TABLEDATA>\n{rows}"
        "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>\n"
    ).encode()


def _kinds(table: pd.DataFrame) -> list[str]:
    return [getattr(dtype, "kind", "O") for dtype in table.dtypes]


def _xml(value: object) -> str:
    """Write a value as XML 1.0 has it: characters it forbids become question marks."""
    text = str(value)
    allowed = "".join(one if one.isprintable() or one in "\t\n" else "?" for one in text)
    return escape(allowed).replace("nan", "NaN") if isinstance(value, float) else escape(allowed)
