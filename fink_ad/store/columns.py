"""Column types that mean the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from operator import index
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Double, Integer, Text
from sqlalchemy.types import TypeDecorator

__all__ = ["FloatOrNan", "Int64", "JsonText", "PlainText", "UtcDateTime"]

# One encoder for all: json.dumps would make a new one for every value.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


class Int64(TypeDecorator[int]):
    """64-bit integer; whatever stands for one becomes one.

    SQLite would store a numpy integer as a blob, and numbers rows by itself only in a column
    called INTEGER.
    """

    impl = BigInteger().with_variant(Integer, "sqlite")
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Write a plain integer."""
        return None if value is None else index(value)


class PlainText(TypeDecorator[str]):
    """Text of a stranger: what a database cannot store becomes U+FFFD instead of an error.

    PostgreSQL refuses U+0000, and neither database takes lone surrogates.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what cannot be stored."""
        if value is None or (value.isascii() and "\x00" not in value):
            return value
        return value.encode(errors="replace").decode().replace("\x00", "\ufffd")


class FloatOrNan(TypeDecorator[float]):
    """Double whose NaN is NULL in the database: SQLite has no NaN, PostgreSQL sorts it first."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        """Write NaN as NULL."""
        return None if value is None or value != value else float(value)

    def process_result_value(self, value: float | None, dialect: Dialect) -> float:
        """Read NULL as NaN."""
        return math.nan if value is None else value


class JsonText(TypeDecorator[Any]):
    """JSON as text with sorted keys; NaN and infinities become null, as JSON has none."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """Write compact, strictly valid JSON."""
        try:
            return _ENCODER.encode(value)
        except ValueError:
            return _ENCODER.encode(_finite(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read it back."""
        return None if value is None else json.loads(value)


class UtcDateTime(TypeDecorator[datetime]):
    """Time with a zone, UTC in the database and UTC in the program.

    Raises
    ------
    ValueError
        If a time without a zone is written.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Write in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"time {value} has no zone; use datetime.now(UTC)")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read as UTC; SQLite forgets the zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _finite(value: Any) -> Any:
    """Copy of a JSON value with null in place of NaN and infinities."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
