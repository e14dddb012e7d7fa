"""One database: transactions, settings of the dialect, errors in plain words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from fink_ad.errors import StoreError

__all__ = ["DATABASE_NAME", "Database", "database_url"]

DATABASE_NAME = "fink_ad.sqlite3"
"""File name of the default database in the home folder."""


def database_url(where: str | Path) -> URL:
    """Return the URL of a database given by URL, or by the home folder that holds it.

    Raises
    ------
    StoreError
        If the URL cannot be parsed or names a database other than SQLite and PostgreSQL.
    """
    if isinstance(where, Path) or "://" not in where:
        return URL.create("sqlite", database=str(Path(where).expanduser() / DATABASE_NAME))
    try:
        url = make_url(where)
    except ArgumentError as error:
        # The text is not repeated: it may hold a password.
        raise StoreError(
            "the database URL cannot be read; write sqlite:////path/file.sqlite3 or"
            " postgresql://user@host/name"
        ) from error
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(
            f"database {url.get_backend_name()!r} is not supported; use sqlite or postgresql"
        )
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise StoreError("a database in memory would be lost; name a file in the SQLite URL")
    return url


class Database:
    """Transactions on one database. Safe to share between threads, not across a fork.

    SQLite runs with a write-ahead log, so that readers never wait for the one writer, and with
    ``synchronous=NORMAL``: after a power cut the last transactions may be missing, the ledger
    entry with them, so that they are done again. The file must not be on a network drive.

    Parameters
    ----------
    url : sqlalchemy.URL
        As `database_url` returns.
    patience_s : float
        How long to wait for another writer of a SQLite file before giving up.

    Raises
    ------
    StoreError
        If the driver for the database is not installed.
    """

    def __init__(self, url: URL, patience_s: float = 30.0) -> None:
        self.url = url.render_as_string(hide_password=True)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.path = Path(url.database) if self.is_sqlite and url.database else None
        arguments: dict[str, Any] = {"pool_pre_ping": True}
        if self.is_sqlite:
            arguments = {"connect_args": {"timeout": patience_s}}
        try:
            self._engine = create_engine(url, hide_parameters=True, **arguments)
        except ImportError as error:
            raise StoreError(
                f"no driver for {self.url}: pip install 'fink-ad[postgres]'"
            ) from error
        if self.is_sqlite:
            event.listen(self._engine, "connect", _configure_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the database."""
        with self._plain_errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self, *turns: str) -> Iterator[Connection]:
        """Open a transaction that is stored as a whole, or not at all if it raises.

        Parameters
        ----------
        *turns : str
            Writers that name the same turn follow one another; on SQLite all do.
        """
        writer = self._engine.execution_options(fink_ad_begin="BEGIN IMMEDIATE")
        with self._plain_errors(), writer.begin() as connection:
            # In one order, so that two writers cannot wait for each other.
            for turn in () if self.is_sqlite else sorted(turns):
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(hashtextextended(:turn, 0))"),
                    {"turn": turn},
                )
            yield connection

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise StoreError(self._explain(str(error.orig))) from error
        except SQLAlchemyError as error:
            raise StoreError(f"database {self.url}: {error}") from error

    def _explain(self, said: str) -> str:
        """Say what to do about an error of the driver."""
        known = {
            "locked": "another process holds it; stop that process or try again",
            "not a database": "the file is damaged or something else; restore a backup",
            "malformed": "the file is damaged; restore a backup",
            "readonly": "it cannot be written; check its permissions or choose another home",
            "unable to open": "the file cannot be opened; check the folder's permissions"
            " or choose another home",
            "disk is full": "make room on the disk",
            "no such table": "run 'fink-ad db upgrade'",
            "connection": "check that the server runs and the URL is right",
        }
        way_out = next((hint for word, hint in known.items() if word in said), "")
        said = " ".join(said.split())
        return f"database {self.url}: {said}" + (f" ({way_out})" if way_out else "")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _configure_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` says how.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # Taking the write lock first avoids the upgrade from reader to writer, which fails at once
    # when another writer came between.
    begin = connection.get_execution_options().get("fink_ad_begin", "BEGIN")
    connection.exec_driver_sql(begin)
