"""Each command: what it prints, what it writes, how it ends."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import fastavro
import numpy as np
import pyarrow.parquet as pq
import pytest

from fink_ad.cli.show import percentile_text
from fink_ad.features import FeatureSchema
from fink_ad.forest import Model
from fink_ad.store.connection import DATABASE_NAME

COMMANDS = [
    [],
    ["run"],
    ["candidates"],
    ["show"],
    ["features"],
    ["score"],
    ["simulate"],
    ["rehearse"],
    ["demo"],
    ["benchmark"],
    ["doctor"],
    ["counts"],
    ["purge"],
    ["catalogs"],
    ["dead-letters"],
    ["history"],
    ["models"],
    ["models", "show"],
    ["models", "compare"],
    ["plugins"],
    ["config"],
    ["config", "show"],
    ["db"],
    ["db", "upgrade"],
    ["db", "status"],
    ["db", "backup"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_explains_every_command_within_80_columns(fink_ad, command):
    told = fink_ad(*command, "--help")
    assert told.code == 0
    assert "Usage: fink-ad" in told.out
    assert max(map(len, told.out.splitlines())) <= 80
    prose = told.out.split("╭")[0]
    assert len(prose.split()) > 8


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["run", "--source", "telepathy", "x"],
        ["nonsense"],
        ["candidates", "--top", "0"],
        ["candidates", "--survey", "sdss"],
        ["candidates", "--population", "people"],
        ["score", "x"],
        ["features", "x", "--out", "y", "--mode", "best"],
        ["--config", "none.toml", "config", "show"],
        ["db"],
    ],
    ids=" ".join,
)
def test_bad_usage_ends_with_2_and_says_what_is_wrong(fink_ad, words):
    told = fink_ad(*words)
    assert told.code == 2
    assert told.err or "Usage" in told.out


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["run", "no/such/file"], "no/such/file"),
        (["run", "*.nothing"], "*.nothing"),
        (["show", "ZTF00nobody"], "ZTF00nobody"),
        (["candidates", "--model", "abc"], "abc"),
        (["db", "status"], "no database"),
    ],
)
def test_work_that_fails_ends_with_1_and_one_line(fink_ad, words, names):
    told = fink_ad(*words)
    assert told.code == 1
    (line,) = told.err.splitlines()
    assert line.startswith("fink-ad: ")
    assert names in line


def test_version(fink_ad):
    told = fink_ad("--version")
    assert told.code == 0
    assert told.out.startswith("fink-ad 0.")


def n_alerts(night) -> int:
    with night.open("rb") as file:
        return sum(1 for _ in fastavro.reader(file))


def test_run_prints_counts_that_add_up_and_where_to_go_on(fink_ad, night):
    told = fink_ad("run", "--source", "files", night)
    assert told.code == 0
    counts = {}
    for line in told.out.splitlines():
        name, _, number = line.strip().rpartition("  ")
        counts[name.strip()] = number.strip()
    total = sum(int(counts[name]) for name in ("scored", "filtered", "duplicates", "dead letters"))
    assert int(counts["alerts in"]) == total == n_alerts(night)
    assert "fink-ad candidates" in told.out
    again = fink_ad("run", night)
    assert again.code == 0
    assert "Nothing new" in again.out


def test_run_json_is_alone_on_stdout(fink_ad, night):
    told = fink_ad("run", "--json", night)
    assert told.code == 0
    found = told.json
    assert set(found) >= {
        "n_in",
        "n_scored",
        "n_filtered",
        "n_duplicate",
        "n_dead_letter",
        "n_withheld",
        "seconds",
        "model",
    }
    assert found["n_in"] == n_alerts(night)
    assert found["provisional"] is True


def test_features_are_one_row_per_alert_in_input_order(fink_ad, night, records, tmp_path):
    out = tmp_path / "f.parquet"
    told = fink_ad("features", night, "--providers", "statistics,context", "--out", out)
    assert (told.code, told.out) == (0, "")
    assert f"{n_alerts(night)} alerts" in told.err
    table = pq.read_table(out)
    assert table["alert_id"].to_pylist() == [one["candid"] for one in records]
    assert table["object_id"].to_pylist() == [one["objectId"] for one in records]
    kinds = [str(kind) for kind in table.schema.types]
    identity = ["string", "int64", "string", "double", "int32", "string"]
    assert kinds[:6] == identity
    assert set(kinds[6:]) == {"double"}
    assert table.column_names[:6] == [
        "survey",
        "alert_id",
        "object_id",
        "mjd_utc",
        "night",
        "population",
    ]
    schema = FeatureSchema.from_json(json.loads(table.schema.metadata[b"fink_ad.feature_schema"]))
    assert list(schema.names) == table.column_names[6:]
    assert table.schema.metadata[b"fink_ad.schema_hash"] == schema.hash.encode()
    names = [name.split(".")[0] for name in schema.names]
    assert names == sorted(names, key=["statistics", "context"].index)


def test_parity_mode_gives_the_26_statistics_of_each_band(fink_ad, night, tmp_path):
    out = tmp_path / "f.parquet"
    words = ["features", night, "--providers", "statistics", "--mode", "parity", "--out", out]
    assert fink_ad(*words).code == 0
    names = pq.read_table(out).column_names[6:]
    assert all(name.startswith("statistics.") for name in names)
    for band in "gr":
        assert len([name for name in names if name.endswith(f"_{band}")]) == 26


@pytest.mark.real_data
def test_parity_with_the_recorded_features_through_the_command_line(fink_ad, real_data, tmp_path):
    import fastavro

    path = real_data / "ztf" / "ztf_20260322_31_prod_8scores.avro"
    out = tmp_path / "f.parquet"
    words = ["features", path, "--providers", "statistics", "--mode", "parity", "--out", out]
    assert fink_ad(*words).code == 0
    rows = pq.read_table(out).to_pylist()
    with path.open("rb") as file:
        packets = list(fastavro.reader(file))
    assert [row["alert_id"] for row in rows] == [packet["candid"] for packet in packets]
    n_compared = 0
    for row, packet in zip(rows, packets, strict=True):
        for band in "gr":
            for name, value in (packet[f"lc_features_{band}"] or {}).items():
                if value is None or not np.isfinite(value):
                    continue
                assert row[f"statistics.{name}_{band}"] == pytest.approx(value, rel=1e-5, abs=1e-9)
                n_compared += 1
    assert n_compared > 800


def test_scores_without_a_store_come_from_a_forest_of_their_own(fink_ad, night, home, tmp_path):
    out = tmp_path / "s.parquet"
    assert fink_ad("score", night, "--out", out).code == 0
    table = pq.read_table(out)
    assert table.column_names[6:] == ["score", "rarity", "model", "provisional"]
    assert len(table) == n_alerts(night)
    assert np.isfinite(table["score"]).all()
    assert not (home / "fink_ad.sqlite3").exists()


def test_scores_with_a_named_model_are_those_of_the_run(fink_ad, ran, night, tmp_path):
    def scores(*words):
        out = tmp_path / "s.parquet"
        told = fink_ad("score", night, "--out", out, *words)
        assert told.code == 0, told.err
        return pq.read_table(out).to_pylist()

    by_default = scores()
    models = {folder.name: Model.load(folder) for folder in (ran / "models").iterdir()}
    (name,) = (name for name, model in models.items() if model.population == "transient")
    assert {row["model"] for row in by_default if row["population"] == "transient"} == {name}
    for given in (name, name[:10], ran / "models" / name):
        assert repr(scores("--model", given)) == repr(by_default)
    stored = {view["alert_id"]: view["score"] for view in fink_ad("candidates", "--json").json}
    again = {str(row["alert_id"]): row["score"] for row in by_default}
    assert stored.items() <= again.items()


@pytest.mark.parametrize("name", ["abc", "/no/such/folder", "..", "", "*"])
def test_a_model_that_is_not_there_is_named(fink_ad, ran, night, tmp_path, name):
    told = fink_ad("score", night, "--out", tmp_path / "s.parquet", "--model", name)
    assert told.code == 1
    assert told.err.startswith("fink-ad: ")


def test_a_model_of_other_features_is_refused(fink_ad, ran, night, tmp_path):
    (tmp_path / "work" / "fink-ad.toml").write_text("[provider.statistics]\nmode = 'parity'\n")
    told = fink_ad("score", night, "--out", tmp_path / "s.parquet")
    assert told.code == 1
    assert "cannot score this table" in told.err
    assert not (tmp_path / "s.parquet").exists()


@pytest.mark.real_data
def test_a_model_of_another_survey_is_refused(fink_ad, ran, real_data, tmp_path):
    (name, *_) = (folder.name for folder in (ran / "models").iterdir())
    lsst = real_data / "lsst" / "lsst_v10_0_27_prod.parquet"
    told = fink_ad("score", lsst, "--out", tmp_path / "s.parquet", "--model", name)
    assert told.code == 1
    assert "for ztf" in told.err


def test_tables_of_two_surveys_are_refused(fink_ad, night, tmp_path):
    assert fink_ad("features", night, "--out", tmp_path).code == 1
    told = fink_ad("features", night, "--out", tmp_path / "no" / "such" / "folder.parquet")
    assert told.code == 1
    assert "cannot write" in told.err


def test_candidates_fit_80_columns_and_json_keeps_ids(fink_ad, ran):
    told = fink_ad("candidates", "--top", "3")
    assert told.code == 0
    assert max(map(len, told.out.splitlines())) <= 80
    assert "ra, dec [deg]" in told.out
    found = fink_ad("candidates", "--json", "--population", "transient").json
    ranks = [one["score"] for one in found]
    assert ranks == sorted(ranks, reverse=True)
    assert len({one["object_id"] for one in found}) == len(found)
    assert all(isinstance(one["alert_id"], str) and one["mag"] < 25 for one in found)
    assert found[0]["object_id"] in told.out
    model = found[0]["model_revision"]
    assert fink_ad("candidates", "--json", "--model", model[:9]).json == found
    assert fink_ad("candidates", "--json", "--night", "20260301", "--top", "1").json[0] == found[0]
    assert fink_ad("candidates", "--json", "--night", "19990101").json == []
    assert "No candidates" in fink_ad("candidates", "--night", "19990101").out


def test_show_prints_an_object_and_draws_it(fink_ad, ran, tmp_path):
    name = fink_ad("candidates", "--json").json[0]["object_id"]
    told = fink_ad("show", name)
    assert told.code == 0
    assert max(map(len, told.out.splitlines())) <= 80
    best = fink_ad("candidates", "--json").json[0]["top_features"][0]
    assert set(best) == {"name", "value", "contribution", "unit", "percentile", "meaning"}
    for word in ("percentile", best["name"], best["meaning"].split()[0]):
        assert word in told.out
    picture = tmp_path / "work" / f"{name}.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"{name}.png" in told.out
    elsewhere = fink_ad("show", name, "--out", tmp_path / "no" / "x.png")
    assert elsewhere.code == 1
    assert "cannot write the picture" in elsewhere.err
    assert fink_ad("show", name, "--out", tmp_path / "x.picture").code == 0
    assert (tmp_path / "x.picture").read_bytes() == picture.read_bytes()


@pytest.mark.parametrize(
    "name", ["../../x", "[red]bold[/]", "a$b_{c}$", "\x1b[31mred", "x" * 90, "ключ", "a\nb", ""]
)
def test_names_of_objects_are_only_text(fink_ad, records, write, tmp_path, name):
    packets = [one | {"objectId": name} for one in records[:3]]
    settings = tmp_path / "few.toml"
    settings.write_text("[ranking]\ncandidate_rarity = 1.0001\n[kept]\nrandom_share = 1.0\n")
    path = write(tmp_path / "a.avro", packets)
    told = fink_ad("--config", settings, "run", path)
    if told.code:  # an alert without a name is no alert
        assert name == ""
        return
    shown = fink_ad("show", name)
    assert "\x1b" not in shown.out
    listed = fink_ad("candidates")
    assert listed.code == 0
    assert "\x1b" not in listed.out
    assert shown.code == 0, shown.err
    (picture,) = (tmp_path / "work").rglob("*.png")
    assert picture.parent == tmp_path / "work"


def test_simulate_writes_what_run_reads(fink_ad, tmp_path):
    out = tmp_path / "sky"
    words = ["simulate", "--out", out, "--objects", "60", "--inject", "kilonova=2", "--seed", "5"]
    told = fink_ad(*words)
    assert told.code == 0
    paths = told.out.split()
    assert [path.rsplit(".")[-1] for path in paths] == ["avro", "csv"]
    assert fink_ad("run", "--json", paths[0]).json["n_in"] > 0
    assert fink_ad("simulate", "--out", out, "--inject", "unicorn=1").code in (1, 2)


BROKEN = """
class Broken:
    def __init__(self):
        raise RuntimeError("no [red] catalogue here")
"""


def test_plugins_shows_a_broken_one_with_its_package_and_error(fink_ad, tmp_path, monkeypatch):
    info = tmp_path / "strangers-0.7.dist-info"
    info.mkdir()
    (tmp_path / "strangers_broken.py").write_text(BROKEN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 0.7\n")
    (info / "entry_points.txt").write_text("[fink_ad.features]\nx = strangers_broken:Broken\n")
    monkeypatch.syspath_prepend(tmp_path)
    told = fink_ad("plugins")
    assert told.code == 0
    words = " ".join(told.out.split())
    assert "strangers" in words
    assert "[red] catalogue here" in words
    assert max(map(len, told.out.splitlines())) <= 80
    found = {one["name"]: one for one in fink_ad("plugins", "--json").json}
    assert set(found) >= {"context", "statistics", "quality", "solar_system", "x"}
    assert not any(one["error"] for name, one in found.items() if name != "x")
    assert found["x"]["distribution"] == "strangers"
    assert "no [red] catalogue here" in found["x"]["error"]


def test_config_show_says_where_values_come_from(fink_ad, tmp_path, monkeypatch):
    (tmp_path / "work" / "fink-ad.toml").write_text("batch_size = 77\n[forest]\nseed = 5\n")
    monkeypatch.setenv("FINK_AD_FOREST__SEED", "6")
    found = fink_ad("config", "show", "--json").json
    assert found["batch_size"]["value"] == 77
    assert found["batch_size"]["from"].endswith("fink-ad.toml")
    assert found["forest.seed"] == {"value": 6, "from": "environment"}
    assert found["home"]["from"] == "command line"
    assert found["log_level"]["from"] == "default"
    assert "batch_size" in fink_ad("config", "show").out
    (tmp_path / "work" / "fink-ad.toml").write_text("batchsize = 77\n")
    told = fink_ad("config", "show")
    assert told.code == 2
    assert "'batchsize'" in told.err
    assert "'batch_size'" in told.err


def test_the_database_is_looked_after(fink_ad, ran, tmp_path):
    found = fink_ad("db", "status", "--json").json
    assert found["needs_upgrade"] is False
    assert found["rows"]["candidate"] > 0
    assert "candidate" in fink_ad("db", "status").out
    assert fink_ad("db", "upgrade").code == 0
    target = tmp_path / "copy.sqlite3"
    assert fink_ad("db", "backup", target).code == 0
    assert target.read_bytes().startswith(b"SQLite format 3")
    assert fink_ad("db", "backup", target).code == 1


def test_json_is_plain_whatever_the_terminal(fink_ad, night, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    for words in (["run", "--json", night], ["candidates", "--json"], ["plugins", "--json"]):
        told = fink_ad(*words)
        assert told.code == 0
        assert "\x1b" not in told.out
        assert told.json is not None


@pytest.mark.parametrize(
    ("redirection", "code"), [("2>&-", 0), ("> /dev/full", 1)], ids=["no stderr", "full disk"]
)
def test_output_that_goes_nowhere_leaves_no_traceback(night, tmp_path, redirection, code):
    program = Path(sys.executable).with_name("fink-ad")
    line = f"{program} --home {tmp_path / 'home'} simulate --out {tmp_path / 'out'} {redirection}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True)  # noqa: S602
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("percentile", "told"),
    [(None, "-"), (50.2, "50"), (99.04, "99.0"), (100.0, "100.0"), (1.26, "1.3"), (97.6, "98")],
)
def test_percentiles_have_a_digit_more_near_the_ends(percentile, told):
    assert percentile_text(percentile) == told


def test_candidates_stored_without_unit_and_percentile_are_still_told(fink_ad, ran, home):
    name = fink_ad("candidates", "--json").json[0]["object_id"]
    with sqlite3.connect(home / DATABASE_NAME) as database:
        database.execute("""UPDATE candidate SET top_features = '[["context.rate", -2.5, 0.25]]'""")
    database.close()
    told = fink_ad("show", name)
    assert "context.rate" in told.out
    assert "-2.5" in told.out
    (old, *_) = fink_ad("candidates", "--json").json[0]["top_features"]
    assert (old["value"], old["unit"], old["percentile"]) == (-2.5, "", None)
