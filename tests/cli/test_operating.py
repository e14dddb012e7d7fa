"""The operator's commands: what they say, what they write, how they end."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

COMMANDS = [
    ["doctor"],
    ["counts"],
    ["purge"],
    ["catalogs"],
    ["catalogs", "add"],
    ["catalogs", "list"],
    ["catalogs", "remove"],
    ["dead-letters"],
    ["dead-letters", "list"],
    ["dead-letters", "show"],
    ["dead-letters", "export"],
    ["dead-letters", "retry"],
    ["history"],
    ["history", "compact"],
    ["history", "export"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_explains_every_command_within_80_columns(fink_ad, command):
    told = fink_ad(*command, "--help")
    assert told.code == 0
    assert max(map(len, told.out.splitlines())) <= 80


@pytest.fixture
def stars(tmp_path: Path) -> Path:
    path = tmp_path / "stars.csv"
    path.write_text("Name,RA,DE\na,10.5,20\nb,00:42:44,+41:16:09\nc,400,0\nd,,\n")
    return path


def test_catalogues_come_and_go(fink_ad, stars: Path):
    told = fink_ad("catalogs", "list")
    assert (told.code, told.out.split(";")[0]) == (0, "No catalogues yet")
    add = ("catalogs", "add", stars, "--name", "stars", "--ra", "RA", "--dec", "DE")
    told = fink_ad(*add, "--radius", 3)
    assert told.code == 0
    assert told.out == "added stars: 2 positions, radius 3 arcsec\n"
    assert "left out: 1 rows without a position" in told.err
    assert "refused: row 3: right ascension '400' is not within 0 and 360 degrees" in told.err
    (row,) = fink_ad("catalogs", "list", "--json").json
    assert (row["name"], row["n_positions"], row["radius_arcsec"]) == ("stars", 2, 3.0)
    assert fink_ad(*add).out.startswith("replaced stars: 2 positions, radius 1.5")
    assert "stars" in fink_ad("catalogs", "list").out
    assert fink_ad("catalogs", "remove", "stars").out == "removed stars\n"
    told = fink_ad("catalogs", "remove", "stars")
    assert (told.code, told.err) == (1, "fink-ad: no catalogue 'stars'; there are: none\n")


@pytest.mark.parametrize(
    ("words", "code", "names"),
    [
        (["--name", "stars"], 2, "no column 'dec'"),
        (["--name", "A B", "--dec", "DE"], 2, "catalogue name 'A B'"),
        (["--name", "s", "--dec", "DE", "--radius", "0"], 2, "radius of catalogue 's' is 0.0"),
        (["--name", "s", "--ra", "Name", "--dec", "DE"], 1, "no row of"),
        ([], 2, "--name"),
    ],
)
def test_catalogues_that_cannot_be_added(fink_ad, stars: Path, words, code, names):
    told = fink_ad("catalogs", "add", stars, *words)
    assert told.code == code
    assert names in told.err


def test_hours_taken_for_degrees_are_noticed(fink_ad, tmp_path: Path):
    path = tmp_path / "hours.csv"
    rows = [f"{24 * n / 200},{n - 100}" for n in range(190)]
    path.write_text("ra,dec\n" + "\n".join(rows))
    assert "are they decimal hours?" in fink_ad("catalogs", "add", path, "--name", "h").err


def test_known_objects_are_tagged_in_a_run(fink_ad, night: Path, records, tmp_path: Path, home):
    places = [record["candidate"] for record in records]
    path = tmp_path / "all.csv"
    path.write_text("ra,dec\n" + "\n".join(f"{one['ra']},{one['dec']}" for one in places))
    assert fink_ad("catalogs", "add", path, "--name", "everything").code == 0
    assert fink_ad("run", "--source", "files", night).code == 0
    views = fink_ad("candidates", "--json").json
    assert views
    assert all("known:everything" in view["tags"] for view in views)
    dropping = tmp_path / "dropping"
    shutil.copytree(home / "catalogs", dropping / "catalogs")
    (dropping / "fink-ad.toml").write_text('[provider.known_objects]\ndrop = ["everything"]\n')
    assert fink_ad("run", "--source", "files", night, at=dropping).code == 0
    (row,) = fink_ad("counts", "--json", at=dropping).json
    assert row["reasons"]["filtered"] == {"known:everything": row["in"]}


def test_doctor_of_a_home_that_is_well(fink_ad, ran):
    told = fink_ad("doctor")
    assert told.code == 0
    assert "problem" not in told.out
    findings = fink_ad("doctor", "--json").json
    assert {"configuration", "database", "history", "counts", "clock"} <= {
        one["check"] for one in findings
    }


def test_doctor_tells_bad_settings_and_ends_with_1(fink_ad, monkeypatch):
    monkeypatch.setenv("FINK_AD_BATCH_SIZE", "many")
    told = fink_ad("doctor", "--json")
    assert told.code == 1
    (finding,) = told.json
    assert (finding["check"], finding["level"]) == ("configuration", "problem")
    assert "batch_size" in finding["told"]


def test_doctor_tells_what_is_broken_with_its_mend(fink_ad, ran: Path):
    next((ran / "history").rglob("*.parquet")).unlink()
    told = fink_ad("doctor")
    assert told.code == 1
    assert "is missing" in " ".join(told.out.split())
    assert "→ restore it from a backup" in " ".join(told.out.split())


def test_counts_add_up_night_by_night(fink_ad, ran):
    rows = fink_ad("counts", "--json").json
    assert all(row["adds_up"] for row in rows)
    (row,) = fink_ad("counts", "--night", 20260301, "--json").json
    assert row["in"] == row["scored"] + sum(row["reasons"]["filtered"].values())
    assert row["in"] == row["scored"] + row["filtered"] + row["duplicate"] + row["dead_letter"]
    assert f"{row['in']:,}" in fink_ad("counts").out
    assert fink_ad("counts", "--night", 20200101).out == "Nothing was read in night 20200101.\n"


@pytest.fixture
def garbage(fink_ad, ran, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad\x1b[31m.avro").write_bytes(b"garbage")
    fink_ad("run", "--source", "files", tmp_path / "in")


def test_dead_letters(fink_ad, garbage, tmp_path: Path):
    assert "\x1b" not in fink_ad("dead-letters", "list").out
    (one,) = fink_ad("dead-letters", "list", "--json").json
    assert one["reason"] == "bad_magic"
    shown = fink_ad("dead-letters", "show", one["id"][:6])
    assert shown.code == 0
    assert "\x1b" not in shown.out
    assert fink_ad("dead-letters", "show", one["id"], "--json").json["payload_bytes"] == 7
    assert fink_ad("dead-letters", "export", "--out", tmp_path / "letters").code == 0
    assert (tmp_path / "letters" / f"{one['id']}.avro").read_bytes() == b"garbage"
    (listed,) = json.loads((tmp_path / "letters" / "letters.json").read_text())
    assert listed == one
    told = fink_ad("dead-letters", "retry")
    assert told.code == 1
    assert "0 of 1 can be read now" in told.out
    assert "still bad_magic: 1" in told.out
    assert fink_ad("dead-letters", "retry", "--json", "--source", "kafka").json["n_tried"] == 0


def test_no_dead_letters(fink_ad, ran):
    assert fink_ad("dead-letters", "list").out == "No dead letters.\n"
    told = fink_ad("dead-letters", "show", "abc")
    assert (told.code, told.out) == (1, "")
    assert "no id begins with 'abc'" in told.err


def test_history_is_compacted_and_exported(fink_ad, records, write, tmp_path: Path):
    (tmp_path / "fink-ad.toml").write_text("batch_size = 20\n")
    config = ("--config", tmp_path / "fink-ad.toml")
    for low in range(0, len(records), 20):
        write(tmp_path / "night" / f"{low:03}.avro", records[low : low + 20])
    assert fink_ad(*config, "run", "--source", "files", tmp_path / "night").code == 0
    assert fink_ad("history", "export", "--out", tmp_path / "a.parquet").code == 0
    first = pd.read_parquet(tmp_path / "a.parquet")
    done = fink_ad("history", "compact", "--json").json
    assert done["n_before"] > done["n_after"] > 0
    assert fink_ad("history", "export", "--out", tmp_path / "b.parquet").code == 0
    pd.testing.assert_frame_equal(first, pd.read_parquet(tmp_path / "b.parquet"))
    assert fink_ad("history", "compact").out == "Nothing to merge.\n"
    told = fink_ad("history", "export", "--out", tmp_path / "c.txt")
    assert told.code == 1
    assert "name it .parquet or .csv" in told.err


def test_purge_asks_first(fink_ad, ran: Path):
    parts = sorted(ran.rglob("*.parquet"))
    told = fink_ad("purge", "--older-than", 1)
    assert told.code == 0
    assert "Nothing was deleted" in told.out
    assert sorted(ran.rglob("*.parquet")) == parts
    done = fink_ad("purge", "--older-than", 1, "--yes", "--json").json
    assert done["done"] is True
    assert done["n_parts"] == len(parts)
    assert done["superseded"] == {"n_folders": 0, "n_bytes": 0}  # the only models are of today
    assert sorted(ran.rglob("*.parquet")) == []
    assert fink_ad("doctor").code == 0
    assert fink_ad("purge", "--older-than", 0).code == 2
