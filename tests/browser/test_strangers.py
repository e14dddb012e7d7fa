"""What a browser makes of strangers' texts: no links, and no files that a spreadsheet would run."""

from urllib.parse import quote, urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

NAME = "see http://evil.example/a www.evil.example me@evil.example [x](http://evil.example)"


def test_a_name_full_of_addresses_is_no_link(open_page, url, store) -> None:
    store.add_reviewer(NAME)
    page = open_page(url, quote(NAME))
    page.get_by_text("see http", exact=False).first.wait_for(timeout=60_000)
    page.wait_for_selector("a.ad-link", timeout=60_000)
    links = page.locator("a").evaluate_all("all => all.map(one => one.protocol + one.hostname)")
    assert "https:simbad.cds.unistra.fr" in links
    assert set(links) >= {f"http:{urlsplit(url).hostname}"}  # to another part of the page
    assert not [one for one in links if "evil" in one or one.startswith("mailto:")]


def test_only_guarded_files_are_offered(open_page, url, me) -> None:
    page = open_page(url, me, "candidates")
    page.wait_for_selector('[data-testid="stDataFrame"]', timeout=60_000)
    page.hover('[data-testid="stDataFrame"]')
    page.get_by_role("button", name="Search").wait_for(timeout=60_000)
    assert not page.get_by_role("button", name="Download as CSV").is_visible()
    assert page.get_by_role("button", name="CSV", exact=True).is_visible()
