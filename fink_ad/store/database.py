"""Open, create, upgrade, inspect and back up the database."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select, text

import fink_ad
from fink_ad.errors import StoreError
from fink_ad.store.connection import Database, database_url
from fink_ad.store.tables import Base, Upgrade
from fink_ad.store.upserts import upsert

__all__ = [
    "DatabaseStatus",
    "backup",
    "database_exists",
    "open_database",
    "status",
    "upgrade",
]


@dataclass(frozen=True)
class DatabaseStatus:
    """What `status` found.

    Attributes
    ----------
    url : str
        Without the password.
    revision, head : str
        Where the database stands (empty: no tables yet) and what this release expects.
    written_by : str
        Release of fink_ad that brought the database to its revision.
    size_bytes : int
    rows : mapping of str to int
        Number of rows per table.
    """

    url: str
    revision: str
    head: str
    written_by: str
    size_bytes: int
    rows: Mapping[str, int]

    @property
    def needs_upgrade(self) -> bool:
        """Whether the tables are older than the program."""
        return self.revision != self.head


def open_database(where: str | Path) -> Database:
    """Open a database and make sure its tables fit this release.

    An empty database gets its tables. An older SQLite file is backed up beside itself and
    upgraded; an older PostgreSQL database is refused, because its backup is not ours to make.

    Parameters
    ----------
    where : str or pathlib.Path
        The home folder, which then holds the SQLite file, or a database URL.

    Raises
    ------
    StoreError
        If the database cannot be reached, is damaged or locked, is newer than this release,
        or is an older PostgreSQL database.
    """
    database = _connect(where)
    try:
        with database.reading() as connection:
            revision = _revision(connection)
            _refuse_newer(connection, revision, database.url)
        if revision not in ("", _head()) and not database.is_sqlite:
            raise StoreError(
                f"database {database.url} is at revision {revision}, this release needs"
                f" {_head()}: back it up with pg_dump, then run 'fink-ad db upgrade'"
            )
        if revision != _head():
            _upgrade(database)
    except StoreError:
        database.close()
        raise
    return database


def database_exists(where: str | Path) -> bool:
    """Say whether there is a database already; one on a server is taken to be there."""
    with Database(database_url(where)) as database:
        return database.path is None or database.path.is_file()


def upgrade(where: str | Path) -> DatabaseStatus:
    """Bring the tables of a database to this release; an older SQLite file is backed up first.

    Raises
    ------
    StoreError
        If the database cannot be reached or written, or is newer than this release.
    """
    with _connect(where) as database:
        _upgrade(database)
        return _status(database)


def status(where: str | Path) -> DatabaseStatus:
    """Tell where a database stands, without changing it.

    Raises
    ------
    StoreError
        If there is no such database or it cannot be read.
    """
    with _connect(where, create=False) as database:
        return _status(database)


def backup(where: str | Path, target: Path) -> Path:
    """Copy a SQLite database while it may be in use; the copy is complete or absent.

    Parameters
    ----------
    target : pathlib.Path
        File to write, or an existing folder to write a file with a timestamp into.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    StoreError
        If the target exists or cannot be written, or the database is PostgreSQL.
    """
    with _connect(where, create=False) as database:
        if database.path is None:
            raise StoreError(f"database {database.url} is backed up with pg_dump, not from here")
        if target.is_dir():
            target = target / f"{database.path.name}.{_timestamp()}"
        if target.exists():
            raise StoreError(f"backup file {target} exists; name another file")
        _copy_sqlite(database.path, target)
        return target


def _connect(where: str | Path, create: bool = True) -> Database:
    database = Database(database_url(where))
    if database.path is not None:
        if not create and not database.path.is_file():
            raise StoreError(f"no database at {database.path}; check --home")
        try:
            database.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot make folder {database.path.parent} for the database:"
                f" {error.strerror}; choose another with --home"
            ) from error
        if create and not os.access(database.path.parent, os.W_OK):
            raise StoreError(
                f"folder {database.path.parent} cannot be written;"
                " choose another with --home or change its permissions"
            )
    return database


def _upgrade(database: Database) -> None:
    """Upgrade under a lock, so that processes started together do it once."""
    with _file_lock(database.path), database.writing("fink_ad upgrade") as connection:
        revision = _revision(connection)
        _refuse_newer(connection, revision, database.url)
        if revision == _head():
            return
        if revision and database.path is not None:
            name = f"{database.path.name}.{revision}.{_timestamp()}"
            _copy_sqlite(database.path, database.path.with_name(name))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        row = {
            "revision": _head(),
            "fink_ad_version": fink_ad.__version__,
            "upgraded_at": datetime.now(UTC),
        }
        upsert(connection, Upgrade, [row])


def _status(database: Database) -> DatabaseStatus:
    with database.reading() as connection:
        present = set(inspect(connection).get_table_names())
        rows = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
            if table.name in present
        }
        if database.is_sqlite:
            pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        else:
            pages = "SELECT pg_database_size(current_database())"
        return DatabaseStatus(
            url=database.url,
            revision=_revision(connection),
            head=_head(),
            written_by=_written_by(connection),
            size_bytes=connection.execute(text(pages)).scalar_one(),
            rows=rows,
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def _head() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101  the package ships its migrations
    return head


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


def _written_by(connection: Connection) -> str:
    """Return the release of the latest upgrade; newer releases keep this table."""
    if not inspect(connection).has_table(Upgrade.__tablename__):
        return ""
    latest = select(Upgrade.fink_ad_version).order_by(Upgrade.upgraded_at.desc()).limit(1)
    return connection.execute(latest).scalar() or ""


def _refuse_newer(connection: Connection, revision: str, url: str) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision and revision not in known:
        needed = _written_by(connection) or "a newer release"
        raise StoreError(
            f"database {url} is at revision {revision}, which fink_ad {fink_ad.__version__}"
            f" does not know; it needs fink_ad {needed} or later"
        )


@contextmanager
def _file_lock(path: Path | None) -> Iterator[None]:
    """Wait for and hold ``<path>.lock``; the system releases it if the process dies."""
    if path is None:
        yield
        return
    try:
        handle = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StoreError(f"cannot lock database {path}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _copy_sqlite(source: Path, target: Path) -> None:
    partial = target.with_name(target.name + ".partial")
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(partial)) as new:
            old.backup(new)
        partial.replace(target)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise StoreError(f"cannot back up {source} to {target}: {error}") from error


def _timestamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
