"""View providers come through their own entry points, and are checked before they are believed."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

from fink_ad.errors import ConfigError, ProviderError
from fink_ad.features import ModelCurve, OffersPeriod, Period, ViewProvider
from fink_ad.plugins import load_feature_providers, load_view_providers
from fink_ad.testing import check_view_provider

MODULE = """
class Clock:
    name, version, requires = "clock", "1", ()

    def period(self, batch, context):
        return None


class Silent:
    name, version, requires = "silent", "1", ()
"""


class Clock:
    """A provider as an author would write it."""

    name = "clock"
    version = "1"
    requires: tuple[str, ...] = ()

    def period(self, batch, context):
        return Period(2.0, "guess")


class Fickle(Clock):
    def __init__(self):
        self.days = 1.0

    def period(self, batch, context):
        self.days += 1
        return Period(self.days, "guess")


class Empty(Clock):
    def period(self, batch, context):
        return Period(1 / len(batch.points), "guess")


class Drawing(Clock):
    def figure(self, batch, context):
        return "a cat"


class Backward(Clock):
    def curves(self, batch, context):
        return (ModelCurve("r", np.array([2.0, 1.0]), np.zeros(2), ""),)


class Silent:
    name = "silent"
    version = "1"
    requires: tuple[str, ...] = ()


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    info = folder / "viewing-1.0.dist-info"
    info.mkdir()
    (folder / "viewing_only.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: viewing\nVersion: 1.0\n")
    entry = f"[fink_ad.views]\n{name} = viewing_only:{name.title()}\n"
    (info / "entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(folder)


def test_built_in_views_come_first_and_make_no_features(tmp_path, monkeypatch) -> None:
    install(tmp_path, monkeypatch, "clock")
    names = [one.name for one in load_view_providers().providers]
    assert names == ["bazin", "period_search", "clock"]
    assert not set(names) & {one.name for one in load_feature_providers().providers}
    assert isinstance(Clock(), ViewProvider)
    assert isinstance(Clock(), OffersPeriod)


def test_a_view_provider_that_offers_nothing_is_named(tmp_path, monkeypatch) -> None:
    install(tmp_path, monkeypatch, "silent")
    plugins = load_view_providers()
    assert "silent" not in {one.name for one in plugins.providers}
    (broken,) = [one for one in plugins.infos if one.error]
    assert "offers nothing" in broken.error


def test_settings_of_views_are_validated_and_no_error_elsewhere() -> None:
    settings = {"period_search": {"min_points": 30}}
    assert load_feature_providers(settings).providers
    found = {one.name: one for one in load_view_providers(settings).providers}
    assert found["period_search"].settings.min_points == 30
    with pytest.raises(ConfigError, match="min_explained"):
        load_view_providers({"period_search": {"min_explained": 2}})


def test_a_view_provider_that_keeps_its_contract_passes() -> None:
    check_view_provider(Clock())


def test_the_provider_in_the_documentation_passes(tmp_path, monkeypatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "views.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "documented_view.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    check_view_provider(importlib.import_module("documented_view").Catalogue())


@pytest.mark.parametrize(
    ("provider", "told"),
    [
        (Fickle(), "period gave another on the second call"),
        (Empty(), "odd light curves: period raised ZeroDivisionError"),
        (Drawing(), "figure gave str"),
        (Backward(), "not finite and ascending"),
        (Silent(), "offers no figure"),
    ],
    ids=["fickle", "empty", "drawing", "backward", "silent"],
)
def test_a_breach_of_the_contract_is_named(provider, told) -> None:
    with pytest.raises(ProviderError, match=told):
        check_view_provider(provider)
