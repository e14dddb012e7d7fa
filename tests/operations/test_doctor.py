"""The doctor finds what was broken on purpose, says the mend, and changes nothing."""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from fink_ad.catalogs import Catalog, CatalogFolder
from fink_ad.config import Settings
from fink_ad.operations import Finding, doctor, examine
from fink_ad.pipeline import run
from fink_ad.sources.files import FilesSource
from fink_ad.store import CountKey, Store

NIGHT = Path(__file__).parents[2] / "data" / "ztf_night_20260301.avro"


@pytest.fixture(scope="session")
def _ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("doctor") / "home"
    with Store.open(home) as store:
        run(FilesSource([NIGHT]), store, Settings(home=home))
    return home


@pytest.fixture
def home(_ran: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_ran, tmp_path / "home"))


def found(home: Path, now: datetime | None = None, **changes) -> dict[str, Finding]:
    """The gravest finding of each check."""
    order = ("ok", "warning", "problem")
    worst: dict[str, Finding] = {}
    for one in examine(Settings(home=home, **changes), now):
        before = worst.get(one.check)
        if before is None or order.index(one.level) > order.index(before.level):
            worst[one.check] = one
    for one in worst.values():
        assert (one.level == "ok") == (one.mend == "")
    return worst


def levels(home: Path, now: datetime | None = None, **changes) -> set[tuple[str, str]]:
    findings = found(home, now, **changes).values()
    return {(one.check, one.level) for one in findings if one.level != "ok"}


def test_a_home_without_anything_is_well(tmp_path: Path):
    assert levels(tmp_path / "home") == set()
    assert not (tmp_path / "home").exists()


def test_a_home_after_a_run_is_well_and_stays_as_it_is(home: Path):
    def content() -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in home.rglob("*")
            if path.is_file() and not path.name.endswith(("-wal", "-shm"))
        }

    before = content()
    assert levels(home) - {("model", "warning")} == set()
    assert content() == before
    assert found(home)["last night"].told.startswith("20260301: ")


def lose_part(home: Path) -> None:
    next((home / "history").rglob("transient-*.parquet")).unlink()


def edit_model(home: Path) -> None:
    manifest = next((home / "models").rglob("*.json"))
    manifest.write_text(manifest.read_text().replace("ztf", "ZTF", 1))


def spoil_database(home: Path) -> None:
    for path in home.glob("fink_ad.sqlite3*"):
        path.unlink()
    (home / "fink_ad.sqlite3").write_bytes(b"this is no database at all" * 100)


def older_database(home: Path) -> None:
    with sqlite3.connect(home / "fink_ad.sqlite3") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()


def miscount(home: Path) -> None:
    with Store.open(home) as store:
        from fink_ad.store.repository.batches import add_counts

        with store.database.writing() as connection:
            add_counts(connection, "files", {CountKey(20260301, "ztf", "scored"): 3})


def spoil_catalogue(home: Path) -> None:
    CatalogFolder(home).add(Catalog("stars", np.zeros(1), np.zeros(1))).write_bytes(b"nonsense")


def open_to_all(home: Path) -> None:
    os.chmod(home, 0o777)  # noqa: S103  what the test is about


@pytest.mark.parametrize(
    ("damage", "check", "mend"),
    [
        (lose_part, "history", "restore it from a backup"),
        (edit_model, "model", "restore the folder from a backup"),
        (spoil_database, "database", "restore a backup, or correct database_url"),
        (older_database, "database", "fink-ad db upgrade"),
        (miscount, "counts", "report it with fink-ad counts --json"),
        (spoil_catalogue, "catalogues", "add it again, or fink-ad catalogs remove stars"),
        (open_to_all, "home", "chmod o-w"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_finds_what_is_broken(home: Path, damage: Callable[[Path], None], check: str, mend: str):
    damage(home)
    worst = found(home)
    assert worst[check].level == "problem"
    assert worst[check].mend.startswith(mend)
    others = {one.check for one in worst.values() if one.level == "problem"} - {check}
    assert others == set()


def test_miscounts_are_told_with_place_and_number(home: Path):
    miscount(home)
    assert found(home)["counts"].told == "ztf, night 20260301: -3 alerts in too many"


def test_an_older_database_is_left_alone(home: Path):
    older_database(home)
    before = (home / "fink_ad.sqlite3").read_bytes()
    assert ("database", "problem") in levels(home)
    assert (home / "fink_ad.sqlite3").read_bytes() == before


def test_a_clock_that_is_wrong(home: Path):
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    assert ("clock", "problem") in levels(home, long_ago)
    before_the_run = datetime.now(UTC) - timedelta(days=1)
    assert ("clock", "problem") in levels(home, before_the_run)
    in_winter = datetime(2026, 1, 1, tzinfo=UTC)
    assert ("last night", "problem") in levels(home, in_winter)


def test_a_disk_that_is_full(home: Path, monkeypatch: pytest.MonkeyPatch):
    usage = type(shutil.disk_usage(home))
    for free, level in ((3 << 30, "warning"), (1 << 20, "problem")):
        monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path, f=free: usage(f, 0, f))
        assert ("disk", level) in levels(home)


def test_settings_of_providers(home: Path):
    wrong = {"quality": {"nonsense": 1}}
    assert ("plug-ins", "problem") in levels(home, provider=wrong)
    absent = {"known_objects": {"drop": ["gcvs"]}}
    worst = found(home, provider=absent)["catalogues"]
    assert "drop names 'gcvs', which is no catalogue" in worst.told


def test_conditions_that_do_nothing_are_told(home: Path):
    def told(**models) -> Finding:
        return found(home, models=models)["condition"]

    assert told(shared={"where": "n_det > 1"}).level == "ok"
    bad = told(shared={"where": "n_dett > 1"})
    assert bad.level == "problem"
    assert "no column 'n_dett'" in bad.told
    nobody = told(carol={"where": "n_det > 1"})
    assert (nobody.level, "no reviewer of that name" in nobody.told) == ("warning", True)
    with Store.open(home) as store:
        store.add_reviewer("carol")
    assert "no ranking of their own" in told(carol={"where": "n_det > 1"}).told
    with Store.open(home) as store:
        store.change_reviewer("carol", personal=True)
    assert told(carol={"where": "n_det > 1"}).level == "ok"
    assert told(carol={"where": "n_dett > 1"}).level == "problem"


def test_a_model_of_other_features(home: Path, monkeypatch: pytest.MonkeyPatch):
    from fink_ad.features.context import AlertContext
    from fink_ad.pipeline.describe import _providers

    monkeypatch.setattr(AlertContext, "version", "999")
    _providers.cache_clear()
    try:
        assert "the features of the installed providers are others" in found(home)["model"].told
    finally:
        _providers.cache_clear()


def test_a_home_that_is_a_file(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    assert ("home", "problem") in levels(tmp_path / "file")


def test_folders_that_nobody_follows_and_that_are_missing_are_told(home: Path, tmp_path: Path):
    there, missing = str(tmp_path), str(tmp_path / "missing")
    one = found(home, run={"follow": [there]})["worker"]
    assert (one.level, one.told) == ("warning", f"nobody follows {there}")
    with Store.open(home) as store:
        assert store.acquire_lease("worker", "somebody", 60.0)
        assert found(home, run={"follow": [there]})["worker"].level == "ok"
        one = found(home, run={"follow": [there, missing]})["worker"]
        assert one.told == f"{missing} is to be followed, and no folder"
    assert "worker" not in found(home)
