"""Which answers a model learns from when reviewers disagree."""

from datetime import UTC, datetime, timedelta

import pytest

from fink_ad.learn import settle
from fink_ad.store import LabelRecord


def label(number: int, answer: str, object_id: str = "a", alert_id: int = 1) -> LabelRecord:
    return LabelRecord(
        id=number,
        survey="ztf",
        alert_id=alert_id,
        object_id=object_id,
        population="transient",
        reviewer_id=number,
        answer=answer,
        tags=(),
        note="",
        model_revision="",
        shown_at=None,
        answered_at=datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=number),
        channel="page",
        retracts=None,
        feature_schema="s",
    )


@pytest.mark.parametrize(
    ("answers", "settled"),
    [
        ([], None),
        (["anomaly"], "anomaly"),
        (["unsure"], None),
        (["unsure", "unsure", "bogus"], "bogus"),
        (["anomaly", "ordinary"], None),
        (["anomaly", "bogus", "unsure"], None),
        (["anomaly", "anomaly", "ordinary"], "anomaly"),
        (["anomaly", "bogus", "ordinary"], "ordinary"),
        (["ordinary", "bogus", "anomaly"], "bogus"),
        (["anomaly", "ordinary", "anomaly", "bogus"], None),
    ],
)
def test_the_majority_wins_and_a_tie_is_left_out(answers: list[str], settled: str | None) -> None:
    found = settle([label(number, answer) for number, answer in enumerate(answers)])
    assert [one.answer for one in found] == ([] if settled is None else [settled])


def test_the_latest_answer_of_the_winners_stands_for_all_whatever_the_order() -> None:
    labels = [
        label(1, "anomaly", alert_id=10),
        label(2, "anomaly", alert_id=30),
        label(3, "bogus", alert_id=20),
    ]
    for order in (labels, labels[::-1]):
        (found,) = settle(order)
        assert (found.alert_id, found.answer) == (30, "anomaly")


def test_objects_are_settled_apart() -> None:
    labels = [label(1, "anomaly", "a"), label(2, "bogus", "b"), label(3, "unsure", "c")]
    assert {one.object_id: one.answer for one in settle(labels)} == {"a": "anomaly", "b": "bogus"}
