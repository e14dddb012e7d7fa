"""Answers are never lost and never overwritten."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from fink_ad.errors import StoreError
from fink_ad.store import NewLabel, ReviewerRecord, Store
from fink_ad.store.tables import Label

START = datetime(2026, 3, 22, 8, tzinfo=UTC)


@pytest.fixture
def maria(store: Store, make) -> ReviewerRecord:
    store.commit_batch(make.batch(list(range(1, 20))))
    return store.add_reviewer("Maria")


def answer(store: Store, who: ReviewerRecord, alert_id: int, what: str, minute: int, **changes):
    values = {"shown_at": START, "tags": ("sn",), "note": "bright", "model_revision": "r"}
    answered_at = START + timedelta(minutes=minute)
    return store.add_label(
        NewLabel("ztf", alert_id, who.id, what, "page", answered_at, **(values | changes))
    )


def test_an_answer_carries_what_was_shown(store: Store, maria, make):
    label = answer(store, maria, 3, "anomaly", 1)
    (kept,) = store.kept("ztf", [3])
    assert (label.object_id, label.population) == (kept.object_id, "transient")
    assert label.feature_schema == make.schema.hash
    assert store.label_features([label.id]) == [kept.features]
    assert (label.tags, label.note, label.channel) == (("sn",), "bright", "page")
    assert (label.shown_at, label.answered_at) == (START, START + timedelta(minutes=1))
    assert store.labels() == (label,)


def test_the_latest_answer_about_an_object_counts(store: Store, maria):
    answer(store, maria, 1, "ordinary", 2)
    answer(store, maria, 8, "anomaly", 3)  # the same object
    answer(store, maria, 15, "bogus", 1)  # sent late
    answer(store, maria, 2, "unsure", 4)
    latest = {one.object_id: one.answer for one in store.latest_labels("ztf")}
    assert latest == {"object1": "anomaly", "object2": "unsure"}
    assert len(store.labels()) == 4


def test_reviewers_stand_beside_each_other(store: Store, maria):
    john = store.add_reviewer("John")
    answer(store, maria, 1, "ordinary", 1)
    answer(store, john, 1, "anomaly", 2)
    assert [one.answer for one in store.latest_labels("ztf")] == ["ordinary", "anomaly"]
    assert [one.answer for one in store.latest_labels("ztf", reviewer_id=john.id)] == ["anomaly"]
    assert store.latest_labels("ztf", population="solar_system") == ()


def test_undo_is_an_event_and_uncovers_the_answer_before(store: Store, maria):
    answer(store, maria, 1, "ordinary", 1)
    second = answer(store, maria, 1, "anomaly", 2)
    undone = store.retract_label(second.id, maria.id, "chat")
    assert (undone.answer, undone.retracts, undone.channel) == ("retracted", second.id, "chat")
    assert store.retract_label(second.id, maria.id, "page") == undone
    assert [one.answer for one in store.latest_labels("ztf")] == ["ordinary"]
    assert [one.answer for one in store.labels()] == ["ordinary", "anomaly", "retracted"]


def test_nobody_undoes_the_answer_of_another(store: Store, maria):
    label = answer(store, maria, 1, "ordinary", 1)
    john = store.add_reviewer("John")
    with pytest.raises(StoreError, match=f"reviewer {john.id} has given no answer {label.id}"):
        store.retract_label(label.id, john.id, "page")


def test_who_runs_the_place_undoes_for_the_retired(store: Store, maria):
    label = answer(store, maria, 1, "ordinary", 1)
    store.retire_reviewer("Maria")
    with pytest.raises(StoreError, match="is retired"):
        store.retract_label(label.id, maria.id, "terminal")
    store.retract_label(label.id, maria.id, "terminal", by_operator=True)
    assert store.latest_labels("ztf") == ()


def test_an_answer_sent_twice_is_stored_once(store: Store, maria):
    assert answer(store, maria, 1, "ordinary", 1) == answer(store, maria, 1, "ordinary", 1)
    assert len(store.labels(object_id="object1", reviewer_id=maria.id, survey="ztf")) == 1


def test_who_may_not_label(store: Store, maria):
    store.retire_reviewer("Maria")
    with pytest.raises(StoreError, match="is retired and may not label"):
        answer(store, maria, 1, "ordinary", 1)
    assert store.add_reviewer("Maria") == maria
    answer(store, maria, 1, "ordinary", 1)
    stranger = ReviewerRecord(99, "nobody", True, START)
    with pytest.raises(StoreError, match="reviewer 99 is unknown"):
        answer(store, stranger, 1, "ordinary", 1)
    with pytest.raises(StoreError, match="no reviewer 'nobody'"):
        store.retire_reviewer("nobody")
    assert [one.name for one in store.reviewers()] == ["Maria"]


def test_what_cannot_be_labelled(store: Store, maria):
    with pytest.raises(StoreError, match="ztf alert 4711 is not kept"):
        answer(store, maria, 4711, "ordinary", 1)
    with pytest.raises(StoreError, match="answer 'strange' is not one of anomaly"):
        answer(store, maria, 1, "strange", 1)


@pytest.mark.parametrize("change", [update(Label).values(answer="bogus"), delete(Label)])
def test_the_database_itself_refuses_to_change_an_answer(store: Store, maria, change):
    label = answer(store, maria, 1, "ordinary", 1)
    with (
        pytest.raises(StoreError, match="label rows are never changed"),
        store.database.writing() as connection,
    ):
        connection.execute(change)
    assert store.labels() == (label,)


def test_features_are_read_apart_and_in_the_order_asked_for(store: Store, maria, make):
    labels = [answer(store, maria, alert_id, "ordinary", alert_id) for alert_id in (3, 4, 5)]
    labels.append(store.retract_label(labels[0].id, maria.id, "page"))
    features = {one.alert_id: one.features for one in store.kept("ztf", [3, 4, 5])}
    asked = [labels[2], labels[0], labels[3], labels[2]]
    found = store.label_features([label.id for label in asked])
    assert found == [features[label.alert_id] for label in asked]
    assert store.label_features([]) == []
    with pytest.raises(StoreError, match="no label 77"):
        store.label_features([labels[0].id, 77])


def test_the_last_answers_come_latest_first_and_say_what_was_taken_back(store: Store, maria):
    other = store.add_reviewer("Henrietta")
    given = [answer(store, maria, alert_id, "ordinary", alert_id) for alert_id in (3, 4, 5)]
    answer(store, other, 6, "ordinary", 6)
    undoing = store.retract_label(given[2].id, maria.id, "page")
    assert store.last_answers(maria.id, 2) == ((given[2], True), (given[1], False))
    standing = store.last_answers(maria.id, 2, standing=True)
    assert standing == ((given[1], False), (given[0], False))
    assert store.labels(reviewer_id=maria.id, after=given[1].id) == (given[2], undoing)
    assert store.labels(since=given[1].answered_at)[0] == given[1]
