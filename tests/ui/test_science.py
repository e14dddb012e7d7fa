"""The page of providers that draw: a tab for each that is installed, absent without any."""

from pathlib import Path

import matplotlib
import pytest

from fink_ad.review.science import science_views

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
        return {"data": [{"type": "scatter", "y": [len(batch)]}], "layout": {}}


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


def test_without_such_a_provider_there_is_no_view(home) -> None:
    assert science_views(settings_of(home)) == ()


def test_each_provider_that_draws_has_a_tab(installed, open_page, store) -> None:
    name = store.candidates(1)[0].object_id
    app = open_page("science", object=name)
    assert not app.exception
    assert not app.error
    assert [tab.label for tab in app.tabs] == list(NAMES)
    assert len(app.get("plotly_chart")) == 1
    assert len(app.get("image")) == 1
    told = " ".join(one.value for one in app.caption)
    assert "needs notices" in told
    assert r"\[ink\]\(http" in told
    assert told.count("it failed") == 3
    assert max(len(one.value) for one in app.caption) < 400


def test_the_page_without_an_object_asks_for_one(installed, open_page) -> None:
    assert "Name an object" in open_page("science").info[0].value
