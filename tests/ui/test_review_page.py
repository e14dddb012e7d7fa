"""The review screen: what keys do, what is stored, and what is refused."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button, TextInput

from fink_ad.review import record
from fink_ad.store import LabelRecord, Store
from fink_ad.ui.answering import _ANSWERS

KEYS = {
    "answer_anomaly": "y",
    "answer_ordinary": "n",
    "answer_bogus": "b",
    "answer_unsure": "u",
    "skip": "s",
    "undo": "z",
    "help": "h",
    "limits": "l",
    "scale": "m",
    "flux": "d",
    **{f"tag_{number}": str(number) for number in range(1, 7)},
}
LASTING = {"help", "limits", "scale", "flux"}  # buttons that speak of no candidate


def shown(app: AppTest) -> str:
    """The object on the screen."""
    return str(app.session_state["session"].showing.object_id)


def labels(store: Store, name: str = "ada") -> tuple[LabelRecord, ...]:
    return store.labels(reviewer_id=store.find_reviewer(name).id)


def button(app: AppTest, key: str) -> Button:
    lasting = key in LASTING or key.startswith("change")
    showing = app.session_state["session"].showing
    return app.button(key=key if lasting else f"{key}_{showing.id}")


def press(app: AppTest, key: str) -> AppTest:
    return button(app, key).click().run()


def note(app: AppTest) -> TextInput:
    """The note of the candidate on the screen; its key tells whose it is."""
    return next(one for one in app.text_input if str(one.key).startswith("note_"))


def curve(app: AppTest) -> dict:
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def told(app: AppTest) -> str:
    return " ".join(toast.value for toast in app.toast)


def test_every_button_has_its_key(open_page) -> None:
    app = open_page()
    assert {key: button(app, key).proto.shortcut for key in KEYS} == KEYS


@pytest.mark.parametrize("answer", [answer for answer, _, _ in _ANSWERS])
def test_an_answer_is_stored_and_the_next_candidate_is_there(open_page, store, answer) -> None:
    app = open_page()
    first = shown(app)
    press(app, f"answer_{answer}")
    (label,) = labels(store)
    assert (label.object_id, label.answer, label.channel) == (first, answer, "page")
    assert label.shown_at is not None
    assert label.shown_at <= label.answered_at
    assert shown(app) != first
    assert not app.exception


def test_an_answer_that_comes_too_fast_is_not_stored(open_page, store) -> None:
    app = open_page(guard_seconds=10.0)
    first = shown(app)
    press(app, "answer_anomaly")
    assert "too fast" in told(app)
    assert not labels(store)
    assert shown(app) == first


def test_what_was_answered_elsewhere_meanwhile_is_not_answered_again(open_page, store) -> None:
    app = open_page()
    seat = app.session_state["session"]
    record(store, seat.showing, "bogus", channel="terminal", answered_at=datetime.now(UTC))
    first = shown(app)
    press(app, "answer_anomaly")
    assert "elsewhere already: bogus" in told(app)
    assert [label.answer for label in labels(store)] == ["bogus"]
    assert shown(app) != first


def test_undo_takes_back_and_shows_it_again(open_page, store) -> None:
    app = open_page()
    first = shown(app)
    press(press(app, "answer_anomaly"), "undo")
    assert [label.answer for label in labels(store)] == ["anomaly", "retracted"]
    assert shown(app) == first
    press(app, "answer_ordinary")
    (latest,) = store.latest_labels("ztf", reviewer_id=store.find_reviewer("ada").id)
    assert (latest.object_id, latest.answer) == (first, "ordinary")


def test_undo_without_an_answer_says_so(open_page, store) -> None:
    app = press(open_page(), "undo")
    assert "no answer" in told(app)
    assert not labels(store)


def test_an_earlier_answer_can_be_changed(open_page, store) -> None:
    app = open_page()
    first = shown(app)
    for _ in range(2):
        press(app, "answer_anomaly")
    press(app, "change_1")
    assert shown(app) == first
    assert labels(store)[-1].answer == "retracted"


def test_a_skip_says_nothing_and_goes_on(open_page, store) -> None:
    app = open_page()
    first = shown(app)
    press(app, "skip")
    assert not labels(store)
    assert shown(app) != first


def test_tags_and_note_go_with_the_answer_and_no_further(open_page, store) -> None:
    app = open_page()
    press(press(press(app, "tag_1"), "tag_2"), "tag_1")
    note(app).set_value("faded [x](http://y)").run()
    press(app, "answer_unsure")
    press(app, "answer_ordinary")
    first, second = labels(store)
    assert (tuple(first.tags), first.note) == (("variable star",), "faded [x](http://y)")
    assert (tuple(second.tags), second.note) == ((), "")


def test_the_light_curve_can_be_seen_in_magnitudes_and_in_flux(open_page) -> None:
    app = open_page()
    assert curve(app)["layout"]["yaxis"]["autorange"] == "reversed"
    press(app, "scale")
    assert "autorange" not in curve(app)["layout"]["yaxis"]
    press(app, "flux")
    assert "total flux" in curve(app)["layout"]["yaxis"]["title"]["text"]


def test_limits_can_be_hidden(open_page) -> None:
    app = open_page()
    assert any("limit" in trace["name"] for trace in curve(app)["data"])
    press(app, "limits")
    assert not any("limit" in trace["name"] for trace in curve(app)["data"])


def test_a_restart_keeps_the_place(open_page) -> None:
    assert shown(open_page()) == shown(open_page())


def test_two_reviewers_are_shown_two_objects(open_page) -> None:
    assert shown(open_page()) != shown(open_page(reviewer="bob"))


def test_without_models_the_recorded_reasons_are_shown(open_page, home: Path) -> None:
    shutil.rmtree(home / "models")
    app = open_page()
    assert not app.exception
    assert not app.error
    assert shown(app)


def test_a_database_that_cannot_be_written_is_told_in_words(open_page, home: Path) -> None:
    with closing(sqlite3.connect(home / "fink_ad.sqlite3")) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON showing BEGIN"
            " SELECT RAISE(ABORT, 'attempt to write a readonly database'); END"
        )
    app = open_page()
    assert "cannot be written" in app.error[0].value
    assert not app.exception


def test_the_last_candidate_leaves_a_page_that_says_so(open_page, store) -> None:
    app = open_page()
    app.session_state["session"].population = "solar_system"
    app.run()
    for _ in range(100):
        if app.session_state["session"].showing is None:
            break
        press(app, "skip")
    assert "answered or skipped" in app.info[0].value
    assert not app.exception


def test_one_damaged_alert_does_not_shut_the_screen(open_page, home: Path) -> None:
    app = open_page()
    damaged = shown(app)
    with closing(sqlite3.connect(home / "fink_ad.sqlite3")) as database:
        database.execute("UPDATE kept_alert SET alert = x'00' WHERE object_id = ?", [damaged])
        database.commit()
    st.cache_resource.clear()
    app = open_page()
    assert damaged in told(app)
    assert "damaged" in told(app)
    assert shown(app) != damaged
    assert button(app, "answer_anomaly")
