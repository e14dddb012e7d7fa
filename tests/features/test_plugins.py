from pathlib import Path

import pytest
from structlog.testing import capture_logs

from fink_ad.errors import ConfigError
from fink_ad.plugins import load_feature_providers, load_filter_providers

MODULE = """
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from fink_ad.features import FeatureColumn


@dataclass(frozen=True)
class Settings:
    scale: Annotated[float, Field(gt=0)] = 1.0
    shift: float = 0.0


class Good:
    Settings = Settings
    name = "afterglow"
    version = "3"
    requires = ()

    def __init__(self, settings=None):
        self.settings = settings or Settings()

    def columns(self, survey, population):
        return (FeatureColumn("afterglow.x", "", "afterglow", "x"),)

    def applies_to(self, batch, context):
        return np.ones(len(batch), bool)

    def extract(self, batch, context):
        return np.full((len(batch), 1), self.settings.scale)


class Misnamed(Good):
    name = "something_else"


class Raises(Good):
    def __init__(self, settings=None):
        raise RuntimeError("no catalogue here")


class Strangest(Good):
    def columns(self, survey, population):
        return {"ztf": ()}[survey]


class Simple:
    name = "simple"
    version = "1"
    requires = ()
    applies_to, extract = Good.applies_to, Good.extract

    def columns(self, survey, population):
        return ()


class NoProvider:
    Settings = Settings
    name = "no_provider"

    def __init__(self, settings=None):
        pass
"""


def _install(folder: Path, monkeypatch, entries: dict[str, str], distribution="strangers"):
    """Put a package with entry points on the path, as pip would."""
    (folder / "strangers_code.py").write_text(MODULE)
    info = folder / f"{distribution}-0.7.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 0.7\n")
    lines = [f"{name} = {value}" for name, value in entries.items()]
    (info / "entry_points.txt").write_text("\n".join(["[fink_ad.features]", *lines]))
    monkeypatch.syspath_prepend(folder)


def test_built_in_providers_come_through_entry_points_before_all_others(tmp_path, monkeypatch):
    _install(tmp_path, monkeypatch, {"afterglow": "strangers_code:Good"})
    plugins = load_feature_providers()
    assert [provider.name for provider in plugins.providers] == [
        "context",
        "statistics",
        "afterglow",
    ]
    info = plugins.infos[-1]
    assert (info.name, info.distribution, info.distribution_version, info.version, info.error) == (
        "afterglow",
        "strangers",
        "0.7",
        "3",
        "",
    )
    assert {"quality", "solar_system"} <= {info.name for info in load_filter_providers().infos}


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("afterglow", "no_such_module:Good", "ModuleNotFoundError"),
        ("afterglow", "strangers_code:NoSuchClass", "AttributeError"),
        ("afterglow", "strangers_code:Misnamed", "called 'something_else' but registered as"),
        ("afterglow", "strangers_code:Raises", "no catalogue here"),
        ("no_provider", "strangers_code:NoProvider", "is no FeatureProvider"),
        ("afterglow", "strangers_code:Strangest", "columns of lsst transient alerts"),
        ("statistics", "strangers_code:Good", "another package has a provider 'statistics'"),
    ],
)
def test_a_broken_plugin_is_named_and_harms_nobody(tmp_path, monkeypatch, name, value, error):
    _install(tmp_path, monkeypatch, {name: value})
    with capture_logs() as logs:
        plugins = load_feature_providers()
    assert [provider.name for provider in plugins.providers] == ["context", "statistics"]
    broken = [info for info in plugins.infos if info.error]
    assert [(info.name, info.distribution) for info in broken] == [(name, "strangers")]
    assert error in broken[0].error
    assert [log["event"] for log in logs] == ["provider_broken"]


def test_settings_reach_their_provider_validated(tmp_path, monkeypatch):
    _install(tmp_path, monkeypatch, {"afterglow": "strangers_code:Good"})
    settings = {"afterglow": {"scale": "2.5"}, "statistics": {"mode": "parity"}}
    _, statistics, afterglow = load_feature_providers(settings).providers
    assert afterglow.settings.scale == 2.5
    assert statistics.settings.mode == "parity"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"statistic": {}}, "settings for no provider: 'statistic'; .* 'statistics'"),
        ({"statistics": {"mod": "parity"}}, "'provider.statistics.mod'; .* 'mode'"),
        ({"context": {"x": 1}}, "'provider.context.x'; there are none"),
        ({"statistics": {"mode": "best"}}, "'provider.statistics.mode': .* got 'best'"),
        ({"statistics": {"difference_flux": "perhaps"}}, "difference_flux"),
    ],
)
def test_wrong_settings_are_an_error_that_names_the_nearest_right_one(settings, message):
    with pytest.raises(ConfigError, match=message):
        load_feature_providers(settings)


def test_a_provider_may_have_no_settings(tmp_path, monkeypatch):
    _install(tmp_path, monkeypatch, {"simple": "strangers_code:Simple"})
    assert load_feature_providers().providers[-1].name == "simple"
    with pytest.raises(ConfigError, match="provider 'simple' has no settings"):
        load_feature_providers({"simple": {"scale": 1}})


def test_settings_of_filters_are_no_error_for_features():
    assert load_feature_providers({"quality": {}}).providers
