"""Every page at two sizes shows no error; with SCREENS=FOLDER pictures are left there."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from .conftest import ANSWER_BUTTONS, served
from .test_review import answer

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

PAGES = {
    "review": "",
    "candidates": "candidates",
    "object": "object?object=",
    "science": "science?object=",
    "answers": "answers",
    "models": "models",
    "tonight": "tonight",
}
THERE = '[data-testid="stMetric"], .ad-name, [data-testid="stDataFrame"], [data-testid="stTabs"]'
DRAWN = """() => [...document.querySelectorAll('[data-testid="stPlotlyChart"]')].every(
    one => one.querySelector('.js-plotly-plot .main-svg'))
    && [...document.querySelectorAll('[data-testid="stDataFrame"]')].every(
    one => one.querySelector('canvas'))
    && [...document.images].every(one => one.complete)
    && !document.querySelector('[data-testid="stSkeleton"]')"""
SIZES = {"": "1440x900", "_phone": "390x844"}


@pytest.fixture
def learning_url(home) -> Iterator[str]:
    """An application of its own, with the learner beside it."""
    with served(home) as address:
        yield address


def test_every_page_is_whole_at_every_size(open_page, learning_url, tmp_path) -> None:
    url, folder = learning_url, Path(os.environ.get("SCREENS") or tmp_path)
    first = open_page(url, "ada")
    for key in "ynbyunyynb" * 3:
        seen = answer(first, key)
    first.get_by_text("ranking knows all answers").wait_for(timeout=60_000)
    for suffix, size in SIZES.items():
        opened = open_page(url, "ada", size=size)
        _take_the_tour(opened, folder / f"tour{suffix}.png")
        for page, path in PAGES.items():
            address = path + seen if path.endswith("=") else path
            mark = "&" if "?" in address else "?"
            opened.goto(f"{url}/{address}{mark}reviewer=ada")
            opened.wait_for_selector(THERE, timeout=30_000)
            opened.wait_for_selector('[data-test-script-state="notRunning"]')
            opened.wait_for_function(DRAWN)
            assert opened.locator('[data-testid="stException"]').count() == 0
            assert opened.locator('[data-testid="stAlertContentError"]').count() == 0
            wider = "document.documentElement.scrollWidth - window.innerWidth"
            assert opened.evaluate(wider) <= 0, f"{page} at {size} must be moved sideways"
            _keep(opened.screenshot(), folder / f"{page}{suffix}.png")


def test_who_is_removed_is_shown_the_door_without_touching_anything(
    open_page, url, store, me
) -> None:
    opened = open_page(url, me)
    store.retire_reviewer(me)
    opened.get_by_text("may review here no longer").wait_for(timeout=30_000)
    assert opened.locator(ANSWER_BUTTONS).count() == 0


def _take_the_tour(opened: Page, picture: Path) -> None:
    """From Help, through all steps, back to the candidate."""
    opened.keyboard.press("h")
    opened.locator(".st-key-tour button").click()
    for step in range(1, 5):
        opened.get_by_text(f"{step} of 4:").wait_for(timeout=30_000)
        opened.locator(".st-key-tour_next button").wait_for()  # drawn last, after the alert
        opened.wait_for_selector('[data-test-script-state="notRunning"]')
        assert opened.locator('[role="dialog"]').count() == 0
        if step == 2:
            opened.wait_for_function(DRAWN)
            _keep(opened.screenshot(), picture)
        opened.keyboard.press("ArrowRight")
    opened.wait_for_selector(ANSWER_BUTTONS)


def _keep(picture: bytes, path: Path) -> None:
    """Write a picture of a palette, small enough to go with the documentation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
    Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)
