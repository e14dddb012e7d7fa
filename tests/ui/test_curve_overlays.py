"""Model curves and folding: drawn as far as the points reach, offered only where there is one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fink_ad.features import ModelCurve, Period
from fink_ad.review import NamedCurve
from fink_ad.testing import make_batch
from fink_ad.ui.figures import light_curve

from .test_review_page import curve

EVIL = "<b>x</b>"


def alert(n: int = 20) -> object:
    time = 61000 + np.arange(n) * 1.3
    points = {
        "mjd_utc": time,
        "band": "r",
        "diff_flux_njy": 1000.0 + 100 * np.arange(n),
        "diff_flux_err_njy": 10.0,
        "total_flux_njy": 6000.0 + 100 * np.arange(n),
        "point_id": np.arange(n) + 1,
    }
    return make_batch("ztf", [points], alert_id=[n], mjd_utc=[time[-1]])


def model(flux: object, start: float = 60900.0, stop: float = 61100.0) -> NamedCurve:
    values = np.asarray(flux, float)
    times = np.linspace(start, stop, len(values))
    return NamedCurve("strange" + EVIL, ModelCurve("r", times, values, EVIL))


def line(figure: dict) -> dict:
    (found,) = [one for one in figure["data"] if one["mode"] == "lines"]
    return found


def test_a_model_is_a_thin_line_in_the_colour_of_its_band_no_longer_than_the_points() -> None:
    figure = light_curve(alert(), curves=[model(np.full(401, 2000.0))])
    drawn = line(figure)
    days = np.array(drawn["x"])[[y is not None for y in drawn["y"]]]
    assert -1.06 * 1.3 * 19 < days.min() < -1.3 * 18
    assert days.max() < 0.06 * 1.3 * 19
    (points,) = [one for one in figure["data"] if one["name"] == "r"]
    assert drawn["line"]["color"] == points["marker"]["color"]
    assert drawn["name"].startswith("r strange")
    assert EVIL not in drawn["name"] + drawn["hovertemplate"]


def test_a_negative_flux_breaks_the_line_of_magnitudes_only() -> None:
    curves = [model(np.where(np.arange(401) % 2, 2000.0, -2000.0))]
    known = [y is not None for y in line(light_curve(alert(), curves=curves))["y"]]
    assert 0 < sum(known) < 30
    as_flux = line(light_curve(alert(), scale="flux", curves=curves))["y"]
    assert min(y for y in as_flux if y is not None) == pytest.approx(-2.0)


def test_a_model_of_the_total_flux_lies_among_the_points() -> None:
    drawn = line(light_curve(alert(), "total", "flux", curves=[model(np.full(401, 2000.0))]))
    assert {y for y in drawn["y"] if y is not None} == {7.0}


def test_a_model_far_from_all_points_is_not_drawn() -> None:
    figure = light_curve(alert(), curves=[model(np.full(9, 2000.0), 62000, 62100)])
    assert all(one["mode"] == "markers" for one in figure["data"])


def test_folded_each_point_is_there_in_both_cycles_and_keeps_its_id() -> None:
    figure = light_curve(alert(), period=Period(2.6, "guess " + EVIL), curves=[model([1.0, 1.0])])
    (points, ring) = figure["data"]
    phases = np.array(points["x"])
    assert phases.min() >= 0
    assert phases.max() < 2
    np.testing.assert_allclose(phases[20:] - phases[:20], 1)
    assert points["customdata"][:20] == points["customdata"][20:]
    assert len(points["text"]) == len(points["error_y"]["array"]) == 40
    assert ring["x"] == [0, 1]
    title = figure["layout"]["xaxis"]["title"]["text"]
    assert "2.6 d" in title
    assert "guess" in title
    assert EVIL not in title


def test_magnitudes_of_next_to_no_flux_do_not_set_the_range() -> None:
    points = {
        "mjd_utc": [61000.0, 61001.0, 61002.0],
        "band": "r",
        "diff_flux_njy": [1000.0, 2000.0, 1e-3],
        "diff_flux_err_njy": 100.0,
    }
    options = light_curve(make_batch("ztf", [points]))["layout"]["yaxis"]["autorangeoptions"]
    assert options["clipmax"] < 25
    assert options["clipmin"] < 23.1


MODULE = """
import numpy as np

from fink_ad.features import ModelCurve, Period


class Clock:
    name, version, requires = "clock", "1", ()

    def period(self, batch, context):
        return Period(0.5, "told")


class Flat:
    name, version, requires = "flat", "1", ()

    def curves(self, batch, context):
        times = np.sort(batch.points["mjd_utc"])
        return [ModelCurve(band, times, np.full(len(times), 5e4), "flat") for band in "gr"]


class Clumsy:
    name, version, requires = "clumsy", "1", ()

    def period(self, batch, context):
        return "[soon](http://now)"
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a package with one view provider on the path, as pip would."""

    def put(name: str) -> None:
        info = tmp_path / "installed" / "viewing-1.0.dist-info"
        info.mkdir(parents=True)
        (info.parent / "viewing_code.py").write_text(MODULE)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: viewing\nVersion: 1.0\n")
        entry = f"[fink_ad.views]\n{name} = viewing_code:{name.title()}\n"
        (info / "entry_points.txt").write_text(entry)
        monkeypatch.syspath_prepend(info.parent)

    return put


def keys(app) -> set[str]:
    return {one.key for one in app.button}


def press(app, key: str):
    return app.button(key=key).click().run()


def shortcut(app, key: str) -> str:
    return app.button(key=key).proto.shortcut


def test_without_a_period_nothing_is_offered_to_fold(open_page) -> None:
    assert "fold" not in keys(open_page())


def test_models_can_be_shown_and_hidden(install, open_page) -> None:
    install("flat")
    app = open_page()
    assert shortcut(app, "models") == "o"
    assert "fold" not in keys(app)
    assert all(one["mode"] == "markers" for one in curve(app)["data"])
    drawn = {one["name"] for one in curve(press(app, "models"))["data"] if one["mode"] == "lines"}
    assert {"g flat", "r flat"} <= drawn
    assert all(one["mode"] == "markers" for one in curve(press(app, "models"))["data"])


def test_a_known_period_folds_the_light_curve_and_unfolds_it(install, open_page) -> None:
    install("clock")
    app = open_page()
    assert shortcut(app, "fold") == "p"
    assert "0.5 d (told)" in curve(press(app, "fold"))["layout"]["xaxis"]["title"]["text"]
    assert "days" in curve(press(app, "fold"))["layout"]["xaxis"]["title"]["text"]


def test_what_a_provider_does_wrong_is_said_below_the_light_curve(install, open_page) -> None:
    install("clumsy")
    app = open_page()
    told = " ".join(one.value for one in app.caption)
    assert "clumsy failed" in told
    assert any(key.startswith("answer_anomaly") for key in keys(app))
