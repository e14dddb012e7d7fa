"""Homes with simulated alerts, and the page run in them without a browser."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from fink_ad.config import Settings
from fink_ad.learn import Learner
from fink_ad.pipeline import run
from fink_ad.simulate import simulate_night
from fink_ad.simulate.files import write_night
from fink_ad.sources.files import FilesSource
from fink_ad.store import Store
from fink_ad.ui.state import APP

NIGHT = 20260110
Open = Callable[..., AppTest]


def settings_of(home: Path) -> Settings:
    return Settings.model_validate(
        {"home": home, "ranking": {"candidate_rarity": 20}, "kept": {"top_share": 0.3}}
    )


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one simulated night, ranked, and two reviewers."""
    folder = tmp_path_factory.mktemp("page")
    night = simulate_night(NIGHT, n_objects=300, inject={"kilonova": 4}, stamps="individual")
    (packets,) = write_night(folder / "packets", night).alerts
    settings = settings_of(folder / "home")
    with Store.open(settings.home) as store:
        run(FilesSource([packets], batch_size=500), store, settings)
        store.add_reviewer("ada", role="operator")
        store.add_reviewer("bob")
        Learner(store, settings).run_once()
    return settings.home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    """A copy of that home, to change at will."""
    return Path(shutil.copytree(template, tmp_path / "home"))


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def open_page(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Open]:
    """Run a page as a reviewer, on a server of this machine."""
    monkeypatch.chdir(tmp_path)
    address = config.get_option("server.address")
    config.set_option("server.address", "127.0.0.1")

    def open_at(
        page: str = "",
        reviewer: str = "ada",
        at: Path = home,
        guard_seconds: float = 0.0,
        tour: bool = False,
        user: dict[str, Any] | None = None,
        **query: str,
    ) -> AppTest:
        monkeypatch.setenv("FINK_AD_HOME", str(at))
        monkeypatch.setenv("FINK_AD_UI__TOUR", str(tour))
        monkeypatch.setenv("FINK_AD_UI__GUARD_SECONDS", str(guard_seconds))
        app = AppTest.from_file(str(APP), default_timeout=30)
        if user is not None:
            app.user = user
        elif reviewer:
            app.query_params["reviewer"] = reviewer
        for name, value in query.items():
            app.query_params[name] = value
        if page:
            app.switch_page(f"views/{page}.py")
        return app.run()

    yield open_at
    config.set_option("server.address", address)
    st.cache_resource.clear()
