"""Answers sent twice, answers sent together, and how far answers have come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event

from fink_ad.errors import StoreError
from fink_ad.store import LabelImport, NewLabel, Store

START = datetime(2026, 3, 22, 8, tzinfo=UTC)


@pytest.fixture
def answer(store: Store, make) -> NewLabel:
    store.commit_batch(make.batch(list(range(1, 20))))
    maria = store.add_reviewer("Maria")
    return NewLabel("ztf", 1, maria.id, "anomaly", "page", START, tags=["sn"], token="press-1")


def test_a_token_is_stored_once(store: Store, answer):
    label = store.add_label(answer)
    assert label.token == "press-1"
    later = replace(answer, answered_at=START + timedelta(seconds=3), channel="chat")
    assert store.add_label(later) == label
    assert store.labels() == (label,)


@pytest.mark.parametrize(
    "change", [{"answer": "ordinary"}, {"alert_id": 2}, {"note": "x"}, {"tags": ()}]
)
def test_a_token_of_another_answer_is_refused(store: Store, answer, change):
    label = store.add_label(answer)
    with pytest.raises(StoreError, match=f"'press-1' belongs to label {label.id}, whose "):
        store.add_label(replace(answer, **change))
    assert store.labels() == (label,)


def test_answers_without_a_token_stand_apart(store: Store, answer):
    first = store.add_label(replace(answer, token=""))
    second = store.add_label(replace(answer, token="", alert_id=2))
    assert (first.token, second.token) == (None, None)
    assert len(store.labels()) == 2


def test_an_undone_answer_keeps_its_token(store: Store, answer):
    label = store.add_label(answer)
    undone = store.retract_label(label.id, label.reviewer_id, "page")
    assert undone.token is None
    assert store.add_label(answer) == label
    assert store.latest_labels("ztf") == ()


def test_many_at_once_all_or_none(store: Store, answer):
    many = [replace(answer, alert_id=one, token=f"row {one}") for one in (3, 1, 2)]
    stored = store.add_labels(many)
    assert [one.alert_id for one in stored] == [3, 1, 2]
    assert store.add_labels(many) == stored
    with pytest.raises(StoreError, match="alert 99 is not kept"):
        store.add_labels(
            [replace(answer, alert_id=4, token=""), replace(answer, alert_id=99, token="")]
        )
    assert store.labels() == stored
    assert store.add_labels([]) == ()


def test_the_same_answer_twice_in_one_go_is_stored_once(store: Store, answer):
    first = replace(answer, token="")
    stored = store.add_labels([first, replace(first, alert_id=2), first])
    assert [one.alert_id for one in stored] == [1, 2, 1]
    assert [one.alert_id for one in store.labels()] == [1, 2]


def test_thousands_of_answers_hold_others_up_for_a_moment_only(store: Store, answer, make):
    store.commit_batch(make.batch(list(range(100, 700)), start=100))
    many = [
        replace(
            answer, alert_id=one, token=f"{one} {minute}", answered_at=START.replace(minute=minute)
        )
        for one in range(100, 700)
        for minute in range(5)
    ]
    statements = []

    def note(*told):
        statements.append(told[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert len(store.add_labels(many)) == 3000
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert 3 < len(statements) < 100


def test_an_answer_given_meanwhile_is_not_overruled(store: Store, answer):
    first = store.add_label(answer, drawn_at=START)
    other = replace(answer, alert_id=8, answer="ordinary", token="press-2")  # of the same object
    with pytest.raises(StoreError, match=f"answered meanwhile: anomaly, label {first.id}"):
        store.add_label(other, drawn_at=START)
    assert store.add_label(answer, drawn_at=START) == first  # sent again
    store.retract_label(first.id, first.reviewer_id, "page")
    assert store.add_label(other, drawn_at=START).answer == "ordinary"
    later = replace(other, answer="bogus", token="3", answered_at=START + timedelta(hours=2))
    assert store.add_label(later, drawn_at=START + timedelta(hours=1)).answer == "bogus"


def test_the_labels_of_an_import_are_counted(store: Store, answer):
    store.add_label_import(LabelImport("old", START, "ab" * 32, 3, 0))
    for alert_id in (1, 2):
        store.add_label(replace(answer, alert_id=alert_id, token="", channel="import:old"))
    store.add_label(replace(answer, alert_id=3, token="", channel="import:older"))
    assert [one.n_stored for one in store.label_imports()] == [2]
    assert store.trust_import("old").n_stored == 2


def test_the_position_grows_with_every_event(store: Store, answer):
    assert store.label_position("ztf", "transient") == 0
    label = store.add_label(answer)
    assert store.label_position("ztf", "transient") == label.id
    undone = store.retract_label(label.id, label.reviewer_id, "page")
    assert store.label_position("ztf", "transient") == undone.id > label.id
    assert store.label_position("ztf", "solar_system") == 0
    assert store.label_position("lsst", "transient") == 0


def test_imports_are_noted_and_trusted(store: Store):
    note = LabelImport("old answers", START, "ab" * 32, 10, 0)
    assert store.add_label_import(note) == note
    assert store.add_label_import(replace(note, n_stored=8)) == note
    with pytest.raises(StoreError, match="another file was imported as 'old answers'"):
        store.add_label_import(replace(note, sha256="cd" * 32))
    assert store.label_imports() == (note,)
    trusted = store.trust_import("old answers")
    assert trusted.trusted_at is not None
    assert store.trust_import("old answers") == trusted
    assert store.label_imports() == (trusted,)
    distrusted = store.distrust_import("old answers")
    assert distrusted.distrusted_at is not None
    assert distrusted.trusted_at is None
    assert store.distrust_import("old answers") == distrusted
    assert store.trust_import("old answers").distrusted_at is None
    for mark in (store.trust_import, store.distrust_import):
        with pytest.raises(StoreError, match="no labels were imported as 'new'"):
            mark("new")


def test_imports_that_grow_are_told(store: Store, answer):
    first = store.add_label(replace(answer, channel="import:old", token=""))
    assert store.imports_since("ztf", "transient", 0) == {"old"}
    assert store.imports_since("ztf", "transient", first.id) == frozenset()
    store.add_label(replace(answer, alert_id=1, token=""))
    assert store.imports_since("ztf", "transient", first.id) == frozenset()
    assert store.imports_since("ztf", "solar_system", 0) == frozenset()
