"""Answers count for what has been seen, and for nothing else."""

from fink_ad.ui.guard import Guard


def test_a_candidate_that_was_seen_long_enough_can_be_answered() -> None:
    guard = Guard(0.4)
    guard.begin(1)
    guard.finish(1, now=10.0)
    assert guard.refusal(1, now=10.4) is None


def test_a_candidate_that_just_appeared_cannot() -> None:
    guard = Guard(0.4)
    guard.begin(1)
    guard.finish(1, now=10.0)
    assert "too fast" in (guard.refusal(1, now=10.39) or "")


def test_a_candidate_that_is_not_completely_drawn_cannot() -> None:
    guard = Guard(0.4)
    guard.begin(1)
    assert "not fully drawn" in (guard.refusal(1, now=99.0) or "")


def test_a_key_for_the_candidate_before_cannot_answer_the_next() -> None:
    guard = Guard(0.4)
    guard.begin(1)
    guard.finish(1, now=10.0)
    guard.begin(2)
    assert "no longer here" in (guard.refusal(1, now=11.0) or "")
    assert guard.refusal(2, now=11.0) is not None


def test_drawing_the_same_again_does_not_start_the_clock_anew() -> None:
    guard = Guard(0.4)
    for now in (10.0, 10.3):
        guard.begin(1)
        guard.finish(1, now)
    assert guard.refusal(1, now=10.4) is None


def test_a_late_end_of_drawing_says_nothing_of_the_next() -> None:
    guard = Guard(0.4)
    guard.begin(1)
    guard.begin(2)
    guard.finish(1, now=10.0)
    assert guard.refusal(2, now=20.0) is not None


def test_where_nothing_is_shown_nothing_can_be_answered() -> None:
    guard = Guard(0.0)
    guard.begin(1)
    guard.finish(1, now=1.0)
    guard.clear()
    assert guard.refusal(1, now=2.0) is not None
