"""What there is to review, and how far its ranking has come."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from fink_ad.review import ranking_state, review_lists
from fink_ad.review.tonight import count_table, letter_table, work_table
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
    assert work_table(store)["note"].tolist() == ["watching"]
    store.release_lease(lease)
    assert not ranking_state(store, ada, "ztf", "transient").learner


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
