"""What was answered before: taken back, changed, in another window; and what stays of the next."""

from datetime import UTC, datetime

from streamlit.testing.v1 import AppTest

from fink_ad.review import undo
from fink_ad.store import NewLabel, Store

from .test_review_page import button, labels, note, press, shown, told


def standing(store: Store) -> dict[str, str]:
    """Answer by object."""
    return {one.object_id: one.answer for one in store.latest_labels("ztf")}


def changes(app: AppTest) -> list[str]:
    return [str(one.key) for one in app.button if str(one.key).startswith("change_")]


def test_a_note_goes_to_no_other_candidate(open_page, store) -> None:
    app = open_page()
    press(press(app, "answer_anomaly"), "answer_ordinary")
    note(app).set_value("about the third").run()
    press(app, "undo")
    assert note(app).value == ""
    press(app, "answer_bogus")
    note(app).set_value("about another").run()
    press(app, "change_1")
    assert note(app).value == ""
    press(app, "answer_unsure")
    note(app).set_value("about a transient").run()
    app.session_state["session"].put_down()  # as choosing another list does
    app.session_state["session"].look_at("ztf", "solar_system")
    app.run()
    assert note(app).value == ""
    press(app, "answer_unsure")
    assert [one.note for one in labels(store)] == [""] * 7


def test_a_note_waits_while_other_pages_are_looked_at(open_page, store) -> None:
    app = open_page()
    note(app).set_value("long thought").run()
    assert note(app).value == "long thought"
    app.switch_page("views/candidates.py").run()
    app.switch_page("views/review.py").run()
    assert note(app).value == "long thought"
    press(app, "answer_anomaly")
    assert [one.note for one in labels(store)] == ["long thought"]


def test_what_is_told_is_stored_though_another_window_took_the_same_back(open_page, store) -> None:
    first, second = open_page(), open_page()
    name = shown(first)
    assert shown(second) == name
    press(press(first, "answer_anomaly"), "undo")
    press(second, "answer_anomaly")
    assert f"anomaly: {name}" in told(second)
    assert standing(store) == {name: "anomaly"}
    press(first, "answer_bogus")
    assert "elsewhere already: anomaly" in told(first)
    assert standing(store) == {name: "anomaly"}


def test_who_thinks_again_does_not_lose_the_candidate_in_hand(open_page, store) -> None:
    app = open_page()
    first = shown(app)
    press(app, "answer_anomaly")
    in_hand = shown(app)
    for _ in range(2):
        press(app, "undo")
        assert shown(app) == first
        press(app, "answer_ordinary")
        assert shown(app) == in_hand
    assert not any(one.released_at for one in store.showings())


def test_the_last_answer_of_a_list_can_be_taken_back(open_page, store) -> None:
    app = open_page()
    seat = app.session_state["session"]
    seat.put_down()
    seat.look_at("ztf", "solar_system")
    app.run()
    assert "has learned" not in told(app)
    last = shown(app)
    while seat.showing is not None:
        last = shown(app)
        press(app, "skip" if len(changes(app)) else "answer_anomaly")
    answered = next(iter(standing(store)))
    assert last
    assert app.button(key="help")
    assert changes(app) == ["change_0"]
    app.button(key="undo_0").click().run()
    assert standing(store) == {}
    assert shown(app) == answered
    press(app, "answer_bogus")
    app.button(key="change_0").click().run()
    assert shown(app) == answered


def test_the_last_answers_are_ten_that_stand_and_were_given_here(open_page, store) -> None:
    ada = store.find_reviewer("ada")
    app = open_page()
    for _ in range(11):
        press(app, "answer_ordinary")
    undo(store, ada)
    imported = [one for one in store.candidates(top=None) if one.object_id not in standing(store)]
    for one in imported[:10]:
        store.add_label(
            NewLabel(one.survey, one.alert_id, ada.id, "bogus", "import:old", datetime.now(UTC))
        )
    app.run()
    assert len(changes(app)) == 10
    button(app, "change_0").click().run()
    assert "Taken back: ordinary" in told(app)


def test_nothing_is_answered_behind_the_help_or_the_last_answers(open_page, store) -> None:
    app = open_page()
    seat = app.session_state["session"]
    press(app, "answer_ordinary")
    seat.helping = True
    press(app, "answer_anomaly")  # the key was faster than the help
    assert "close the help" in told(app)
    assert all(button(app, key).disabled for key in ("answer_anomaly", "skip", "undo"))
    seat.helping = False
    app.session_state[f"last_answers_{seat.showing.id}"] = True
    press(app.run(), "answer_anomaly")
    assert "close the list" in told(app)
    app.session_state[f"last_answers_{seat.showing.id}"] = False
    press(app.run(), "answer_bogus")
    assert [one.answer for one in labels(store)] == ["ordinary", "bogus"]
