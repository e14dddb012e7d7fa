"""What strangers write does nothing on the page; times and numbers read well."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from fink_ad.ui.text import ago, escaped, number, rarity, safe, utc

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)


def test_html_of_a_stranger_is_text() -> None:
    assert safe('<img src=x onerror="a()">\u202e\x07') == (
        "&lt;img src=x onerror=&quot;a()&quot;&gt;\ufffd\ufffd"
    )


def test_markdown_of_a_stranger_is_text() -> None:
    assert escaped("[x](/y) :red[z] `c`\n# h") == (
        r"\[x\]\(/y\) \:red\[z\] \`c\`" + "\ufffd" + r"\# h"
    )


@pytest.mark.parametrize(
    "address", ["http://e.org", "HTTPS://e.org", "www.e.org", "Www.e.org", "a@e.org"]
)
def test_an_address_of_a_stranger_is_no_link(address: str) -> None:
    """As GitHub's Markdown finds addresses in text: section 6.9 of its specification."""
    told = escaped(address).replace("\\", "")
    assert told.replace("\u2060", "") == address
    assert not re.search(r"(?i)https?://|www\.|\w@\w", told)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "now"), (5, "5 s ago"), (90, "2 min ago"), (5400, "1.5 h ago"), (86400 * 12, "12 d ago")],
)
def test_ages_are_told_in_one_unit(seconds: float, told: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == told


def test_what_is_not_known_is_said() -> None:
    assert ago(None, NOW) == "never"
    assert ago(NOW + timedelta(hours=2), NOW) == "in 2.0 h"
    assert utc(None) == number(None) == number(float("nan")) == rarity(float("nan")) == "-"
    assert rarity(30_000, beyond=True) == "rarer than 1 in 30,000"
    assert utc(NOW) == "2026-01-10 12:00 UTC"
