"""A job that is due is run once, and how it ended is known."""

from datetime import UTC, datetime, timedelta

import pytest

from fink_ad.errors import StoreError
from fink_ad.store import Store

DUE = datetime(2026, 3, 22, 12, tzinfo=UTC)


def test_a_job_is_run_once(timed: Store, hand_clock):
    run = timed.start_job("retrain", DUE, "me")
    assert run is not None
    assert (run.started_at, run.finished_at, run.outcome) == (hand_clock.now, None, "")
    assert timed.start_job("retrain", DUE, "another") is None
    assert timed.start_job("drift", DUE, "another") is not None
    assert timed.start_job("retrain", DUE + timedelta(days=1), "another") is not None


def test_how_it_ended(timed: Store, hand_clock):
    run = timed.start_job("retrain", DUE, "me")
    assert run is not None
    hand_clock.pass_by(60)
    done = timed.finish_job(run.id, "not promoted", "precision@10 0.2, needed 0.3")
    assert (done.finished_at, done.outcome) == (hand_clock.now, "not promoted")
    assert timed.job_runs() == (done,)
    with pytest.raises(StoreError, match=f"no job run {run.id} is under way"):
        timed.finish_job(run.id, "again")
    with pytest.raises(StoreError, match="no job run 99"):
        timed.finish_job(99, "x")
    assert timed.start_job("retrain", DUE, "another") is None


def test_the_latest_first(timed: Store):
    for day in range(3):
        timed.start_job("retrain", DUE + timedelta(days=day), "me")
    timed.start_job("drift", DUE, "me")
    assert [one.name for one in timed.job_runs(limit=2)] == ["drift", "retrain"]
    assert [(one.due - DUE).days for one in timed.job_runs("retrain")] == [2, 1, 0]


def test_only_the_newest_runs_of_each_job_stay(timed: Store):
    for day in (3, 0, 1, 2):
        timed.start_job("notify", DUE + timedelta(days=day), "me")
    timed.start_job("retrain", DUE, "me")
    assert timed.remove_job_runs(2) == 2
    assert [(one.due - DUE).days for one in timed.job_runs("notify")] == [2, 3]
    assert len(timed.job_runs("retrain")) == 1
    assert timed.start_job("notify", DUE + timedelta(days=3), "another") is None
    with pytest.raises(StoreError, match="0 runs of a job cannot be kept"):
        timed.remove_job_runs(0)
