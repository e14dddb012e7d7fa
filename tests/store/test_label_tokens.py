"""Answers sent twice, answers sent together, and how far answers have come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

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


def test_the_position_grows_with_every_event(store: Store, answer):
    assert store.label_position("ztf", "transient") == 0
    label = store.add_label(answer)
    assert store.label_position("ztf", "transient") == label.id
    undone = store.retract_label(label.id, label.reviewer_id, "page")
    assert store.label_position("ztf", "transient") == undone.id > label.id
    assert store.label_position("ztf", "solar_system") == 0
    assert store.label_position("lsst", "transient") == 0


def test_imports_are_noted_and_trusted(store: Store):
    note = LabelImport("old answers", START, "ab" * 32, 10, 8)
    assert store.add_label_import(note) == note
    assert store.add_label_import(replace(note, n_stored=0)) == note
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
