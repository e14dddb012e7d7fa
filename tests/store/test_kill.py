"""A process killed at any point leaves, once restarted, what an undisturbed one leaves."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from fink_ad.store import Store
from fink_ad.store.tables import Base

pytestmark = pytest.mark.kill

STREET = Path(__file__).with_name("street.py")
CLOCKS = {"committed_at", "seen_at", "upgraded_at"}


def start(home: Path, url: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(STREET), str(home), url, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def outcome(home: Path, url: str, *arguments: str) -> int:
    with start(home, url, *arguments) as child:
        child.communicate(timeout=120)
    return child.returncode


def contents(home: Path, url: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables but the times of the clock, and a hash of each history part."""
    found: dict[str, list[tuple[object, ...]]] = {}
    with Store.open(home, url) as store, store.database.reading() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.c if column.name not in CLOCKS]
            rows = connection.execute(select(*columns).order_by(*table.primary_key))
            found[table.name] = [tuple(map(repr, row)) for row in rows]
    found["files"] = [
        (path.relative_to(home).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(home.rglob("*.parquet*"))
    ]
    return found


def test_killed_and_restarted_equals_undisturbed(tmp_path: Path, home: Path, database_url: str):
    calm_home = tmp_path / "calm"
    calm_url = f"sqlite:///{calm_home / 'fink_ad.sqlite3'}"
    assert outcome(calm_home, calm_url) == 0

    orphans = 0
    for die_after_writing in (0, 5, 11):
        assert outcome(home, database_url, str(die_after_writing)) == -signal.SIGKILL
        orphans += len(list(home.rglob("*.parquet*"))) - die_after_writing
    assert orphans == 3

    chance = random.Random(20260322)
    n_killed = 0
    for _ in range(20):
        with start(home, database_url) as child:
            assert child.stdout is not None
            if not child.stdout.readline():
                break
            time.sleep(chance.uniform(0, 0.02))
            child.kill()
        n_killed += child.returncode == -signal.SIGKILL
    assert n_killed >= 2
    assert outcome(home, database_url) == 0

    assert contents(home, database_url) == contents(calm_home, calm_url)
