"""Parts that draw themselves again: they ask who may look, and tell in words what went wrong."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fink_ad.review import Desk
from fink_ad.ui.guard import Guard
from fink_ad.ui.session import Session

from .conftest import settings_of


def part_alone() -> None:
    """What runs when only that part is drawn again; a second run is the whole page's."""
    import streamlit as st

    from fink_ad.ui.ranking import ranking_line

    st.session_state["runs"] += 1
    if st.session_state["runs"] == 1:
        ranking_line(st.session_state["seat"])


@pytest.fixture
def seat(home: Path) -> Iterator[Session]:
    with Desk(settings_of(home)) as desk:
        yield Session(desk, desk.store.find_reviewer("bob"), Guard(0.0), "ztf", "transient")


@pytest.fixture
def drawn_again(seat: Session) -> AppTest:
    app = AppTest.from_function(part_alone)
    app.session_state["seat"], app.session_state["runs"] = seat, 0
    return app


def test_who_may_review_sees_it_again(drawn_again: AppTest) -> None:
    app = drawn_again.run()
    assert app.session_state["runs"] == 1
    assert "bob" in app.caption[0].value


def test_who_may_review_no_longer_is_sent_to_the_door(drawn_again: AppTest, seat) -> None:
    seat.desk.store.retire_reviewer("bob")
    app = drawn_again.run()
    assert app.session_state["runs"] == 2
    assert not app.caption


def test_what_goes_wrong_is_told_in_words(drawn_again: AppTest, home: Path) -> None:
    with closing(sqlite3.connect(home / "fink_ad.sqlite3")) as database:
        database.execute("ALTER TABLE reviewer RENAME TO elsewhere")
    app = drawn_again.run()
    assert not app.exception
    assert len(app.error) == 1
    assert "Traceback" not in app.error[0].value
