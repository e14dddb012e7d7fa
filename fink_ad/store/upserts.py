"""Insert-or-update that SQLite and PostgreSQL both understand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

__all__ = ["insert_new", "table_of", "upsert"]

_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_CHUNK = 1000


def table_of(entity: type[DeclarativeBase]) -> Table:
    """Return the table of a mapped class."""
    table = entity.__table__
    assert isinstance(table, Table)  # noqa: S101  for the type checker: we map no joins
    return table


def upsert(
    connection: Connection,
    entity: type[DeclarativeBase],
    rows: Sequence[Mapping[str, Any]],
    update: Callable[[Any, Any], Mapping[str, Any]] | None = None,
) -> None:
    """Insert rows in key order; where the key exists, leave the row or update it.

    Parameters
    ----------
    rows : sequence of mapping
        All with the same columns.
    update : callable, optional
        Given the columns of the stored row and of the new one, returns the new values by
        column name. Without it a stored row stays as it is.
    """
    if not rows:
        return
    table = table_of(entity)
    key = [column.name for column in table.primary_key]
    statement = _INSERT[connection.dialect.name](table)
    if update is None:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    else:
        changes = update(table.c, statement.excluded)
        statement = statement.on_conflict_do_update(index_elements=key, set_=changes)
    # Two writers that take their row locks in one order cannot deadlock.
    ordered = sorted(rows, key=lambda row: tuple(row[name] for name in key))
    for first in range(0, len(ordered), _CHUNK):
        connection.execute(statement, ordered[first : first + _CHUNK])


def insert_new(
    connection: Connection,
    entity: type[DeclarativeBase],
    rows: Sequence[Mapping[str, Any]],
    name: Sequence[str],
) -> int:
    """Insert rows whose unique columns `name` are not there yet; return how many those were."""
    table = table_of(entity)
    statement = _INSERT[connection.dialect.name](table)
    statement = statement.on_conflict_do_nothing(index_elements=list(name))
    # Counted by what comes back: PostgreSQL's driver tells no number for many rows at once.
    statement = statement.returning(table.c[name[0]])
    ordered = sorted(rows, key=lambda row: tuple(row[column] for column in name))
    return sum(
        len(connection.execute(statement, ordered[first : first + _CHUNK]).all())
        for first in range(0, len(ordered), _CHUNK)
    )
