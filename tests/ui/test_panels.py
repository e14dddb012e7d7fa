"""What is drawn of a candidate: nothing of a stranger's is markup, nothing missing is an error."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fink_ad.review import (
    Candidate,
    Desk,
    Link,
    Neighbour,
    Opinion,
    ToldFeature,
    tiny_histogram,
)
from fink_ad.testing import make_batch
from fink_ad.ui.figures import light_curve, sky_map
from fink_ad.ui.panels import (
    chips_html,
    features_html,
    header_html,
    links_html,
    neighbours_html,
    opinions_html,
    stamps_html,
)

from .conftest import settings_of

NOW = datetime(2026, 2, 1, tzinfo=UTC)
EVIL = "<img src=x onerror=\"alert('a')\">\u202e"


@pytest.fixture(scope="module")
def desk(template: Path):
    with Desk(settings_of(template)) as opened:
        yield opened


@pytest.fixture(scope="module")
def candidate(desk: Desk) -> Candidate:
    first = desk.store.candidates(1, population="transient")[0]
    return desk.look(first.survey, first.alert_id)


def test_a_strangers_text_is_never_markup(candidate: Candidate) -> None:
    evil = replace(candidate, object_id=EVIL, band=EVIL, tags=(EVIL,), broker_classes=(EVIL,))
    html = "".join(
        (
            header_html(evil, NOW),
            chips_html(evil.broker_classes, evil.tags),
            features_html([ToldFeature(EVIL, 1.0, 1.0, EVIL, 50.0, EVIL)], [None]),
            neighbours_html([Neighbour(EVIL, EVIL, (EVIL,), 0.5)]),
            opinions_html([Opinion(EVIL, EVIL, (EVIL,), EVIL, NOW)], NOW),
            links_html([Link(EVIL, f"https://example.org/{EVIL}", 1.0)]),
        )
    )
    assert "&lt;img" in html
    assert "<img" not in html
    assert "\u202e" not in html
    assert not re.search(r"<[^>]*onerror=\"", html)


def test_the_header_says_how_strange_and_where(candidate: Candidate) -> None:
    html = header_html(candidate, NOW)
    assert candidate.object_id in html
    assert "1 in " in html
    assert f"ra {candidate.ra_deg:.5f}" in html


def test_the_header_says_how_often_i_was_shown_it(candidate: Candidate) -> None:
    assert "shown to you" not in header_html(candidate, NOW)
    assert "shown to you 3 times" in header_html(replace(candidate, times_shown=3), NOW)


def test_links_leave_no_trace_and_open_apart(candidate: Candidate) -> None:
    html = links_html(candidate.links)
    assert html.count("<a ") == len(candidate.links) > 3
    assert html.count('rel="noopener noreferrer"') == len(candidate.links)


def test_stamps_are_pictures_or_grey_fields(candidate: Candidate) -> None:
    assert stamps_html(candidate.stamps).count("data:image/png;base64,") == 3
    broken = {"science": None, "template": b"junk", "difference": b""}
    assert stamps_html(broken).count("no stamp") == 3


def test_a_feature_has_its_place_among_all(desk: Desk, candidate: Candidate) -> None:
    model = desk.model(candidate.strangeness.revision)
    histograms = [tiny_histogram(model, one.name, one.value) for one in candidate.features]
    html = features_html(candidate.features, histograms)
    assert html.count('class="own"') == sum(one.value is not None for one in candidate.features)
    assert max(histograms[0].heights) == 1.0
    assert tiny_histogram(model, "no.such", 1.0) is None


def test_nothing_known_is_said(candidate: Candidate) -> None:
    assert "No feature" in features_html([], [])
    assert "Nothing like it" in neighbours_html([])
    assert "no tag" in chips_html([], [])
    assert "Nobody else" in opinions_html([], NOW)


def test_a_class_is_not_said_again_as_a_tag() -> None:
    assert chips_html(["tns=SN Ia"], ["broker:tns=SN Ia", "far"]).count("SN Ia") == 1


def test_every_band_and_kind_has_its_sign(candidate: Candidate) -> None:
    figure = light_curve(candidate.alert)
    symbols = {
        (trace["name"], one)
        for trace in figure["data"]
        for one in (
            [trace["marker"]["symbol"]]
            if isinstance(trace["marker"]["symbol"], str)
            else trace["marker"]["symbol"]
        )
    }
    assert ("this alert", "circle-open") in symbols
    assert all(one == "triangle-down-open" for name, one in symbols if "limit" in name)
    ids = [one for trace in figure["data"] for one in trace.get("customdata", [])]
    assert str(candidate.alert_id) in ids  # as text: a browser's numbers are too short for it


def test_hollow_points_say_why_they_are_hollow() -> None:
    points = {
        "mjd_utc": [61000.0, 61001.0],
        "band": ["r", "i"],  # the statistics of ZTF's alerts are those of g and r
        "diff_flux_njy": 1000.0,
        "diff_flux_err_njy": 10.0,
        "total_flux_njy": 6000.0,
        "total_flux_err_njy": 10.0,
    }
    figure = light_curve(make_batch("ztf", [points]))
    hollow = {
        trace["name"]: (trace["marker"]["symbol"][0].endswith("-open"), "hollow" in text)
        for trace in figure["data"]
        for text in trace.get("text", [])
    }
    assert hollow == {"r": (False, False), "i": (True, True)}


def test_the_sky_says_where_its_lines_are() -> None:
    figure = sky_map([], [], [], [])
    told = {one["text"]: (one["x"], one["y"]) for one in figure["layout"]["annotations"]}
    assert told["RA 180°"] == (0, 0)
    assert told["60°"][0] > 0 > told["300°"][0]  # east is left
    assert told["+60°"][1] > told["+30°"][1] > 0 > told["-30°"][1]
    lines = next(one for one in figure["data"] if one["name"] == "graticule")
    assert lines["x"].count(None) == 10
    json.dumps(figure, allow_nan=False)


def test_the_sky_tells_answered_from_not() -> None:
    figure = sky_map([10.0, 200.0], [5.0, -5.0], ["a", "<b>"], [True, False])
    named = {trace["name"]: trace for trace in figure["data"]}
    assert named["answered"]["text"] == ["a"]
    assert named["not answered"]["text"] == ["&lt;b>"]
    assert named["answered"]["marker"]["symbol"] != named["not answered"]["marker"]["symbol"]
