"""Whatever a file holds: a clear error or a counted dead letter, and never a traceback."""

import copy
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from fink_ad.simulate.schema import PACKET_SCHEMA


def counts(told):
    """The counts of a run, after checking that they add up and stand alone on stdout."""
    found = told.json
    out = found["n_scored"] + sum(found["n_filtered"].values()) + found["n_duplicate"]
    assert found["n_in"] == out + sum(found["n_dead_letter"].values())
    return found


def one_line(told):
    """The error of a command that failed, without the line that says where the home is."""
    lines = [line for line in told.err.splitlines() if line.startswith("fink-ad: ")]
    assert len(lines) == 1
    return lines[0]


def damage(content, how):
    at = content.index(b"avro.codec")
    return {
        "empty": b"",
        "wrong_magic": b"OBJ\x02" + content[4:],
        "only_a_header": content[:4],
        "header_cut_short": content[: at + 5],
        "unknown_codec": content[: at + 11] + content[at + 11 :].replace(b"null", b"lzma", 1),
        "not_a_schema": content.replace(b'"type"', b'"typo"', 1),
        "noise": np.random.default_rng(0).bytes(5000),
        "gzip_cut_short": b"\x1f\x8b\x08\x00\x00",
        "parquet_of_nothing": b"PAR1" + bytes(30),
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        "empty",
        "wrong_magic",
        "only_a_header",
        "header_cut_short",
        "unknown_codec",
        "not_a_schema",
        "noise",
        "gzip_cut_short",
        "parquet_of_nothing",
    ],
)
def test_a_damaged_file_is_named_and_the_good_one_beside_it_is_read(
    fink_ad, records, write, tmp_path, how
):
    good = write(tmp_path / "good.avro", records[:20])
    bad = tmp_path / "bad.avro"
    bad.write_bytes(damage(good.read_bytes(), how))
    alone = fink_ad("run", "--json", bad, at=tmp_path / "other")
    assert alone.code == 1
    assert str(bad) in alone.err
    assert one_line(alone).startswith("fink-ad: no packet could be read: 1 ")
    told = fink_ad("run", "--json", good, bad)
    assert told.code == 0
    found = counts(told)
    assert sum(found["n_dead_letter"].values()) == 1
    assert found["n_in"] == 21
    again = fink_ad("run", "--json", good, bad)
    assert (again.code, counts(again)["n_in"]) == (0, 0)
    for command in ("features", "score"):
        table = fink_ad(command, bad, "--out", tmp_path / "x.parquet")
        assert table.code == 1
        assert str(bad) in one_line(table)
        assert not (tmp_path / "x.parquet").exists()


def test_what_is_there_of_a_file_cut_short_is_read(fink_ad, records, write, tmp_path):
    whole = write(tmp_path / "a.avro", records[:20]).read_bytes()
    path = tmp_path / "cut.avro"
    path.write_bytes(whole[: len(whole) // 2])
    told = fink_ad("run", "--json", path)
    assert told.code == 0
    found = counts(told)
    assert sum(found["n_dead_letter"].values()) == 1
    assert found["n_in"] > 1
    assert str(path) in told.err


def without(schema, field):
    """The packet schema without one field of the candidate."""
    found = copy.deepcopy(schema)
    (candidate,) = (f for f in found["fields"] if f["name"] == "candidate")
    fields = candidate["type"]["fields"]
    candidate["type"]["fields"] = [one for one in fields if one["name"] != field]
    assert len(candidate["type"]["fields"]) == len(fields) - 1
    return found


@pytest.mark.parametrize("field", ["jd", "fid", "magpsf", "sigmapsf", "ra", "isdiffpos"])
def test_a_schema_without_a_needed_field_says_which(fink_ad, records, write, tmp_path, field):
    path = write(tmp_path / "lean.avro", records[:3], without(PACKET_SCHEMA, field))
    told = fink_ad("run", "--json", path)
    assert told.code == 1
    assert counts(told)["n_in"] == sum(told.json["n_dead_letter"].values()) == 3
    assert f"{field}" in told.err
    assert str(path) in told.err


BAD_VALUES = {
    "error_nan": {"sigmapsf": math.nan},
    "error_infinite": {"sigmapsf": math.inf},
    "error_negative": {"sigmapsf": -0.1},
    "error_zero": {"sigmapsf": 0.0},
    "mag_nan": {"magpsf": math.nan},
    "mag_absurd": {"magpsf": -400.0},
    "no_time": {"jd": math.nan},
    "time_absurd": {"jd": 1e300},
    "band_unknown": {"fid": 9},
    "position_nan": {"ra": math.nan, "dec": math.nan},
    "position_absurd": {"ra": 1e9, "dec": -1e9},
    "score_nan": {"rb": math.nan, "drb": math.nan},
}


@pytest.mark.parametrize("values", BAD_VALUES.values(), ids=BAD_VALUES.keys())
def test_bad_values_harm_their_own_packet_at_most(fink_ad, records, write, tmp_path, values):
    packets = copy.deepcopy(records[:6])
    packets[2]["candidate"] |= values
    told = fink_ad("run", "--json", write(tmp_path / "a.avro", packets))
    assert told.code == 0
    found = counts(told)
    assert found["n_in"] == 6
    assert sum(found["n_dead_letter"].values()) <= 1
    assert found["n_scored"] + sum(found["n_filtered"].values()) >= 5


@pytest.mark.parametrize("values", BAD_VALUES.values(), ids=BAD_VALUES.keys())
def test_bad_values_in_the_history_harm_no_packet(fink_ad, records, write, tmp_path, values):
    packets = copy.deepcopy([one for one in records if one["prv_candidates"]][:6])
    known = packets[2]["prv_candidates"][0].keys()
    packets[2]["prv_candidates"][0] |= {key: values[key] for key in values if key in known}
    told = fink_ad("run", "--json", write(tmp_path / "a.avro", packets))
    assert told.code == 0
    assert counts(told)["n_dead_letter"] == {}


def history_of(packet, n):
    """A history of n points out of one."""
    (first, *_) = (one for one in packet["prv_candidates"] if one["magpsf"] is not None)
    return [
        first | {"jd": packet["candidate"]["jd"] - 0.01 * (i + 1), "candid": 10**18 + i}
        for i in range(n)
    ]


@pytest.fixture
def rich(records):
    """A packet with detections in its history."""
    for packet in records:
        if any(one["magpsf"] is not None for one in packet["prv_candidates"] or []):
            return copy.deepcopy(packet)
    raise AssertionError("no packet with a history")


HISTORIES = {
    "no points": lambda packet: None,
    "an empty history": lambda packet: [],
    "one point": lambda packet: history_of(packet, 1),
    "unsorted": lambda packet: history_of(packet, 30)[::2] + history_of(packet, 30)[1::2],
    "each point twice": lambda packet: history_of(packet, 10) * 2,
    "its own point again": lambda packet: [
        history_of(packet, 1)[0]
        | {"jd": packet["candidate"]["jd"], "candid": packet["candidate"]["candid"]}
    ],
    "ten thousand points": lambda packet: history_of(packet, 10_000),
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES.keys())
def test_any_history_gives_one_scored_alert(fink_ad, rich, write, tmp_path, history):
    rich["prv_candidates"] = history(rich)
    path = write(tmp_path / "a.avro", [rich])
    told = fink_ad("run", "--json", path)
    assert told.code == 0
    assert counts(told)["n_scored"] == 1
    assert fink_ad("score", path, "--out", tmp_path / "s.parquet").code == 0
    score = pq.read_table(tmp_path / "s.parquet")["score"].to_pylist()
    assert np.isfinite(score).all()


def test_the_order_and_repetition_of_points_change_no_feature(fink_ad, rich, write, tmp_path):
    tables = []
    for number, name in enumerate(("unsorted", "each point twice")):
        points = HISTORIES[name](rich)
        for variant, history in enumerate((points, sorted(points, key=lambda one: one["jd"]))):
            packet = rich | {"prv_candidates": history}
            if variant and name == "each point twice":
                packet["prv_candidates"] = history[::2]
            path = write(tmp_path / f"{number}{variant}.avro", [packet])
            out = tmp_path / f"{number}{variant}.parquet"
            assert fink_ad("features", path, "--out", out).code == 0
            tables.append(pq.read_table(out))
    assert repr(tables[0].to_pylist()) == repr(tables[1].to_pylist())
    assert repr(tables[2].to_pylist()) == repr(tables[3].to_pylist())


def test_duplicates_count_once_and_are_told(fink_ad, records, write, tmp_path):
    path = write(tmp_path / "a.avro", records[:10] * 2)
    found = counts(fink_ad("run", "--json", path))
    assert (found["n_in"], found["n_duplicate"]) == (20, 10)


def test_large_ids_keep_every_digit(fink_ad, records, write, tmp_path):
    packets = copy.deepcopy(records[:4])
    ids = [2**53 + 1, 2**62 + 3, 2**63 - 1, 2**53 + 2]
    for packet, one in zip(packets, ids, strict=True):
        packet["candid"] = packet["candidate"]["candid"] = one
        packet["candidate"] |= {"rb": 0.9, "drb": 0.9}
    path = write(tmp_path / "a.avro", packets)
    assert fink_ad("features", path, "--out", tmp_path / "f.parquet").code == 0
    assert pq.read_table(tmp_path / "f.parquet")["alert_id"].to_pylist() == ids
    settings = tmp_path / "few.toml"
    settings.write_text("[ranking]\ncandidate_rarity = 1.0001\n")
    assert fink_ad("--config", settings, "run", path).code == 0
    told = fink_ad("candidates", "--json").json
    assert {int(one["alert_id"]) for one in told} <= set(ids)
    assert all(isinstance(one["alert_id"], str) for one in told)


def test_other_files_in_a_folder_are_left_alone(fink_ad, records, write, tmp_path):
    folder = tmp_path / "in"
    write(folder / "a.avro", records[:5])
    (folder / "README.txt").write_text("not an alert")
    (folder / "notes").write_text("not an alert either")
    (folder / ".hidden.avro").write_text("x")
    (folder / "empty").mkdir()
    found = counts(fink_ad("run", "--json", folder))
    assert (found["n_in"], found["n_dead_letter"]) == (5, {})


def test_a_folder_without_alerts_is_said_to_be_one(fink_ad, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "README.txt").write_text("not an alert")
    told = fink_ad("run", tmp_path / "in")
    assert told.code == 1
    assert "1 file, none of alerts" in one_line(told)


def test_what_is_no_file_is_said_to_be_none(fink_ad, tmp_path):
    pipe = tmp_path / "pipe.avro"
    os.mkfifo(pipe)
    told = fink_ad("run", pipe)
    assert told.code == 1
    assert f"{pipe}: not a regular file" in told.err
    folder = tmp_path / "folder.avro"
    folder.mkdir()
    fink_ad("run", folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_file_of_somebody_else_is_named(records, write, tmp_path):
    """Without the rights of root, in a process of its own."""
    script = (
        "import os, sys; from fink_ad.cli import main\n"
        "home, good, secret = sys.argv[1:]\n"
        "sys.argv = ['fink-ad', '--home', home + '/1', 'run', good]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "os.seteuid(65534)  # all modules are loaded: they may be out of reach now\n"
        "sys.argv = ['fink-ad', '--home', home + '/2', 'run', secret]; main()"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        good = write(folder / "good.avro", records[:2])
        secret = write(folder / "secret.avro", records[:2])
        secret.chmod(0o600)
        told = subprocess.run(
            [sys.executable, "-c", script, folder, good, secret], capture_output=True, text=True
        )
    assert told.returncode == 1, told.stderr
    assert f"{secret}: Permission denied" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("place", ["under a file", "/proc/fink_ad"])
@pytest.mark.parametrize("command", ["run", "candidates", "score"])
def test_a_home_that_cannot_be_written_is_named(fink_ad, night, tmp_path, place, command):
    (tmp_path / "file").write_text("")
    at = tmp_path / "file" / "home" if place == "under a file" else place
    arguments = {"run": [night], "score": [night, "--out", tmp_path / "s"], "candidates": []}
    told = fink_ad(command, *arguments[command], at=at)
    if command == "score":  # stores nothing, so it needs no home
        assert told.code == 0
        return
    assert told.code == 1
    assert str(at) in one_line(told)
    assert "--home" in told.err


def test_a_damaged_database_is_named(fink_ad, night, home):
    home.mkdir()
    (home / "fink_ad.sqlite3").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    for command in (["run", night], ["candidates"], ["db", "status"], ["show", "x"]):
        told = fink_ad(*command)
        assert told.code == 1
        assert "fink_ad.sqlite3" in one_line(told)


def test_a_damaged_model_is_named(fink_ad, ran, night, tmp_path):
    for folder in (ran / "models").iterdir():
        (folder / "learner.npz").write_bytes(b"nothing")
    copy_of_night = tmp_path / "again.avro"
    copy_of_night.write_bytes(night.read_bytes())
    told = fink_ad("score", night, "--out", tmp_path / "s.parquet")
    assert told.code == 1
    assert "learner.npz is damaged" in one_line(told)


def test_missing_stamps_are_no_fault(fink_ad, records, write, tmp_path):
    packets = [
        one | {f"cutout{name}": None for name in ("Science", "Template", "Difference")}
        for one in records[:5]
    ]
    assert counts(fink_ad("run", "--json", write(tmp_path / "a.avro", packets)))["n_in"] == 5


def test_a_schema_file_that_is_none_is_bad_usage(fink_ad, night, tmp_path):
    told = fink_ad("run", night, "--schema", tmp_path / "none.json")
    assert told.code == 2
    assert "none.json" in one_line(told)
    (tmp_path / "bad.json").write_text("{")
    told = fink_ad("run", night, "--schema", tmp_path / "bad.json")
    assert told.code == 2
    (tmp_path / "odd.json").write_text(json.dumps({"type": "no such type"}))
    bare = tmp_path / "bare.avro"
    bare.write_bytes(bytes(100))
    told = fink_ad("run", bare, "--schema", tmp_path / "odd.json")
    assert told.code in (1, 2)
    assert one_line(told)
