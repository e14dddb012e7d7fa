"""The standing answers are those of the store, however they were read."""

from datetime import UTC, datetime

import pytest

from fink_ad.review.standing import StandingAnswers
from fink_ad.store import LabelImport, NewLabel, ReviewerRecord, Store

KEY = ("ztf", "transient")


@pytest.fixture
def answers(store: Store) -> StandingAnswers:
    return StandingAnswers(store)


@pytest.fixture
def vera(store: Store) -> ReviewerRecord:
    return store.add_reviewer("vera")


@pytest.fixture
def edwin(store: Store) -> ReviewerRecord:
    return store.add_reviewer("edwin")


def say(store: Store, who: ReviewerRecord, row: int, answer: str, channel: str = "page") -> int:
    alert_id = int(store.kept_index(*KEY).alert_id[row])
    now = datetime.now(UTC)
    return store.add_label(NewLabel(KEY[0], alert_id, who.id, answer, channel, now)).id


def test_answers_read_one_by_one_are_those_read_at_once(store, answers, vera, edwin) -> None:
    def is_whole() -> None:
        assert answers.everybody(*KEY) == store.latest_labels(*KEY)
        found = answers.of(*KEY, vera.id)
        assert set(found.own + found.others) == set(store.latest_labels(*KEY))
        assert {one.reviewer_id for one in found.own} <= {vera.id}

    is_whole()
    say(store, vera, 0, "anomaly")
    is_whole()
    second = say(store, vera, 1, "ordinary")
    say(store, edwin, 0, "bogus")
    is_whole()
    say(store, vera, 0, "ordinary")  # the answer of before stands no longer
    is_whole()
    store.retract_label(second, vera.id, "page")
    is_whole()
    say(store, vera, 1, "unsure")
    is_whole()


def test_imports_nobody_trusts_are_everybodys_but_not_the_others(
    store, answers, vera, edwin
) -> None:
    say(store, edwin, 0, "anomaly")
    assert len(answers.of(*KEY, vera.id).others) == 1
    store.add_label_import(LabelImport("old", datetime.now(UTC), "old", 1, 1))
    say(store, edwin, 1, "bogus", "import:old")
    say(store, edwin, 2, "bogus")
    assert len(answers.of(*KEY, vera.id).others) == 2
    assert answers.everybody(*KEY) == store.latest_labels(*KEY)
    store.trust_import("old")
    assert len(answers.of(*KEY, vera.id).others) == 3
