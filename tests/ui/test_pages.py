"""Every page, in every state of the store, says something sensible."""

from pathlib import Path

import pytest

from fink_ad.store import Store

PAGES = ["review", "candidates", "object", "science", "answers", "models", "tonight"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_a_night_shows_no_error(open_page, page: str) -> None:
    app = open_page(page)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_an_empty_store_says_what_to_do(open_page, tmp_path: Path, page: str) -> None:
    with Store.open(tmp_path / "empty") as store:
        store.add_reviewer("ada")
    app = open_page(page, at=tmp_path / "empty")
    assert not app.exception
    assert not app.error
    assert len(app.info) == 1
