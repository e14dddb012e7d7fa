"""Opening, upgrading, inspecting and backing up the database."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import delete, text, update

from fink_ad import __version__
from fink_ad.errors import StoreError
from fink_ad.store import NewLabel, Store, backup, database_exists, open_database, status, upgrade
from fink_ad.store.connection import DATABASE_NAME, Database
from fink_ad.store.connection import database_url as parse_url
from fink_ad.store.tables import Base, Label, Reviewer, Upgrade


def test_migrations_make_the_tables_of_the_code(store: Store):
    with store.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []


def test_status_of_a_new_database(store: Store, database_url: str, make):
    store.commit_batch(make.batch([1, 2]))
    found = status(database_url)
    assert found.revision == found.head == "0009"
    assert not found.needs_upgrade
    assert found.written_by == __version__
    assert (found.rows["candidate"], found.rows["ledger"], found.rows["label"]) == (2, 1, 0)
    assert found.size_bytes > 10_000


def test_upgrading_twice_changes_nothing(store: Store, database_url: str):
    assert upgrade(database_url) == upgrade(database_url)


def test_a_newer_database_is_refused_with_the_version_it_needs(store: Store, database_url: str):
    with store.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        row = {"revision": "9999", "fink_ad_version": "7.5", "upgraded_at": later()}
        connection.execute(Upgrade.__table__.insert(), row)
    for refuse in (open_database, upgrade):
        with pytest.raises(StoreError, match=r"at revision 9999, which .* needs fink_ad 7\.5"):
            refuse(database_url)
    assert status(database_url).revision == "9999"


def later() -> datetime:
    return datetime.fromisoformat("2099-01-01T00:00:00+00:00")


def make_older(home: Path) -> None:
    """Make a database of the first revision, with a reviewer in it."""
    config = Config()
    config.set_main_option("script_location", "fink_ad.store:migrations")
    home.mkdir()
    with Database(parse_url(home)) as database, database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        row = {"name": "Maria", "active": True, "created_at": later()}
        connection.execute(Reviewer.__table__.insert(), row)


def test_an_older_file_is_backed_up_and_upgraded(home: Path):
    make_older(home)
    assert status(home).needs_upgrade
    with Store.open(home) as store:
        assert [one.name for one in store.reviewers()] == ["Maria"]
    assert not status(home).needs_upgrade
    (copy,) = home.glob(f"{DATABASE_NAME}.0001.*Z")
    old = status(f"sqlite:///{copy}")
    assert (old.revision, old.rows["reviewer"], old.written_by) == ("0001", 1, "")
    Store.open(home).close()
    assert len(list(home.glob(f"{DATABASE_NAME}.0001.*Z"))) == 1


def test_rows_and_triggers_outlive_the_upgrade(database_url: str, home: Path):
    """From the second revision, with a reviewer, a kept alert and an answer in it."""
    config = Config()
    config.set_main_option("script_location", "fink_ad.store:migrations")
    home.mkdir(exist_ok=True)
    with Database(parse_url(database_url)) as database, database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for statement in OLD_ROWS:
            named = {name: blob for name, blob in BLOBS.items() if f":{name}" in statement}
            connection.execute(text(statement), named)
    upgrade(database_url)
    with Store.open(home, database_url) as store:
        (maria,) = store.reviewers()
        assert (maria.name, maria.role, maria.personal) == ("Maria", "reviewer", False)
        (kept,) = store.kept("ztf", [5])
        assert (kept.tags, kept.broker_classes) == ((), ("SN",))
        assert {name: getattr(kept, name) for name in BLOBS} == BLOBS
        assert np.isnan(kept.ra_deg)
        (label,) = store.labels()
        assert (label.answer, label.token) == ("anomaly", None)
        assert store.label_position("ztf", "transient") == label.id
        new = NewLabel("ztf", 5, maria.id, "ordinary", "page", later(), token="t")
        assert store.add_label(new).id > label.id
        for change in (update(Label).values(answer="bogus"), delete(Label)):
            with (
                pytest.raises(StoreError, match="label rows are never changed"),
                store.database.writing() as connection,
            ):
                connection.execute(change)
        with store.database.reading() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": False})
            assert compare_metadata(context, Base.metadata) == []


OLD_ROWS = (
    "INSERT INTO reviewer (name, active, created_at)"
    " VALUES ('Maria', true, '2026-03-22 08:00:00.000000')",
    "INSERT INTO kept_alert VALUES ('ztf', 5, 'object5', 'transient', 20260322, 61121.25, NULL,"
    " -20.0, 'r', 4, 0.5, 'revision', 3, NULL, 1, 'schema', '[\"SN\"]', :features, :alert,"
    " :stamps)",
    "INSERT INTO label (survey, alert_id, object_id, population, reviewer_id, answer, tags, note,"
    " model_revision, answered_at, channel, feature_schema, features) SELECT 'ztf', 5, 'object5',"
    " 'transient', id, 'anomaly', '[]', '', 'revision', '2026-03-22 08:00:00.000000', 'page',"
    " 'schema', :features FROM reviewer",
)
BLOBS = {"features": b"12345678", "alert": b"row", "stamps": b"picture"}


def test_an_upgrade_that_fails_has_not_happened(home: Path):
    make_older(home)
    with Database(parse_url(home)) as database, database.writing() as connection:
        # In the way of the second of two triggers.
        connection.execute(
            text(
                "CREATE TRIGGER label_no_delete BEFORE DELETE ON label"
                " BEGIN SELECT RAISE(ABORT, 'x'); END"
            )
        )
    with pytest.raises(StoreError, match="label_no_delete already exists"):
        upgrade(home)
    assert status(home).revision == "0001"
    with Database(parse_url(home)) as database, database.reading() as connection:
        triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type='trigger'"))
        assert triggers.scalars().all() == ["label_no_delete"]


def test_processes_that_start_together_make_the_tables_once(home: Path):
    program = f"from fink_ad.store import open_database; open_database({str(home)!r}).close()"
    started = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    assert [one.wait(60) for one in started] == [0, 0, 0]
    assert status(home).rows["upgrade"] == 1


def test_a_backup_is_a_database(home: Path, tmp_path: Path, make):
    with Store.open(home) as store:
        store.commit_batch(make.batch([1, 2]))
        copy = backup(home, tmp_path)
        store.commit_batch(make.batch([3], start=2))
    assert copy.name.startswith(DATABASE_NAME)
    assert status(f"sqlite:///{copy}").rows["candidate"] == 2
    with pytest.raises(StoreError, match="exists; name another file"):
        backup(home, copy)
    with pytest.raises(StoreError, match="cannot back up"):
        backup(home, tmp_path / "no" / "folder")


def test_whether_it_exists(home: Path):
    assert not database_exists(home)
    open_database(home).close()
    assert database_exists(home)


def test_nothing_there(tmp_path: Path):
    for ask in (status, lambda where: backup(where, tmp_path / "copy")):
        with pytest.raises(StoreError, match=f"no database at {tmp_path / DATABASE_NAME}"):
            ask(tmp_path)
    assert not (tmp_path / DATABASE_NAME).exists()


@pytest.mark.parametrize("content", [b"not a database, but long enough to be one" * 100])
def test_a_damaged_file_is_named(home: Path, content: bytes):
    home.mkdir()
    (home / DATABASE_NAME).write_bytes(content)
    with pytest.raises(StoreError, match=rf"{DATABASE_NAME}: .* restore a backup"):
        open_database(home)


def test_a_home_that_is_a_file(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StoreError, match=f"cannot make folder {blocked}.*--home"):
        open_database(blocked)
    with pytest.raises(StoreError, match="cannot make folder"):
        open_database(blocked / "below")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_home(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot be written"):
        open_database(tmp_path)


def test_the_home_is_private(home: Path):
    open_database(home).close()
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://host/name", "'mysql' is not supported"),
        ("sqlite://", "in memory would be lost"),
        ("sqlite:///:memory:", "in memory would be lost"),
        ("://nonsense", "cannot be read"),
    ],
)
def test_urls_that_make_no_sense(url: str, message: str):
    with pytest.raises(StoreError, match=message):
        open_database(url)


def test_an_unreachable_server_is_named_without_its_password():
    with pytest.raises(StoreError, match=r"127\.0\.0\.1.*check that the server runs") as caught:
        open_database("postgresql://someone:secret@127.0.0.1:1/name?connect_timeout=2")
    assert "secret" not in str(caught.value)


def test_a_locked_database_is_named(home: Path):
    with (
        open_database(home) as database,
        Database(parse_url(home), patience_s=0.01) as impatient,
        database.writing(),
        pytest.raises(StoreError, match="another process holds it"),
        impatient.writing(),
    ):
        pytest.fail("two writers at a time")


def test_sqlite_settings(home: Path):
    with open_database(home) as database, database.reading() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert found == ["wal", 1, 1, 30_000]
