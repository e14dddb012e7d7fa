"""Compaction changes files and nothing else; retention never touches what people said."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from fink_ad.errors import StoreError
from fink_ad.sources.contracts import DeadLetter, InputRange
from fink_ad.store import BestScores, FilteredRows, KeptFor, NewLabel, Store, compaction
from fink_ad.store.database import open_database
from fink_ad.store.history import History

NIGHT = 20260322


class Clock:
    """A clock that goes on a minute with every look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 22, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(home: Path, database_url: str, clock: Clock):
    with Store(open_database(database_url), History(home), clock) as opened:
        yield opened


def written(store: Store, make, ids, night=NIGHT, **changes):
    """Write a batch of scored alerts and store it; its input is a file named by its first id."""
    ranges = (InputRange(f"{ids[0]}.avro", 0, len(ids)),)
    rows = replace(make.rows(make.alerts(ids, night)), **changes)
    parts = store.history.write("files", ranges, rows)
    store.commit_batch(make.batch([], ranges=ranges, parts=parts, counts={}))
    return parts


def same(first: BestScores, second: BestScores) -> bool:
    return all(np.array_equal(vars(first)[name], vars(second)[name]) for name in vars(first))


def files(home: Path) -> list[str]:
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*.parquet*"))


def test_a_night_becomes_one_part_with_the_same_rows(store: Store, home: Path, make):
    for start in range(0, 50, 10):
        written(store, make, list(range(start, start + 10)))
    written(store, make, [100, 101], night=NIGHT + 1)
    before = store.read_features("ztf", "transient", make.schema.hash)
    best = store.reference_scores("ztf", "transient", make.revision, NIGHT + 2, 2)
    done = store.compact()
    assert (done.n_before, done.n_after, done.n_rows) == (5, 1, 50)
    parts = store.history_parts()
    assert [(part.night, part.n_rows) for part in parts] == [(NIGHT, 50), (NIGHT + 1, 2)]
    assert files(home) == [part.name for part in parts]
    after = store.read_features("ztf", "transient", make.schema.hash)
    assert before is not None
    assert after is not None
    assert after.features.schema == before.features.schema
    np.testing.assert_array_equal(after.features.values, before.features.values)
    np.testing.assert_array_equal(after.alert_id, before.alert_id)
    again = store.reference_scores("ztf", "transient", make.revision, NIGHT + 2, 2)
    assert same(best, again)
    assert sorted(store.alert_ids("ztf", NIGHT)) == list(range(50))
    frame = pd.read_parquet(home / parts[0].name, partitioning=None)
    assert set(frame["schema_hash"]) == {make.schema.hash}
    assert store.compact().n_before == 0
    assert store.remove_orphans() == 0


def test_what_does_not_belong_together_stays_apart(store: Store, make):
    for start, changes in enumerate(({}, {"model_revision": "other"}, {})):
        written(store, make, [start], **changes)
    for start in (10, 11):
        ranges = (InputRange("a.avro", start, start + 1),)
        dropped = FilteredRows(make.alerts([start]), np.array(["bogus"], object))
        parts = store.history.write_filtered("files", ranges, dropped)
        store.commit_batch(make.batch([], ranges=ranges, parts=parts, counts={}))
    done = store.compact()
    assert (done.n_before, done.n_after) == (4, 2)
    kinds = sorted(
        (part.population, part.model_revision, part.n_rows) for part in store.history_parts()
    )
    expected = [("", "", 2), ("transient", "other", 1), ("transient", make.revision, 2)]
    assert kinds == expected


def test_the_same_parts_give_the_same_file(tmp_path: Path, make):
    contents = []
    for name in ("one", "two"):
        history = History(tmp_path / name)
        order = (0, 1, 2) if name == "one" else (2, 0, 1)
        names = []
        for start in order:
            ranges = (InputRange("a.avro", start, start + 1),)
            rows = make.rows(make.alerts([start * 2, start * 2 + 1]))
            names += [part.name for part in history.write("files", ranges, rows)]
        merged, n_rows = compaction.merge_parts(history, names)
        assert n_rows == 6
        contents.append((merged, (tmp_path / name / merged).read_bytes()))
        history.close()
    assert contents[0] == contents[1]


def test_large_nights_are_merged_a_row_group_at_a_time(store: Store, home, make, monkeypatch):
    monkeypatch.setattr(compaction, "ROWS_PER_GROUP", 20)
    for start in range(0, 50, 10):
        written(store, make, list(range(start, start + 10)))
    assert store.compact().n_after == 1
    (part,) = store.history_parts()
    assert pq.ParquetFile(home / part.name).num_row_groups == 3
    sample = store.read_features("ztf", "transient", make.schema.hash, limit=12)
    assert sample is not None
    assert len(sample) == 12
    everything = store.read_features("ztf", "transient", make.schema.hash)
    assert everything is not None
    assert everything.alert_id.tolist() == list(range(50))


def test_what_scores_were_compared_with_stays(store: Store, make):
    """Parts of a night that came after a later night had begun are no part of its reference."""
    written(store, make, [0, 1])
    written(store, make, [2, 3])
    written(store, make, [10], night=NIGHT + 1)
    written(store, make, [4, 5])
    written(store, make, [6, 8])
    written(store, make, [11], night=NIGHT + 1)
    ask = ("ztf", "transient", make.revision)
    before = [store.reference_scores(*ask, NIGHT + n, 3) for n in (0, 1, 2)]
    assert len(before[1]) == 4
    done = store.compact()
    assert (done.n_before, done.n_after) == (6, 3)
    after = [store.reference_scores(*ask, NIGHT + n, 3) for n in (0, 1, 2)]
    assert all(same(one, other) for one, other in zip(before, after, strict=True))


def test_one_night_or_survey_only(store: Store, make):
    for night in (NIGHT, NIGHT + 1):
        for start in (0, 1):
            written(store, make, [night % 100 * 10 + start], night=night)
    assert store.compact(survey="lsst").n_before == 0
    assert store.compact(night=NIGHT).n_before == 2
    assert store.compact().n_before == 2


def test_readers_and_a_second_compaction_are_not_disturbed(home: Path, database_url: str, make):
    with Store.open(home, database_url) as writer:
        for start in range(0, 120, 2):
            written(writer, make, [start, start + 1])
    failures: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        try:
            with Store.open(home, database_url) as reader:
                while not stop.is_set():
                    assert len(reader.alert_ids("ztf", NIGHT)) == n_expected[0]
        except BaseException as error:  # told to the test
            failures.append(error)

    def compact() -> None:
        try:
            with Store.open(home, database_url) as other:
                other.compact()
        except StoreError as error:
            # Both read the same parts; whoever comes second finds them merged, or gone.
            if "cannot merge" not in str(error):
                failures.append(error)

    n_expected = [120]
    reader = threading.Thread(target=read)
    reader.start()
    compactors = [threading.Thread(target=compact) for _ in range(2)]
    for thread in compactors:
        thread.start()
    for thread in compactors:
        thread.join(60)
    stop.set()
    reader.join(60)
    assert failures == []
    with Store.open(home, database_url) as store:
        assert [part.n_rows for part in store.history_parts()] == [120]
        assert sorted(store.alert_ids("ztf", NIGHT)) == list(range(120))


def test_a_compaction_that_died_leaves_an_orphan_at_most(store: Store, home: Path, make):
    names = [part.name for start in (0, 1) for part in written(store, make, [start])]
    compaction.merge_parts(store.history, names)
    assert len(files(home)) == 3
    assert sorted(store.alert_ids("ztf", NIGHT)) == [0, 1]
    assert store.remove_orphans() == 1
    assert files(home) == sorted(names)


def test_a_damaged_part_stops_it_and_nothing_is_lost(store: Store, home: Path, make):
    names = [part.name for start in (0, 1) for part in written(store, make, [start])]
    whole = (home / names[0]).read_bytes()
    (home / names[0]).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="cannot merge 2 parts"):
        store.compact()
    assert {part.name for part in store.history_parts()} == set(names)
    assert files(home) == sorted(names)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_export(store: Store, tmp_path: Path, make, suffix):
    written(store, make, [2**60 + 1, 5])
    written(store, make, [7], night=NIGHT - 1, model_revision="other")
    target = tmp_path / f"all{suffix}"
    assert store.export(target) == 3
    read = pd.read_csv if suffix == ".csv" else pd.read_parquet
    frame = read(target)
    assert frame["alert_id"].tolist() == [7, 5, 2**60 + 1]
    assert frame["night"].tolist() == [NIGHT - 1, NIGHT, NIGHT]
    assert frame["survey"].tolist() == ["ztf"] * 3
    assert frame["toy.first"].tolist() == [0.007, 0.005, (2**60 + 1) % 1000 / 1000]
    assert store.export(target, night=NIGHT, model_revision=make.revision) == 2
    assert len(read(target)) == 2
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == [target.name]


def test_export_of_nothing_or_to_nowhere(store: Store, tmp_path: Path, make):
    with pytest.raises(StoreError, match="history has no such alerts"):
        store.export(tmp_path / "x.csv")
    written(store, make, [1])
    with pytest.raises(StoreError, match=r"name it \.parquet or \.csv"):
        store.export(tmp_path / "x.xlsx")
    with pytest.raises(StoreError, match=r"cannot export the history to .*: No such file"):
        store.export(tmp_path / "no" / "x.csv")


@pytest.fixture
def old_and_new(store: Store, clock: Clock, make):
    """Two nights a year apart, with all kinds of kept alerts, labels and dead letters."""
    reviewer = store.add_reviewer("vera")
    for night, start in ((NIGHT, 0), (NIGHT + 10_000, 100)):
        ids = list(range(start, start + 5))
        reasons = [KeptFor.CANDIDATE] * 3 + [KeptFor.RANDOM, KeptFor.REFERENCE]
        kept = [
            replace(make.kept([one], why)[0], night=night)
            for one, why in zip(ids, reasons, strict=True)
        ]
        ranges = (InputRange("k.avro", start, start + 5),)
        rows = make.rows(make.alerts(ids, night))
        batch = make.batch(
            [],
            ranges=ranges,
            counts={},
            parts=store.history.write("files", ranges, rows),
            kept=kept,
            candidates=[make.candidate(one, night=night) for one in ids[:3]],
            dead_letters=[DeadLetter("k.avro", start, "bad", "")],
        )
        store.commit_batch(batch)
        store.add_label(NewLabel("ztf", start, reviewer.id, "anomaly", "page", clock.now))
        clock.now += timedelta(days=365)
    clock.now -= timedelta(days=365)
    return store


def test_purge_says_first_and_deletes_then(old_and_new: Store, home: Path):
    before = files(home)
    told = old_and_new.purge(100)
    assert files(home) == before
    assert old_and_new.purge(100) == told
    expected = {"n_parts": 1, "n_rows": 5, "n_kept": 3, "n_candidates": 2, "n_letters": 1}
    assert {name: vars(told)[name] for name in expected} == expected
    assert told.n_bytes > 0
    assert old_and_new.purge(100, dry_run=False) == told
    after = old_and_new.purge(100)
    assert (after.n_parts, after.n_kept, after.n_candidates, after.n_letters) == (0, 0, 0, 0)
    assert len(files(home)) == 1
    assert not (home / "history" / "survey=ztf" / f"night={NIGHT}").exists()


def test_purge_spares_what_people_said_and_the_reference(old_and_new: Store):
    counts, labels = old_and_new.counts(), old_and_new.labels()
    old_and_new.purge(100, dry_run=False)
    assert [one.alert_id for one in old_and_new.kept("ztf", range(5))] == [0, 4]
    assert len(old_and_new.kept("ztf", range(100, 105))) == 5
    assert old_and_new.labels() == labels
    assert old_and_new.counts() == counts
    ids = {view.alert_id for view in old_and_new.candidates(top=None, best_per_object=False)}
    assert ids == {0, 100, 101, 102}
    assert old_and_new.done("files") == {"k.avro": 105}


def test_purge_spares_what_a_reviewer_has_in_hand(old_and_new: Store, make):
    vera = old_and_new.find_reviewer("vera").id
    taken = old_and_new.take_showing([make.showing(2, vera)], 7200)
    assert taken is not None
    old_and_new.register_model(make.model())
    order = old_and_new.publish_order(make.new_order())
    assert old_and_new.purge(100, dry_run=False).n_kept == 2
    assert [one.alert_id for one in old_and_new.kept("ztf", range(5))] == [0, 2, 4]
    assert len(old_and_new.order(order.id)) == 3
    old_and_new.release_showing(taken.id)
    assert old_and_new.purge(100, dry_run=False).n_kept == 1
    assert [one.alert_id for one in old_and_new.kept("ztf", range(5))] == [0, 4]
    assert len(old_and_new.showings()) == 1


def test_purge_of_nothing(old_and_new: Store, home: Path):
    before = files(home)
    found = old_and_new.purge(4000, dry_run=False)
    assert (found.n_parts, found.n_kept, found.n_candidates, found.n_letters) == (0, 0, 0, 0)
    assert files(home) == before
