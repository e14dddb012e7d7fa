"""The running application and a browser; `make test-browser` runs these."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from fink_ad.config import Settings
from fink_ad.learn import Learner
from fink_ad.pipeline import run
from fink_ad.simulate import simulate_night
from fink_ad.simulate.files import write_night
from fink_ad.sources.files import FilesSource
from fink_ad.store import Store

ANSWER_BUTTONS = ".st-key-answers button"
COMMAND = "from fink_ad.cli import main; main()"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two simulated nights, ranked, and a reviewer."""
    folder = tmp_path_factory.mktemp("browser")
    nights = simulate_night(
        20260110, n_objects=900, inject={"kilonova": 6, "r_crb": 6}, nights=2, stamps="individual"
    )
    home = folder / "home"
    settings = Settings.model_validate(
        {"home": home, "ranking": {"candidate_rarity": 20}, "kept": {"top_share": 0.4}}
    )
    with Store.open(home) as store:
        for path in write_night(folder / "packets", nights).alerts:
            run(FilesSource([path], batch_size=1000), store, settings)
        store.add_reviewer("ada", role="operator")
        Learner(store, settings).run_once()
    return home


@pytest.fixture(scope="session")
def shared_home(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the application that most tests share; each has reviewers of its own."""
    return Path(shutil.copytree(template, tmp_path_factory.mktemp("shared") / "home"))


@pytest.fixture(scope="session")
def store(shared_home: Path) -> Iterator[Store]:
    with Store.open(shared_home) as opened:
        yield opened


@pytest.fixture
def me(request: pytest.FixtureRequest, store: Store) -> str:
    """A reviewer who has answered nothing yet."""
    return store.add_reviewer(request.node.name).name


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    """A home for an application of its own."""
    return Path(shutil.copytree(template, tmp_path / "home"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "no chromium: make test-browser installs it where it can"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@contextmanager
def served(home: Path, *options: str) -> Iterator[str]:
    """Run `fink-ad ui` on a free port; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-c", COMMAND, "--home", str(home), "ui", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if "FINK_AD" not in name}
    environment["FINK_AD_UI__TOUR"] = "false"
    with (home / "page.log").open("ab") as log:
        child = subprocess.Popen(
            [*words, *options], cwd=home, stdout=log, stderr=log, env=environment
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/_stcore/health", child)
        yield url
    finally:
        child.terminate()
        child.wait(20)


def _wait_for(url: str, child: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert child.poll() is None, "the page ended"
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310  # our own server
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the page did not start within 30 s")


@pytest.fixture(scope="session")
def url(shared_home: Path) -> Iterator[str]:
    with served(shared_home, "--no-learner") as address:
        yield address


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open a page as a reviewer in a browser of its own."""
    contexts = []

    def open_at(url: str, reviewer: str, page: str = "", size: str = "1440x900") -> Page:
        width, height = map(int, size.split("x"))
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        opened = context.new_page()
        mark = "&" if "?" in page else "?"
        opened.goto(f"{url}/{page}{mark}reviewer={reviewer}")
        if not page:
            opened.wait_for_selector(ANSWER_BUTTONS, timeout=30_000)
        return opened

    yield open_at
    for context in contexts:
        context.close()
