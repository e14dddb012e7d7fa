"""What every part of the store shares: the database, the clock, rows as records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, CursorResult, Row
from sqlalchemy.orm import DeclarativeBase

from fink_ad.store.connection import Database
from fink_ad.store.history import History
from fink_ad.store.upserts import table_of

__all__ = ["StorePart", "columns_of", "record_of", "records_of"]

_Record = TypeVar("_Record")


def _now() -> datetime:
    return datetime.now(UTC)


class StorePart:
    """Queries about one subject; `Store` joins them all.

    Parameters
    ----------
    database : Database
    history : History
    clock : callable
        Gives the time that is written beside new rows.
    """

    def __init__(
        self, database: Database, history: History, clock: Callable[[], datetime] = _now
    ) -> None:
        self.database = database
        self.history = history
        self._clock = clock


def columns_of(entity: type[DeclarativeBase], record: type[Any]) -> list[ColumnElement[Any]]:
    """Return the columns of a table that a record has fields for."""
    table = table_of(entity)
    return [table.c[field.name] for field in fields(record) if field.name in table.c]


def record_of(record: type[_Record], row: Row[Any]) -> _Record:
    """Turn a row into a plain record; JSON lists become tuples."""
    values = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in row._mapping.items()
    }
    return record(**values)


def records_of(record: type[_Record], result: CursorResult[Any]) -> tuple[_Record, ...]:
    """Turn all rows into plain records, as `record_of` does, faster where they are many."""
    names = tuple(result.keys())
    return tuple(
        record(
            **{
                name: tuple(value) if isinstance(value, list) else value
                for name, value in zip(names, row, strict=True)
            }
        )
        for row in result
    )
