"""The command line in this process: arguments in, exit code and both streams out."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from fink_ad.cli import main
from fink_ad.pipeline.describe import _providers

NIGHT = Path(__file__).parents[2] / "data" / "ztf_night_20260301.avro"


@dataclass(frozen=True)
class Told:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


FinkAd = Callable[..., Told]


@pytest.fixture(autouse=True)
def _no_settings_but_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Run in an empty folder, and leave neither log streams nor providers behind."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    _providers.cache_clear()
    yield
    structlog.reset_defaults()
    _providers.cache_clear()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def fink_ad(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> FinkAd:
    """Run ``fink-ad`` with the home of this test."""

    def call(*arguments: object, at: Path | None = None) -> Told:
        words = ["fink-ad", "--home", str(at or home), *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", words)
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        told = Told(code, *capsys.readouterr())
        assert "Traceback" not in told.err
        return told

    return call


@pytest.fixture
def night() -> Path:
    """The small simulated night of the project."""
    return NIGHT


@pytest.fixture(scope="session")
def _ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from fink_ad.config import Settings
    from fink_ad.pipeline import run
    from fink_ad.sources.files import FilesSource
    from fink_ad.store import Store

    home = tmp_path_factory.mktemp("ran") / "home"
    with Store.open(home) as store:
        run(FilesSource([NIGHT]), store, Settings(home=home))
    return home


@pytest.fixture
def ran(_ran: Path, home: Path) -> Path:
    """The home of this test, with the small night in it."""
    shutil.copytree(_ran, home)
    return home


@pytest.fixture(scope="session")
def records() -> list[dict[str, Any]]:
    """The packets of the small night, and `schema` to write them with."""
    import fastavro

    with NIGHT.open("rb") as file:
        return list(fastavro.reader(file))


@pytest.fixture(scope="session")
def write() -> Callable[..., Path]:
    """Write packets into an Avro container."""
    import fastavro

    from fink_ad.simulate.schema import PACKET_SCHEMA

    def put(
        path: Path, records: list[dict[str, Any]], schema: Any = PACKET_SCHEMA, codec: str = "null"
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            fastavro.writer(file, fastavro.parse_schema(schema), records, codec=codec)
        return path

    return put
