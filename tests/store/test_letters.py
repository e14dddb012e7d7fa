"""Dead letters are found again, and settled in one step that keeps all sums."""

from dataclasses import replace

import pytest

from fink_ad.errors import StoreError
from fink_ad.sources.contracts import DeadLetter, InputRange
from fink_ad.store import CountKey, Store

NIGHT = 20260322


def letters(n, reason="bad_schema", partition="b.avro"):
    return tuple(
        DeadLetter(partition, at, reason, f"packet {at}", "hash", b"x" * at if at else None)
        for at in range(n)
    )


@pytest.fixture
def with_letters(store: Store, make) -> Store:
    counts = {CountKey(0, "", "in"): 5, CountKey(0, "", "dead_letter", "bad_schema"): 5}
    ranges = (InputRange("b.avro", 0, 5),)
    store.commit_batch(make.batch([], ranges=ranges, counts=counts, dead_letters=letters(5)))
    return store


def retried(make, ids, places):
    """A batch of alerts that were dead letters."""
    ranges = tuple(InputRange("b.avro", at, at + 1) for at in places)
    return replace(make.batch(ids), source="retry:files", ranges=ranges)


def totals(store: Store) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, n in store.counts(source="files").items():
        found[key.kind] = found.get(key.kind, 0) + n
    return found


def test_are_listed_with_payloads_only_on_request(with_letters: Store):
    listed = with_letters.stored_letters()
    assert [one.letter.position for one in listed] == [0, 1, 2, 3, 4]
    assert all(one.letter.payload is None for one in listed)
    full = with_letters.stored_letters(with_payload=True)
    assert [one.letter.payload for one in full] == [b"x", b"xx", b"xxx", b"xxxx"]
    assert with_letters.stored_letters(source="kafka") == ()
    assert with_letters.stored_letters(reason="other") == ()
    assert len(with_letters.stored_letters(limit=2)) == 2
    assert len({one.id for one in listed}) == 5


def test_are_found_by_the_beginning_of_their_id(with_letters: Store):
    listed = with_letters.stored_letters(with_payload=True)
    found = with_letters.find_letter(listed[2].id[:8])
    assert found == listed[2]
    for beginning in ("", "nonsense"):
        with pytest.raises(StoreError, match="no id begins with"):
            with_letters.find_letter(beginning)
    every = [one.id for one in with_letters.stored_letters()]
    shared = next((a[0] for a in every for b in every if a != b and a[0] == b[0]), None)
    if shared:
        with pytest.raises(StoreError, match="several dead letters"):
            with_letters.find_letter(shared)


def test_settling_moves_letters_to_the_counts_of_their_night(with_letters: Store, make):
    assert with_letters.settle_letters(retried(make, [7, 8], [1, 3]), "files")
    left = with_letters.stored_letters()
    assert [one.letter.position for one in left] == [0, 2, 4]
    assert totals(with_letters) == {"in": 5, "dead_letter": 3, "scored": 2}
    assert with_letters.counts(night=NIGHT)[CountKey(NIGHT, "ztf", "in")] == 2
    assert len(with_letters.candidates()) == 2
    # The input itself is where it was: nothing is read again.
    assert with_letters.done("files") == {"b.avro": 5}


def test_settling_twice_changes_nothing(with_letters: Store, make):
    batch = retried(make, [7, 8], [1, 3])
    assert with_letters.settle_letters(batch, "files")
    before = with_letters.counts()
    assert not with_letters.settle_letters(batch, "files")
    assert not with_letters.settle_letters(retried(make, [8, 9], [3, 4]), "files")
    assert not with_letters.settle_letters(retried(make, [9], [2]), "kafka")
    assert with_letters.counts() == before
    assert [one.letter.position for one in with_letters.stored_letters()] == [0, 2, 4]


def test_earlier_positions_may_be_settled_later(with_letters: Store, make):
    assert with_letters.settle_letters(retried(make, [7], [4]), "files")
    assert with_letters.settle_letters(retried(make, [8], [0]), "files")
    assert totals(with_letters) == {"in": 5, "dead_letter": 3, "scored": 2}


def test_counts_that_do_not_add_up_settle_nothing(with_letters: Store, make):
    batch = replace(retried(make, [7], [4]), counts={CountKey(NIGHT, "ztf", "in"): 1})
    with pytest.raises(StoreError, match="1 in, but"):
        with_letters.settle_letters(batch, "files")
    assert len(with_letters.stored_letters()) == 5
