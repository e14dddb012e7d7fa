"""Wishes and hours in words."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fink_ad.errors import FinkAdError, ReviewError
from fink_ad.review.hours import last_due, quiet_until
from fink_ad.review.subscriptions import EXAMPLE, read_subscription
from fink_ad.store.records.notifications import SHARED


def read(text: str):
    return read_subscription(text, "telegram:5", 7, "ztf", "transient")


def test_the_example_means_what_it_says():
    wish = read(EXAMPLE.partition(" ")[2])
    assert (wish.survey, wish.population, wish.target) == ("ztf", "transient", "telegram:5")
    assert (wish.rarity, wish.per_night, wish.model) == (5000.0, 10, "reviewer:7")
    assert (wish.digest_at, wish.quiet_from, wish.quiet_to) == ("08:00", "23:00", "07:00")
    assert (wish.timezone, wish.where) == ("Europe/Paris", "abs(b_deg) > 30")


def test_what_is_not_named_stays():
    wish = read("LSST at=door:slack model=shared where=“n_det > 3”")
    assert (wish.survey, wish.target, wish.model) == ("lsst", "door:slack", SHARED)
    assert wish.where == "n_det > 3"
    assert wish.digest_at == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("often", "for example"),
        ("rarity=high", "no number from 1"),
        ("rarity=5k", "for example rarity=5000"),
        ("rarity=nan", "no number"),
        ("limit=0", "no number from 1 to 500"),
        ("limit=1e9", "no number"),
        ("digest=25:00", "no hour"),
        ("quiet=23:00", "no hour"),
        ("zone=../../etc/passwd", "no time zone"),
        ("model=theirs", "write model=mine"),
        ('where="n_det', "quote is not closed"),
    ],
)
def test_what_makes_no_sense_is_explained(text: str, said: str):
    with pytest.raises(ReviewError, match=said):
        read(text)


@given(st.text())
def test_nothing_else_is_raised(text: str):
    with contextlib.suppress(FinkAdError):
        read(text)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_quiet_hours_span_midnight_and_follow_the_clock_on_the_wall():
    paris = ("Europe/Paris", "23:00", "07:00")
    assert quiet_until(at("2026-07-01T20:59"), *paris) is None
    assert quiet_until(at("2026-07-01T21:00"), *paris) == at("2026-07-02T05:00")
    assert quiet_until(at("2026-07-02T04:59"), *paris) == at("2026-07-02T05:00")
    assert quiet_until(at("2026-07-02T05:00"), *paris) is None
    # In the night of 25 October the clocks go back an hour.
    assert quiet_until(at("2026-10-24T21:30"), *paris) == at("2026-10-25T06:00")
    assert quiet_until(at("2026-07-01T12:00"), "UTC", "11:00", "13:00") == at("2026-07-01T13:00")
    assert quiet_until(at("2026-07-01T12:00"), "UTC", "", "") is None


def test_a_digest_was_due_at_its_last_hour():
    assert last_due(at("2026-07-01T06:30"), "Europe/Paris", "08:30") == at("2026-07-01T06:30")
    assert last_due(at("2026-07-01T06:29"), "Europe/Paris", "08:30") == at("2026-06-30T06:30")
