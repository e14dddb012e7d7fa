"""The page of providers that draw: a tab for each that is built in or installed."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import matplotlib
import pytest
from streamlit.testing.v1 import AppTest

from fink_ad.review.science import science_views
from fink_ad.store import Store, unpack_alerts

from .conftest import settings_of

matplotlib.use("agg")

MODULE = """
import numpy as np
from matplotlib.figure import Figure

from fink_ad.features import FeatureColumn


class Curious:
    name = "curious"
    version = "1"
    requires = ()

    def columns(self, survey, population):
        return (FeatureColumn(f"{self.name}.x", "", self.name, "x"),)

    def applies_to(self, batch, context):
        return np.ones(len(batch), bool)

    def extract(self, batch, context):
        return np.zeros((len(batch), 1))

    def figure(self, batch, context):
        return {"data": [{"type": "scatter", "y": [len(batch.points)]}], "layout": {}}


class Painter(Curious):
    name = "painter"

    def figure(self, batch, context):
        return Figure(figsize=(1, 1))


class Clumsy(Curious):
    name = "clumsy"

    def figure(self, batch, context):
        raise RuntimeError("[ink](http://spilt)")


class Unheard(Curious):
    name = "unheard"

    def figure(self, batch, context):
        return {"data": [{"type": "no_such_trace", "y": [1]}], "layout": {}}


class Unwritable(Curious):
    name = "unwritable"

    def figure(self, batch, context):
        return {"data": [{"type": "scatter", "y": [object()]}], "layout": {}}


class Needy(Curious):
    name = "needy"
    requires = ("notices",)

"""

NAMES = ("clumsy", "curious", "needy", "painter", "unheard", "unwritable")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with providers that draw, on the path as pip would put it."""
    folder = tmp_path / "installed"
    info = folder / "drawing-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "drawing_code.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: drawing\nVersion: 1.0\n")
    lines = [f"{name} = drawing_code:{name.title()}" for name in NAMES]
    (info / "entry_points.txt").write_text("\n".join(["[fink_ad.features]", *lines]))
    monkeypatch.syspath_prepend(folder)


BUILT_IN = ("bazin", "period_search")


def test_what_is_built_in_draws(home, open_page, store) -> None:
    assert tuple(one.name for one in science_views(settings_of(home))) == BUILT_IN
    name = most_seen(store)
    app = open_page("science", object=name)
    assert not app.exception
    assert not app.error
    assert labels(app) == list(BUILT_IN)
    table, power = (json.loads(one.proto.spec)["data"][0] for one in app.get("plotly_chart"))
    assert table["type"] == "table"
    assert "cycles per day" in power["hovertemplate"]


def labels(app: AppTest) -> list[str]:
    return [tab.label.replace("\\", "") for tab in app.tabs]


def most_seen(store: Store) -> str:
    """Return the object with most detections, a candidate or not."""
    ids = store.kept_index("ztf", "transient").alert_id.tolist()
    return max(store.kept("ztf", ids), key=lambda one: one.n_det).object_id


def test_a_provider_is_given_the_points_of_all_kept_alerts(
    installed, open_page, home, store
) -> None:
    ids = store.kept_index("ztf", "transient").alert_id.tolist()
    names = [one.object_id for one in store.kept("ztf", ids)]
    name = max(names, key=names.count)
    first, *_, last = store.object_alerts(name)
    other = next(one for one in ids if one not in (first.alert_id, last.alert_id))
    with closing(sqlite3.connect(home / "fink_ad.sqlite3")) as database, database:
        database.execute(
            "UPDATE kept_alert SET alert = (SELECT alert FROM kept_alert WHERE alert_id = ?)"
            " WHERE alert_id = ?",
            [other, first.alert_id],
        )
    app = open_page("science", object=name)
    (chart,) = app.tabs[NAMES.index("curious")].get("plotly_chart")
    (n_points,) = json.loads(chart.proto.spec)["data"][0]["y"]
    assert n_points > len(unpack_alerts([last.alert]).points)


def test_each_provider_that_draws_has_a_tab(installed, open_page, store) -> None:
    name = store.candidates(1)[0].object_id
    app = open_page("science", object=name)
    assert not app.exception
    assert not app.error
    assert labels(app) == [*NAMES, *BUILT_IN]
    assert app.tabs[NAMES.index("curious")].get("plotly_chart")
    assert len(app.get("image")) == 1
    told = " ".join(one.value for one in app.caption)
    assert "needs notices" in told
    assert r"\[ink\]\(http" in told
    assert told.count("it failed") == 3
    assert max(len(one.value) for one in app.caption) < 400


def test_the_page_without_an_object_asks_for_one(installed, open_page) -> None:
    assert "Name an object" in open_page("science").info[0].value
