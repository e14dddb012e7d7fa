"""The Parquet history: anybody can read it, nothing is in it twice."""

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from fink_ad.errors import StoreError
from fink_ad.sources.contracts import InputRange
from fink_ad.store import FilteredRows, History, Store, stable_hash

RANGES = (InputRange("a.avro", 0, 10),)


def written(store: Store, make, ids, start=0, night=20260322, **changes):
    """Write a batch of scored alerts and store it."""
    ranges = (InputRange("a.avro", start, start + len(ids)),)
    rows = replace(make.rows(make.alerts(ids, night)), **changes)
    parts = store.history.write("files", ranges, rows)
    store.commit_batch(make.batch([], ranges=ranges, parts=parts, counts={}))
    return parts


def test_pandas_and_duckdb_read_it(store: Store, home: Path, make):
    ids = [170094456272322680, 170094456272322681, 3]
    written(store, make, ids)
    frame = pd.read_parquet(home / "history").sort_values("alert_id")
    assert frame["alert_id"].tolist() == sorted(ids)
    assert frame["night"].astype(int).unique().tolist() == [20260322]
    assert frame["survey"].astype(str).unique().tolist() == ["ztf"]
    assert set(frame["schema_hash"]) == {make.schema.hash}
    np.testing.assert_array_equal(frame["toy.second"], np.sqrt(frame["score"]))
    glob = f"{home}/history/*/*/*.parquet"
    query = 'SELECT alert_id, survey, night, "toy.first", population FROM read_parquet($glob)'
    with duckdb.connect() as connection:
        found = connection.execute(query + " ORDER BY alert_id", {"glob": glob}).fetchall()
    assert found[0] == (3, "ztf", 20260322, 0.003, "transient")
    assert [row[0] for row in found] == sorted(ids)


def test_parts_are_named_after_their_input(home: Path, make):
    history = History(home)
    rows = make.rows(make.alerts(list(range(10))))
    (part,) = history.write("files", RANGES, rows)
    before = (home / part.name).read_bytes()
    assert history.write("files", RANGES, rows) == [part]
    assert (home / part.name).read_bytes() == before
    (other,) = history.write("kafka", RANGES, rows)
    assert other.name != part.name
    assert len(list(home.rglob("*.parquet*"))) == 2
    history.close()


def test_nights_are_parted(home: Path, make):
    alerts = make.alerts([1, 2, 3])
    night = np.array([20260323, 20260322, 20260323], np.int32)
    record = alerts.record_batch
    record = record.set_column(record.schema.get_field_index("night"), "night", pa.array(night))
    with_nights = type(alerts)(record)
    history = History(home)
    parts = history.write("files", RANGES, make.rows(with_nights))
    assert [(part.night, part.n_rows) for part in parts] == [(20260322, 1), (20260323, 2)]
    assert "night=20260322/transient-" in parts[0].name
    history.close()


def test_nothing_to_write_writes_nothing(home: Path, make):
    nothing = make.alerts([])
    history = History(home)
    assert history.write("files", RANGES, make.rows(nothing)) == []
    assert history.write_filtered("files", RANGES, FilteredRows(nothing, np.array([]))) == []
    assert not home.exists()


def test_ids_of_a_night_include_the_filtered(store: Store, make):
    parts = written(store, make, [1, 2])
    ranges = (InputRange("b.avro", 0, 1),)
    rows = FilteredRows(make.alerts([3]), np.array(["low_real_bogus"], object))
    filtered = store.history.write_filtered("files", ranges, rows)
    assert sorted(store.alert_ids("ztf", 20260322)) == [1, 2]  # not stored yet
    store.commit_batch(make.batch([], ranges=ranges, parts=filtered, counts={}))
    assert sorted(store.alert_ids("ztf", 20260322)) == [1, 2, 3]
    assert store.alert_ids("ztf", 20260323).tolist() == []
    frame = pd.read_parquet(store.history.home / filtered[0].name, partitioning=None)
    assert frame[["alert_id", "reason"]].values.tolist() == [[3, "low_real_bogus"]]
    assert store.nights("ztf", before=20260401) == (20260322,)
    assert parts[0].population == "transient"


def test_orphans_go_and_stored_parts_stay(store: Store, home: Path, make):
    (stored,) = written(store, make, [1, 2])
    (orphan,) = store.history.write(
        "files", (InputRange("a.avro", 2, 3),), make.rows(make.alerts([3]))
    )
    half = home / f"{orphan.name}.12345"
    half.write_bytes(b"half a part")
    assert store.alert_ids("ztf", 20260322).tolist() == [1, 2]
    assert store.remove_orphans() == 2
    assert [p.relative_to(home).as_posix() for p in home.rglob("*.parquet*")] == [stored.name]


def test_parts_of_another_writer_are_left_alone(store: Store, home: Path, make):
    other = History(home)
    other.write("files", RANGES, make.rows(make.alerts([1])))
    assert store.remove_orphans() == 0
    other.close()
    assert store.remove_orphans() == 1


def test_best_scores_per_object_and_night(store: Store, make):
    written(store, make, [1, 8, 9, 15])  # objects 1, 1, 2, 1
    written(store, make, [22], start=4, night=20260323)
    written(store, make, [29], start=5, model_revision="other")
    best = store.reference_scores("ztf", "transient", make.revision, 20260324, 2)
    assert best.object_id.tolist() == ["object1", "object2", "object1"]
    assert best.night.tolist() == [20260322, 20260322, 20260323]
    assert best.score.tolist() == [0.015, 0.009, 0.022]
    assert best.n_det.tolist() == [0, 4, 2]
    only = store.reference_scores("ztf", "transient", make.revision, 20260324, 1)
    assert only.score.tolist() == [0.022]
    assert len(store.reference_scores("lsst", "transient", make.revision, 20260324, 1)) == 0


def test_equal_scores_of_an_object_count_once(store: Store, make):
    alerts = make.alerts([15, 8, 1])
    rows = make.rows(alerts)
    parts = store.history.write("files", RANGES, replace(rows, score=np.ones(3)))
    store.commit_batch(make.batch([], ranges=RANGES, parts=parts, counts={}))
    best = store.reference_scores("ztf", "transient", make.revision, 20260323, 1)
    assert (best.score.tolist(), best.n_det.tolist()) == ([1.0], [1])


def test_only_nights_that_are_over(store: Store, make):
    for start, night in enumerate((20260320, 20260322, 20260321)):
        written(store, make, [start], start=start, night=night)
    assert store.nights("ztf", before=20260322) == (20260320, 20260321)
    assert store.nights("lsst", before=20260322) == ()


def test_features_come_back_by_id(store: Store, make):
    written(store, make, [5, 3])
    written(store, make, [4], start=2, night=20260323)
    rows = store.read_features("ztf", "transient", make.schema.hash)
    assert rows is not None
    assert rows.alert_id.tolist() == [3, 4, 5]
    assert rows.features.schema == make.schema
    assert rows.features.values[:, 0].tolist() == [0.003, 0.004, 0.005]
    assert rows.score.tolist() == [0.003, 0.004, 0.005]
    assert rows.n_det.tolist() == [3, 4, 0]
    assert rows.object_id.tolist() == ["object3", "object4", "object5"]
    one_night = store.read_features("ztf", "transient", make.schema.hash, nights=[20260323])
    assert one_night is not None
    assert one_night.alert_id.tolist() == [4]
    assert store.read_features("ztf", "transient", "other schema") is None


@pytest.mark.parametrize("pieces", [1, 7])
def test_a_sample_does_not_depend_on_how_it_came(store: Store, make, pieces):
    ids = np.arange(70)
    for piece in np.split(ids, pieces):
        written(store, make, piece.tolist(), start=int(piece[0]))
    sample = store.read_features("ztf", "transient", make.schema.hash, limit=12)
    expected = np.sort(ids[np.argsort(stable_hash("ztf", ids, "history"))][:12])
    assert sample is not None
    assert sample.alert_id.tolist() == expected.tolist()


def test_what_must_not_be_written(home: Path, make):
    rows = make.rows(make.alerts([1, 2]))
    with pytest.raises(StoreError, match="score of alert 2 is nan, not finite"):
        History(home).write("files", RANGES, replace(rows, score=np.array([1.0, np.nan])))
    mixed = rows.alerts.with_population(np.array([0, 1], np.int8))
    with pytest.raises(StoreError, match="holds one population"):
        History(home).write("files", RANGES, replace(rows, alerts=mixed))


def test_a_home_that_cannot_be_written(tmp_path: Path, make):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot write to .*; choose another with --home"):
        History(blocked).write("files", RANGES, make.rows(make.alerts([1])))


@pytest.mark.parametrize("damage", [None, b"PAR1 and nothing else"])
def test_a_missing_or_damaged_part_is_named(store: Store, home: Path, make, damage):
    (part,) = written(store, make, [1])
    path = home / part.name
    path.unlink()
    if damage:
        path.write_bytes(damage)
    for ask in (
        lambda: store.alert_ids("ztf", 20260322),
        lambda: store.read_features("ztf", "transient", make.schema.hash),
        lambda: store.reference_scores("ztf", "transient", make.revision, 20260323, 1),
    ):
        with pytest.raises(StoreError, match=path.name):
            ask()
