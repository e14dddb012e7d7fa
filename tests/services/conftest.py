"""A broker, and a store with a small simulated night."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from services.broker import Broker

from fink_ad.config import Settings
from fink_ad.pipeline import run
from fink_ad.sources.files import FilesSource
from fink_ad.store import Store

NIGHT = Path(__file__).parents[2] / "data" / "ztf_night_20260301.avro"


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """The broker at work; a test that stops it starts it again."""
    made = Broker(Path(os.environ["KAFKA_FOLDER"]))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def _ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("ran") / "home"
    with Store.open(home) as store:
        run(FilesSource([NIGHT]), store, Settings(home=home))
    return home


@pytest.fixture
def home(_ran: Path, tmp_path: Path) -> Path:
    """A home of its own for each test."""
    shutil.copytree(_ran, tmp_path / "home")
    return tmp_path / "home"
