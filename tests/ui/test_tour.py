"""The tour: shown to newcomers once, on a simulated alert, and nothing in it is stored."""

from datetime import UTC, datetime

from fink_ad.review import example_candidate
from fink_ad.store import NewLabel
from fink_ad.ui.tour import _STEPS


def keys(app) -> set[str]:
    return {button.key for button in app.button}


def test_a_newcomer_is_shown_around_and_no_key_answers_meanwhile(open_page, store) -> None:
    app = open_page(tour=True)
    for step in range(len(_STEPS)):
        assert f"{step + 1} of {len(_STEPS)}" in app.markdown[0].value
        assert not any(str(key).startswith("answer_") for key in keys(app))
        if step == len(_STEPS) - 1:
            app.button(key="tour_Anomaly").click().run()
            assert "nothing is stored" in app.toast[0].value
        app.button(key="tour_next").click().run()
        assert not app.exception
    assert any(str(key).startswith("answer_") for key in keys(app))
    assert not store.labels()


def test_the_tour_can_be_left_and_taken_again(open_page) -> None:
    app = open_page(tour=True)
    app.button(key="tour_next").click().run().button(key="tour_back").click().run()
    assert "1 of" in app.markdown[0].value
    app.button(key="tour_end").click().run()
    app.button(key="help").click().run()
    app.button(key="tour").click().run()
    assert "1 of" in app.markdown[0].value


def test_who_has_answered_before_is_not_shown_around(open_page, store) -> None:
    alert_id = store.candidates(1)[0].alert_id
    ada = store.find_reviewer("ada").id
    store.add_label(NewLabel("ztf", alert_id, ada, "anomaly", "page", datetime.now(UTC)))
    assert "tour_next" not in keys(open_page(tour=True))
    assert "tour_next" in keys(open_page(tour=True, reviewer="bob"))


def test_the_example_is_a_whole_alert() -> None:
    candidate = example_candidate()
    assert candidate.n_det > 5
    assert all(candidate.stamps.values())
