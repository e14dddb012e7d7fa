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
SIZES = {"": "1440x900", "_phone": "390x844"}


def test_every_page_is_whole_at_every_size(open_page, url, tmp_path) -> None:
    folder = Path(os.environ.get("SCREENS") or tmp_path)
    first = open_page(url, "ada")
    for key in "ynbyunyynb":
        seen = answer(first, key)
    for page, path in PAGES.items():
        for suffix, size in SIZES.items():
            address = path + seen if page == "object" else path
            opened = open_page(url, "ada", page=address, size=size)
            opened.wait_for_selector('[data-testid="stMetric"], .ad-name, canvas', timeout=30_000)
            time.sleep(2)
            assert opened.locator('[data-testid="stException"]').count() == 0
            assert opened.locator('[data-testid="stAlertContentError"]').count() == 0
            wider = "document.documentElement.scrollWidth - window.innerWidth"
            assert opened.evaluate(wider) <= 0, f"{page} at {size} must be moved sideways"
            _keep(opened.screenshot(), folder / f"{page}{suffix}.png")


def _keep(picture: bytes, path: Path) -> None:
    """Write a picture of few colours, small enough to go with the documentation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
    Image.open(path).convert("RGB").quantize(64).save(path, optimize=True)
