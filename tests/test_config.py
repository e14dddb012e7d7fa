"""Settings: where they come from, and what is said of wrong ones."""

from pathlib import Path

import pytest

from fink_ad.config import load_settings
from fink_ad.errors import ConfigError


@pytest.fixture(autouse=True)
def _quiet_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)


def test_defaults_keep_state_in_the_data_folder(tmp_path: Path) -> None:
    loaded = load_settings()
    assert loaded.settings.home == tmp_path / "home" / ".local" / "share" / "fink_ad"
    assert {origin for _, _, origin in loaded.rows()} == {"default"}


def test_command_line_beats_environment_beats_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fink-ad.toml").write_text(
        'home = "/file"\nbatch_size = 1\nlog_level = "error"\n[ranking]\ncandidate_rarity = 10\n'
    )
    monkeypatch.setenv("FINK_AD_HOME", "/environment")
    monkeypatch.setenv("FINK_AD_BATCH_SIZE", "2")
    loaded = load_settings(overrides={"home": Path("/line"), "batch_size": None})
    assert loaded.settings.home == Path("/line")
    assert loaded.settings.batch_size == 2
    assert loaded.settings.log_level == "error"
    origin = {key: where for key, _, where in loaded.rows()}
    assert origin["home"] == "command line"
    assert origin["batch_size"] == "environment"
    assert origin["ranking.candidate_rarity"] == str(tmp_path / "fink-ad.toml")
    assert origin["ranking.reference_nights"] == "default"


def test_sections_are_merged_across_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fink-ad.toml").write_text("[forest]\nseed = 7\n")
    monkeypatch.setenv("FINK_AD_FOREST__LEARNER", "aad")
    forest = load_settings().settings.forest
    assert (forest.seed, forest.learner) == (7, "aad")


def test_the_file_of_the_home_folder_is_found(tmp_path: Path) -> None:
    home = tmp_path / "elsewhere"
    home.mkdir()
    (home / "fink-ad.toml").write_text("batch_size = 3\n")
    assert load_settings(overrides={"home": home}).settings.batch_size == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batch_sise = 1", "unknown setting 'batch_sise'.*'batch_size'"),
        ("[ranking]\ncandidate_rarety = 9", "'ranking.candidate_rarety'.*'candidate_rarity'"),
        ("batch_size = 0", "'batch_size'.*greater than or equal to 1.*got 0"),
        ("batch_size = 'many'", "'batch_size'.*valid integer.*'many'"),
        ("log_level = 'loud'", "'log_level'.*'loud'"),
        ("batch_size", "not valid TOML"),
        ("[limits]\nitems = -1", "'limits.items'"),
        (
            "[models.shared]\nwhere = 'n_det >'",
            "'models.shared.where'.*at character 1: not understood.*'n_det >'",
        ),
        (
            "[models.shared]\npopulation = 'transientt'",
            "'models.shared.population'.*'transient' or 'solar_system'",
        ),
        ("[models.vera]\nwhere = 'n_det'", "'models.vera.where'.*gives a number, not yes or no"),
        ("[queue]\nshare_novel = 1.0", "'queue' in .*: the shares add up to 1.09, more than 1"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_settings(path)


def test_a_condition_is_taken_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("[models.shared]\nwhere = ' abs(b_deg) > 30 '\n[models.vera]\nwhere = ''\n")
    models = load_settings(path).settings.models
    assert {name: one.where for name, one in models.items()} == {
        "shared": "abs(b_deg) > 30",
        "vera": "",
    }


def test_an_unknown_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINK_AD_BATCHSIZE", "5")
    with pytest.raises(ConfigError, match="FINK_AD_BATCHSIZE is no setting.*'batch_size'"):
        load_settings()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere.toml: No such file"):
        load_settings(tmp_path / "nowhere.toml")


def test_passwords_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINK_AD_DATABASE_URL", "postgresql://me:s3cr@t@host/db")
    shown = {key: value for key, value, _ in load_settings().rows()}
    assert shown["database_url"] == "postgresql://me:***@host/db"
