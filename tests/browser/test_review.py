"""Real keys on the running application: nothing wrong, nothing twice, nothing lost."""

import random
import time
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from fink_ad.store import LabelRecord, Store

from .conftest import served

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

ANSWERS = {"y": "anomaly", "n": "ordinary", "b": "bogus", "u": "unsure"}
SEEN_S = 0.6  # longer than the guard asks for


def name_on(page: Page) -> str:
    """The object the eye sees."""
    return str(page.evaluate("document.querySelector('.ad-name')?.innerText ?? ''"))


def labels(store: Store, name: str) -> tuple[LabelRecord, ...]:
    return store.labels(reviewer_id=store.find_reviewer(name).id)


def showing_on(page: Page) -> str:
    """The showing that the buttons answer, which are drawn last; a class of theirs names it."""
    return str(
        page.evaluate(
            """() => [...(document.querySelector('[class*="st-key-answer_anomaly_"]')
                ?.classList ?? [])].find(one => one.startsWith('st-key-')) ?? ''"""
        )
    )


def answer(page: Page, key: str) -> str:
    """Press a key about what has been seen, and wait until the next candidate can be answered."""
    page.bring_to_front()  # a page at the back is drawn seldom or not at all
    page.wait_for_selector('[data-test-script-state="notRunning"]')
    time.sleep(SEEN_S)
    seen, before = name_on(page), showing_on(page)
    page.keyboard.press(key)
    deadline = time.monotonic() + 30
    while showing_on(page) in ("", before):
        assert time.monotonic() < deadline, f"{key!r} about {seen} brought no other candidate"
        time.sleep(0.02)
    return seen


def steady(page: Page, place: str) -> None:
    """Wait until something has kept its place for a while."""
    page.wait_for_function(
        f"""() => {{
            const at = {place}, now = performance.now();
            if (at !== window.adPlace) [window.adPlace, window.adSince] = [at, now];
            return now - window.adSince > 500;
        }}""",
        polling=50,
    )


def test_a_hundred_fast_keys_give_no_wrong_and_no_double_answer(open_page, url, store, me) -> None:
    """Presses are checked against what the eye saw just before them."""
    page = open_page(url, me)
    rng = random.Random(0)
    pressed = []
    for _ in range(100):
        key = rng.choice("ynbu")
        before = name_on(page)
        page.keyboard.press(key)
        pressed.append((before, ANSWERS[key]))
        time.sleep(rng.choice([0.0, 0.02, 0.1, 0.3]))
    last = answer(page, "n")  # it goes on; and what was pressed before has come before
    *given, end = labels(store, me)
    assert end.object_id == last
    assert given, "not one of the keys counted"
    objects = [label.object_id for label in given]
    assert len(objects) == len(set(objects))
    for label in given:
        assert (label.object_id, label.answer) in pressed
        assert isinstance(label.shown_at, datetime)
        assert (label.answered_at - label.shown_at).total_seconds() >= 0.4


def test_keys_at_a_reviewers_pace_all_count(open_page, url, store, me) -> None:
    page = open_page(url, me)
    seen = [(answer(page, key), ANSWERS[key]) for key in "ynbuyn"]
    assert [(label.object_id, label.answer) for label in labels(store, me)] == seen


def test_two_reviewers_answer_one_queue(open_page, url, store, me) -> None:
    other = store.add_reviewer("other").name
    pages = {name: open_page(url, name) for name in (me, other)}
    seen = [answer(page, "y") for _ in range(5) for page in pages.values()]
    assert len(seen) == len(set(seen))
    assert len(labels(store, me)) == len(labels(store, other)) == 5


def test_two_windows_of_one_reviewer_give_one_answer(open_page, url, store, me) -> None:
    first, second = open_page(url, me), open_page(url, me)
    assert name_on(first) == name_on(second)
    answer(first, "y")
    answer(second, "n")
    assert [label.answer for label in labels(store, me)] == ["anomaly"]


def test_writing_a_note_answers_nothing(open_page, url, store, me) -> None:
    page = open_page(url, me)
    for key in ("Enter", "Tab"):  # both leave the note, and the keys speak to the page again
        page.get_by_placeholder("Note").click()
        page.keyboard.type("yny bus 123", delay=30)
        assert key != "Enter" or not labels(store, me)
        page.keyboard.press(key)
        page.wait_for_function("document.activeElement?.placeholder === undefined")
        answer(page, "u")
    page.get_by_placeholder("Note").click()
    page.keyboard.type("yny bus 123", delay=30)
    page.get_by_role("button", name="Unsure").click()  # right out of the note
    page.wait_for_function("document.querySelector('[placeholder^=Note]')?.value === ''")
    assert [(one.answer, one.note) for one in labels(store, me)] == [("unsure", "yny bus 123")] * 3


def test_another_list_takes_no_note_along_and_no_keys(open_page, url, store, me) -> None:
    page = open_page(url, me)
    before = showing_on(page)
    page.get_by_placeholder("Note").click()
    page.keyboard.type("about a transient")
    page.locator('[data-testid="stSelectbox"]').click()
    page.get_by_role("option", name="solar system").click()
    page.wait_for_function(
        "key => !document.querySelector('.' + key) && document.querySelector('.st-key-answers')",
        arg=before,
    )
    answer(page, "n")
    (label,) = labels(store, me)
    assert (label.population, label.note) == ("solar_system", "")


@pytest.mark.parametrize("opener", ["help", "last"])
def test_nothing_is_answered_behind_what_covers_it(open_page, url, store, me, opener) -> None:
    page = open_page(url, me)
    first = answer(page, "n")
    over = page.get_by_role("dialog").get_by_text("take the last answer back")
    if opener == "help":
        page.keyboard.press("h")
    else:
        page.get_by_role("button", name="Last answers").click()
        over = page.get_by_role("button", name="Change")
    expect(over).to_be_visible()
    page.wait_for_selector('[data-test-script-state="notRunning"]')
    time.sleep(SEEN_S)  # were it not covered, it would count now
    page.keyboard.press("y")
    page.wait_for_selector('[data-test-script-state="notRunning"]')
    page.keyboard.press("Escape")
    expect(over).not_to_be_visible()
    answer(page, "b")
    assert [one.answer for one in labels(store, me)] == ["ordinary", "bogus"]
    if opener == "last":
        page.get_by_role("button", name="Last answers").click()
        over.last.click()
        expect(page.locator(".ad-name")).to_have_text(first)
        assert answer(page, "u") == first  # the list does not cover what it brought back


def test_undo_by_key_brings_the_candidate_back(open_page, url, store, me) -> None:
    page = open_page(url, me)
    seen = answer(page, "y")
    answer(page, "z")
    assert name_on(page) == seen
    assert [label.answer for label in labels(store, me)] == ["anomaly", "retracted"]


def test_a_restart_keeps_the_place_and_the_answers(open_page, home) -> None:
    with served(home, "--no-learner") as url:
        page = open_page(url, "ada")
        answer(page, "y")
        seen = name_on(page)
    with served(home) as url, Store.open(home) as store:
        page = open_page(url, "ada")
        assert name_on(page) == seen
        assert len(labels(store, "ada")) == 1
        _see_it_learn(page, store)


def _see_it_learn(page: Page, store: Store) -> None:
    """Answer, and wait until the learner beside has published and the page has noticed."""
    before = store.latest_order("ztf", "transient").id
    answer(page, "y")
    deadline = time.monotonic() + 60
    while store.latest_order("ztf", "transient").id == before:
        assert time.monotonic() < deadline, "nothing was learned within a minute"
        time.sleep(0.2)
    expect(page.get_by_text("knows all answers")).to_be_visible(timeout=30_000)
    answer(page, "n")
    expect(page.get_by_text("has learned").first).to_be_visible(timeout=10_000)


def test_one_candidate_needs_no_scrolling(open_page, url, me) -> None:
    page = open_page(url, me)
    page.wait_for_selector(".js-plotly-plot .scatterlayer path.point", timeout=30_000)
    page.wait_for_selector('[data-test-script-state="notRunning"]')
    steady(page, "document.querySelector('.ad-table').getBoundingClientRect().bottom")
    beyond = "e => e.scrollHeight - e.clientHeight"
    assert page.locator('[data-testid="stMain"]').evaluate(beyond) <= 0


def test_a_click_on_a_point_shows_its_stamps(open_page, url, store, me) -> None:
    views = store.candidates(None, survey="ztf", best_per_object=False)
    many = next(
        one.object_id
        for one in views
        if sum(kept.stamps is not None for kept in store.object_alerts(one.object_id)) > 1
    )
    page = open_page(url, me, page=f"object?object={many}")
    caption = page.get_by_text("stamps of the point clicked")
    page.wait_for_selector(".js-plotly-plot .scatterlayer path.point", timeout=30_000)
    page.wait_for_selector('[data-test-script-state="notRunning"]')
    steady(page, "document.querySelector('.js-plotly-plot').getBoundingClientRect().y")
    own = {str(one.alert_id) for one in store.object_alerts(many)[:-1]}
    where = page.evaluate(
        """own => {
            const plot = document.querySelector('.js-plotly-plot');
            const [x, y] = [plot._fullLayout.xaxis, plot._fullLayout.yaxis];
            const box = plot.getBoundingClientRect();
            for (const trace of plot.data) for (const [i, id] of (trace.customdata ?? []).entries())
                if (own.includes(id)) return [
                    box.x + x._offset + x.d2p(trace.x[i]), box.y + y._offset + y.d2p(trace.y[i])];
        }""",
        list(own),
    )
    page.mouse.move(*where)
    page.wait_for_selector(".js-plotly-plot .hoverlayer .hovertext")
    page.mouse.click(*where)
    expect(caption).to_be_visible(timeout=10_000)
