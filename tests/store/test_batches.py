"""A batch is stored as a whole, once."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fink_ad.errors import StoreError
from fink_ad.sources.contracts import DeadLetter, InputRange
from fink_ad.store import CountKey, Store

SCORED = CountKey(20260322, "ztf", "scored")


def test_a_batch_is_stored_once(store: Store, make):
    batch = make.batch([1, 2, 3])
    assert store.commit_batch(batch) is True
    assert store.commit_batch(batch) is False
    assert store.counts()[SCORED] == 3
    assert len(store.candidates(top=None, best_per_object=False)) == 3
    assert store.done("files") == {"a.avro": 3}
    assert store.done("kafka") == {}


def test_counts_add_up_over_batches_and_sources(store: Store, make):
    store.commit_batch(make.batch([1, 2]))
    store.commit_batch(make.batch([3], start=2))
    store.commit_batch(make.batch([4], source="kafka"))
    assert store.counts()[SCORED] == 4
    assert store.counts(source="files")[SCORED] == 3
    assert store.counts(night=20200101) == {}


def test_ids_beyond_float_precision_survive(store: Store, make):
    ids = [170094456272322680, 170094456272322681, np.iinfo(np.int64).max]
    store.commit_batch(make.batch(ids))
    assert [one.alert_id for one in store.kept("ztf", ids)] == sorted(ids)


def test_numpy_numbers_are_numbers(store: Store, make):
    candidate = make.candidate(5, alert_id=np.int64(5), beyond=np.True_, score=np.float64(0.5))
    kept = replace(make.kept([5])[0], alert_id=np.int64(5), n_det=np.int32(3))
    store.commit_batch(make.batch([5], candidates=(candidate,), kept=(kept,)))
    (found,) = store.candidates()
    assert (found.alert_id, found.beyond, found.score, found.n_det) == (5, True, 0.5, 3)


def test_stored_in_other_pieces_is_known_too(store: Store, make):
    store.commit_batch(make.batch([1, 2]))
    store.commit_batch(make.batch([3, 4], start=2))
    again = make.batch([1, 2, 3, 4])
    assert store.commit_batch(again) is False
    assert store.counts()[SCORED] == 4


@pytest.mark.parametrize(
    "ranges",
    [
        (InputRange("a.avro", 2, 5),),  # half of it
        (InputRange("a.avro", 0, 3), InputRange("b.avro", 0, 1)),  # one of two
    ],
)
def test_half_stored_input_is_refused(store: Store, make, ranges):
    store.commit_batch(make.batch([1, 2, 3]))
    with pytest.raises(StoreError, match=r"InputRange\(partition='a.avro'.*stored up to 3"):
        store.commit_batch(make.batch([7, 8, 9], ranges=ranges))
    assert store.counts()[SCORED] == 3


def test_a_range_in_an_earlier_gap_is_refused_not_swallowed(store: Store, make):
    store.commit_batch(make.batch([1, 2, 3], start=10))
    with pytest.raises(StoreError, match="overlaps"):
        store.commit_batch(make.batch([4], start=5))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"counts": {CountKey(0, "", "in"): 2, CountKey(0, "", "scored"): 1}}, "2 in, but 1 scor"),
        ({"ranges": ()}, "names no input range"),
        ({"ranges": (InputRange("a", 4, 4),)}, "names no input range"),
        ({"ranges": (InputRange("a", 4, 3), InputRange("b", 0, 1))}, "runs backwards"),
        ({"ranges": (InputRange("a", 0, 3), InputRange("a", 2, 4))}, "overlap"),
    ],
)
def test_a_batch_that_makes_no_sense_is_refused(store: Store, make, changes, message):
    with pytest.raises(StoreError, match=message):
        store.commit_batch(make.batch([1, 2, 3], **changes))


def test_a_failure_leaves_nothing_behind(store: Store, make):
    broken = make.batch([1, 2], candidates=(make.candidate(1, score=float("nan")),))
    with pytest.raises(StoreError, match=r"NOT NULL|not-null"):
        store.commit_batch(broken)
    assert store.done("files") == {}
    assert store.counts() == {}
    assert store.kept("ztf", [1, 2]) == ()


def test_dead_letters_are_kept_with_their_reason(store: Store, make):
    letter = DeadLetter("a.avro", 0, "schema", "no field \x00 jd \ud800", "abc", b"\x00\xff")
    counts = {CountKey(0, "", "in"): 1, CountKey(0, "", "dead_letter", "schema"): 1}
    store.commit_batch(make.batch([], dead_letters=(letter,), counts=counts))
    (found,) = store.dead_letters(reason="schema")
    assert found == replace(letter, detail="no field \ufffd jd ?")
    assert store.dead_letters(reason="magic") == ()


def test_two_writers_store_each_batch_once(home: Path, database_url: str, store: Store, make):
    """Both are given the same batches at the same time, as after a rebalance."""
    batches = [make.batch([n], start=n) for n in range(20)]
    stored: list[bool] = []
    errors: list[Exception] = []
    start = threading.Barrier(2)

    def write() -> None:
        try:
            with Store.open(home, database_url) as own:
                start.wait()
                stored.extend([own.commit_batch(batch) for batch in batches])
        except Exception as error:  # handed to the test's own thread
            errors.append(error)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert errors == []
    assert sum(stored) == 20
    assert store.counts()[SCORED] == 20
    assert store.done("files") == {"a.avro": 20}


def test_what_came_in_since_a_time(timed: Store, hand_clock, make):
    began = hand_clock()
    timed.commit_batch(make.batch([1, 2]))
    hand_clock.pass_by(60)
    timed.commit_batch(make.batch([3], start=2))
    assert [n for _, n in timed.intake(began)] == [2, 1]
    assert [n for _, n in timed.intake(hand_clock())] == [1]


def test_the_newest_exposure_is_of_the_highest_id(store: Store, make):
    assert store.newest_exposure("ztf") is None
    first, second = make.kept([1], mjd_utc=61000.5) + make.kept([2], mjd_utc=61001.5)
    store.commit_batch(make.batch([1, 2], kept=(second, first)))
    assert store.newest_exposure("ztf") == 61001.5
    assert store.newest_exposure("lsst") is None
