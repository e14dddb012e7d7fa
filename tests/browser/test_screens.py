"""Every page at two sizes shows no error; with SCREENS=FOLDER pictures are left there."""

import os
import time
from pathlib import Path

import pytest
from PIL import Image

from .test_review import answer

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

PAGES = {
    "review": "",
    "candidates": "candidates",
    "object": "object?object=",
    "answers": "answers",
    "models": "models",
    "tonight": "tonight",
}
THERE = '[data-testid="stMetric"], .ad-name, [data-testid="stDataFrame"]'
SIZES = {"": "1440x900", "_phone": "390x844"}


def test_every_page_is_whole_at_every_size(open_page, url, tmp_path) -> None:
    folder = Path(os.environ.get("SCREENS") or tmp_path)
    first = open_page(url, "ada")
    for key in "ynbyunyynb":
        seen = answer(first, key)
    for suffix, size in SIZES.items():
        opened = open_page(url, "ada", size=size)
        for page, path in PAGES.items():
            address = path + seen if page == "object" else path
            mark = "&" if "?" in address else "?"
            opened.goto(f"{url}/{address}{mark}reviewer=ada")
            opened.wait_for_selector(THERE, timeout=30_000)
            opened.wait_for_selector('[data-test-script-state="notRunning"]')
            time.sleep(1.5)  # for figures to be drawn
            assert opened.locator('[data-testid="stException"]').count() == 0
            assert opened.locator('[data-testid="stAlertContentError"]').count() == 0
            wider = "document.documentElement.scrollWidth - window.innerWidth"
            assert opened.evaluate(wider) <= 0, f"{page} at {size} must be moved sideways"
            _keep(opened.screenshot(), folder / f"{page}{suffix}.png")


def _keep(picture: bytes, path: Path) -> None:
    """Write a picture of a palette, small enough to go with the documentation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
    Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)
