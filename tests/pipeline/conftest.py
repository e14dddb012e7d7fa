"""Simulated nights, homes to run them in, and everything that a home holds, row by row."""

import hashlib
import io
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastavro
import pytest
from sqlalchemy import select

from fink_ad.config import Settings
from fink_ad.pipeline import RunSummary, run
from fink_ad.pipeline.describe import _providers
from fink_ad.simulate import Night, simulate_night
from fink_ad.simulate.encode import container
from fink_ad.simulate.schema import PACKET_SCHEMA
from fink_ad.sources.files import FilesSource
from fink_ad.store import Store
from fink_ad.store.tables import Base

CLOCKS = {"committed_at", "seen_at", "upgraded_at", "created_at", "activated_at"}
NIGHT, LATER_NIGHT = 20260301, 20260302


@dataclass(frozen=True)
class Packets:
    """Bare bodies of alerts, and how to make files of them."""

    bodies: tuple[bytes, ...]
    sync: bytes = bytes(16)

    def __len__(self) -> int:
        return len(self.bodies)

    def __getitem__(self, rows: slice) -> "Packets":
        return Packets(self.bodies[rows])

    def of(self, rows: Sequence[int]) -> "Packets":
        return Packets(tuple(self.bodies[row] for row in rows))

    def records(self) -> list[dict[str, Any]]:
        schema = fastavro.parse_schema(PACKET_SCHEMA)
        return [fastavro.schemaless_reader(io.BytesIO(body), schema, None) for body in self.bodies]

    @classmethod
    def encode(cls, records: Sequence[dict[str, Any]]) -> "Packets":
        schema = fastavro.parse_schema(PACKET_SCHEMA)
        bodies = []
        for record in records:
            buffer = io.BytesIO()
            fastavro.schemaless_writer(buffer, schema, record)
            bodies.append(buffer.getvalue())
        return cls(tuple(bodies))

    def container(self, block: int = 50) -> bytes:
        """One Avro container, some records a block."""
        blocks = [list(self.bodies[low : low + block]) for low in range(0, len(self), block)]
        return b"".join(container(PACKET_SCHEMA, blocks, "null", self.sync))

    def write(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.container())
        return path

    def write_parts(self, folder: Path, size: int = 1) -> Path:
        """Files of some alerts each, as a broker's archive has them."""
        for low in range(0, len(self), size):
            self[low : low + size].write(folder / f"{low:05}.avro")
        return folder


class Home:
    """A home folder, and the street run in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def settings(self, **changes: Any) -> Settings:
        return Settings.model_validate({"home": self.path, "batch_size": 100, **changes})

    def run(self, *paths: Path, **changes: Any) -> RunSummary:
        names = ("should_stop", "on_batch", "summary")
        hooks = {name: changes.pop(name) for name in names if name in changes}
        settings = self.settings(**changes)
        source = FilesSource(paths, batch_size=settings.batch_size)
        with Store.open(self.path) as store:
            return run(source, store, settings, **hooks)

    def store(self) -> Store:
        return Store.open(self.path)

    def copy(self, path: Path) -> "Home":
        shutil.copytree(self.path, path)
        return Home(path)

    def tables(self) -> dict[str, list[tuple[str, ...]]]:
        """All rows of all tables but the times of the clock."""
        found = {}
        with self.store() as store, store.database.reading() as connection:
            for table in Base.metadata.sorted_tables:
                columns = [column for column in table.c if column.name not in CLOCKS]
                rows = connection.execute(select(*columns).order_by(*table.primary_key))
                found[table.name] = [tuple(map(repr, row)) for row in rows]
        return found

    def contents(self) -> dict[str, list[tuple[str, ...]]]:
        """All rows of all tables, and a hash of each history part."""
        return self.tables() | {
            "files": [
                (path.relative_to(self.path).as_posix(), _hash(path))
                for path in sorted(self.path.rglob("*.parquet*"))
            ]
        }

    def by_alert(self, columns: Sequence[str] = ("score", "rarity", "provisional")) -> list[Any]:
        """Selected columns of the whole history, sorted by alert."""
        import duckdb

        pattern = str(self.path / "history" / "**" / "*.parquet")
        query = f"SELECT alert_id, {', '.join(columns)} FROM '{pattern}' ORDER BY ALL"  # noqa: S608
        return duckdb.sql(query).fetchall()


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _packets(night: Night) -> Packets:
    return Packets(tuple(night.bodies))


@pytest.fixture(scope="session")
def packets() -> Packets:
    """A night of some 900 alerts."""
    return _packets(simulate_night(NIGHT, seed=11))


@pytest.fixture(scope="session")
def later_packets() -> Packets:
    """The night after, of another sky."""
    return _packets(simulate_night(LATER_NIGHT, n_objects=300, seed=12))


@pytest.fixture(scope="session")
def night(packets: Packets, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The night as a folder of files that a batch holds several of."""
    return packets.write_parts(tmp_path_factory.mktemp("night"), size=45)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home without anything in it."""
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with models of both populations that another night was ranked with; do not touch."""
    folder = tmp_path_factory.mktemp("trained")
    earlier = simulate_night(20260220, n_objects=900, inject={"asteroid": 320}, seed=3)
    home = Home(folder / "home")
    summary = home.run(_packets(earlier).write(folder / "earlier.avro"))
    assert not summary.provisional
    return home


@pytest.fixture
def trained_home(trained: Home, tmp_path: Path) -> Callable[[str], Home]:
    """Copies of a home that has models."""
    return lambda name: trained.copy(tmp_path / name)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Put a package of plug-ins on the path, as pip would: its code, and what it registers."""

    def put(code: str, **groups: dict[str, str]) -> None:
        folder = tmp_path / "strangers"
        info = folder / "strangers-0.7.dist-info"
        info.mkdir(parents=True)
        (folder / "strangers_street.py").write_text(code)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 0.7\n")
        lines = []
        for group, entries in groups.items():
            lines.append(f"[fink_ad.{group}]")
            lines += [f"{name} = strangers_street:{value}" for name, value in entries.items()]
        (info / "entry_points.txt").write_text("\n".join(lines))
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, "strangers_street", raising=False)
        _providers.cache_clear()

    yield put
    _providers.cache_clear()
