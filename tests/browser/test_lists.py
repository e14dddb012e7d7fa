"""The list of candidates in a browser: the map opens an object, files hold what is filtered."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

TABLE, MAP = '[data-testid="stDataFrame"]', ".st-key-sky .js-plotly-plot"
POINT_ON_SCREEN = """gd => {
    const trace = gd._fullData.find(one => one.name === "not answered");
    const box = gd.getBoundingClientRect(), axes = gd._fullLayout;
    return {
        name: trace.customdata[0],
        x: box.left + axes.xaxis._offset + axes.xaxis.l2p(trace.x[0]),
        y: box.top + axes.yaxis._offset + axes.yaxis.l2p(trace.y[0]),
    };
}"""


def settled(opened: Page) -> None:
    opened.wait_for_selector('[data-test-script-state="notRunning"]')


def test_a_point_of_the_map_opens_its_object(open_page, url, me) -> None:
    opened = open_page(url, me, "candidates")
    opened.wait_for_selector(MAP)
    settled(opened)
    opened.wait_for_function(f"document.querySelector('{MAP}')._fullLayout !== undefined")
    point = opened.locator(MAP).evaluate(POINT_ON_SCREEN)
    opened.mouse.move(point["x"], point["y"])
    opened.wait_for_selector(f"{MAP} .hoverlayer .hovertext")
    opened.mouse.click(point["x"], point["y"])
    opened.wait_for_selector(".ad-name")
    assert opened.locator(".ad-name").inner_text() == point["name"]


def test_a_file_holds_what_is_filtered(open_page, url, me) -> None:
    opened = open_page(url, me, "candidates")
    opened.wait_for_selector(TABLE)
    settled(opened)
    name = opened.locator(MAP).evaluate(POINT_ON_SCREEN)["name"]
    words = opened.get_by_label("Object, class or tag")
    words.fill(name)
    words.press("Enter")
    opened.get_by_text("1 of ").wait_for()
    settled(opened)
    for button, word in (("CSV", "object_id"), ("VOTable", "<VOTABLE")):
        with opened.expect_download() as waiting:
            opened.get_by_role("button", name=button, exact=False).first.click()
        text = Path(waiting.value.path()).read_text()
        assert word in text
        assert name in text
        if button == "CSV":
            assert [row["object_id"] for row in csv.DictReader(io.StringIO(text))] == [name]
