"""What there is to review, and how far its ranking has come."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from fink_ad.learn.holding import at_work
from fink_ad.review import ranking_state, review_lists
from fink_ad.review.tonight import count_table, intake, letter_table, work_table
from fink_ad.sources.contracts import InputRange
from fink_ad.store import BatchRecord, CountKey, Store


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path) as opened:
        yield opened


def test_an_empty_store_has_nothing(store: Store) -> None:
    ada = store.add_reviewer("ada")
    assert review_lists(store) == ()
    state = ranking_state(store, ada, "ztf", "transient")
    assert (state.order_id, state.n_objects, state.learner) == (None, 0, False)


def test_a_learner_at_work_is_seen_until_it_ends(store: Store) -> None:
    ada = store.add_reviewer("ada")
    lease = store.acquire_lease("learn", "somebody", 60.0, "watching")
    assert ranking_state(store, ada, "ztf", "transient").learner
    work = work_table(store).set_index("process")
    assert work.loc["learner", ["state", "note"]].tolist() == ["at work", "watching"]
    assert work["state"].drop("learner").tolist() == ["not running"] * 3
    store.release_lease(lease)
    assert set(work_table(store)["state"]) == {"not running"}
    assert not ranking_state(store, ada, "ztf", "transient").learner


def test_a_process_that_died_is_told_apart_from_one_that_ended(store: Store) -> None:
    store.acquire_lease("bot", "died", 30.0)
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert work_table(store, later).set_index("process").loc["bot", "state"] == "no sign"
    with at_work(store, "scheduler"), at_work(store, "scheduler"):  # two share the work
        told = work_table(store)["process"].tolist()
        assert told.count("scheduler") == 2
    assert work_table(store).set_index("process").loc["scheduler", "state"] == "not running"


def test_one_at_work_hides_the_one_that_died_before(store: Store) -> None:
    store.acquire_lease("bot", "died", 30.0)
    store.acquire_lease("bot 2", "new", 3600.0)
    work = work_table(store, datetime.now(UTC) + timedelta(minutes=1))
    told = work[work["process"] == "bot"]
    assert told[["state", "who"]].to_numpy().tolist() == [["at work", "new"]]


def test_how_fast_alerts_come_in(store: Store) -> None:
    assert intake(store).n_hour == 0
    assert intake(store).newest_exposure is None
    counts = {CountKey(20260110, "ztf", "in"): 120, CountKey(20260110, "ztf", "scored"): 120}
    store.commit_batch(BatchRecord("s", (InputRange("p", 0, 120),), "m", "c", counts))
    found = intake(store, datetime.now(UTC) + timedelta(seconds=1))
    assert (found.n_hour, found.fastest_per_s) == (120, 2.0)
    assert intake(store, datetime.now(UTC) + timedelta(hours=2)).n_hour == 0


def test_counts_that_do_not_add_up_are_told(store: Store) -> None:
    counts = {
        CountKey(20260110, "ztf", "in"): 10,
        CountKey(20260110, "ztf", "scored"): 7,
        CountKey(20260110, "ztf", "dead_letter", "schema"): 3,
    }
    store.commit_batch(BatchRecord("s", (InputRange("p", 0, 10),), "m", "c", counts))
    table = count_table(store)
    assert table[["in", "scored", "dead_letter"]].to_numpy().tolist() == [[10, 7, 3]]
    assert np.array_equal(table["adds up"], [True])
    assert letter_table(store).to_numpy().tolist() == [["schema", 3]]
    assert store.last_commit() <= datetime.now(UTC)
