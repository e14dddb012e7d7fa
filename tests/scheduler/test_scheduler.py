"""Jobs are done when they are due, once, whoever schedules them."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fink_ad.config import Settings
from fink_ad.errors import ConfigError, StoreError
from fink_ad.retrain.turn import turn
from fink_ad.scheduler import (
    JOBS,
    Job,
    do_job,
    job_named,
    latest_due,
    next_due,
    run_scheduler,
    trigger_of,
)
from fink_ad.scheduler.loop import do_missed
from fink_ad.store import Store
from fink_ad.store.records.notifications import NewNotification
from fink_ad.telemetry import NoMetrics

NOW = datetime(2026, 3, 4, 17, 5, tzinfo=UTC)


def settings_of(home: Path, **jobs: str) -> Settings:
    return Settings.model_validate({"home": home, "scheduler": {"jobs": jobs}})


def job_of(work: Callable[[], str], when: str = "0 16 * * *") -> Job:
    return Job("drift", "for the test", when, lambda store, settings, metrics, due: work())


def trigger(job: Job, settings: Settings):
    found = trigger_of(job, settings)
    assert found is not None
    return found


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("when", "latest", "following"),
    [
        ("0 16 * * *", "2026-03-04 16:00", "2026-03-05 16:00"),
        ("30 17 * * *", "2026-03-03 17:30", "2026-03-04 17:30"),
        ("*/5 * * * *", "2026-03-04 17:05", "2026-03-04 17:10"),
        ("0 3 * * mon", "2026-03-02 03:00", "2026-03-09 03:00"),
        ("0 0 1 1 *", "2026-01-01 00:00", "2027-01-01 00:00"),
    ],
)
def test_when_a_job_is_due(tmp_path: Path, when: str, latest: str, following: str):
    found = trigger(JOBS[0], settings_of(tmp_path, drift=when))
    assert f"{latest_due(found, NOW):%Y-%m-%d %H:%M}" == latest
    assert f"{next_due(found, NOW):%Y-%m-%d %H:%M}" == following


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ({"dirft": "0 1 * * *"}, "no job 'dirft'; the nearest known one is 'drift'"),
        ({"drift": "hourly"}, "scheduler.jobs.drift is 'hourly': give five fields"),
        ({"drift": "0 25 * * *"}, "scheduler.jobs.drift is '0 25 "),
        ({"drift": "0 1 * * 1"}, "name weekdays"),
    ],
)
def test_a_time_that_makes_no_sense_is_refused(tmp_path: Path, jobs: dict[str, str], said: str):
    with pytest.raises(ConfigError, match=said.replace("*", r"\*")):
        trigger_of(JOBS[0], settings_of(tmp_path, **jobs))


def test_an_empty_time_means_never(tmp_path: Path):
    assert trigger_of(JOBS[0], settings_of(tmp_path, drift="")) is None


def test_what_was_missed_is_done_once(store: Store, tmp_path: Path):
    done: list[str] = []
    job = job_of(lambda: done.append("x") or "did it")
    settings = settings_of(tmp_path)
    # Due at 16:00 every day; the last run was ten days ago.
    due = trigger(job, settings)
    last = latest_due(due, datetime.now(UTC))
    assert last is not None
    do_job(store, settings, NoMetrics(), job, last - timedelta(days=10))
    for _ in range(3):
        do_missed(store, settings, NoMetrics(), job, due)
    assert len(done) == 2
    run = store.job_runs("drift")[0]
    assert (run.due, run.outcome, run.detail) == (last, "done", "did it")


def test_a_job_that_fails_says_so_and_harms_nobody(store: Store, tmp_path: Path):
    def fail() -> str:
        raise StoreError("no room")

    def break_down() -> str:
        raise ZeroDivisionError

    for number, work in enumerate((fail, break_down)):
        done = do_job(
            store, settings_of(tmp_path), NoMetrics(), job_of(work), NOW.replace(hour=number)
        )
        assert done is not None
        assert done.outcome == "failed"
    assert [run.detail for run in store.job_runs()] == ["ZeroDivisionError: ", "no room"]
    assert store.leases() == ()


def test_operators_hear_once_that_a_job_fails_and_once_that_it_works_again(
    store: Store, tmp_path: Path
):
    bot = {"operators_chat": -1002}
    settings = Settings.model_validate({"home": tmp_path, "bot": bot})
    outcomes = (True, False, False, False, True, True, False)

    def work() -> str:
        if not outcomes[len(told)]:
            raise StoreError("the disk at /a/secret/place is full")
        return "did it"

    told: list[list[str]] = []
    for hour in range(len(outcomes)):
        due = NOW + timedelta(hours=hour)
        do_job(store, settings, NoMetrics(), job_of(work), due)
        do_job(store, settings, NoMetrics(), job_of(work), due)
        told.append([one.body for one in reversed(store.notifications())])
    assert [len(one) for one in told] == [0, 1, 1, 1, 2, 2, 3]
    assert {one.target for one in store.notifications()} == {"telegram:-1002"}
    failed, works, again = told[-1]
    assert failed.startswith("Job drift failed, due 2026-03-04 18:05 UTC.")
    assert works == "Job drift works again."
    assert again.startswith("Job drift failed, due 2026-03-04 23:05 UTC.")
    assert "secret" not in "".join(told[-1])


def test_a_job_at_work_is_not_begun_a_second_time(store: Store, tmp_path: Path):
    with turn(store, "job drift", 30.0):
        assert do_job(store, settings_of(tmp_path), NoMetrics(), job_of(lambda: ""), NOW) is None
    assert store.job_runs() == ()


def test_a_run_that_died_is_done_again(store: Store, tmp_path: Path):
    died = store.start_job("drift", NOW, "a process that is no more")
    assert died is not None
    for _ in range(2):
        do_job(store, settings_of(tmp_path), NoMetrics(), job_of(lambda: "did it"), NOW)
    (run,) = store.job_runs()
    assert (run.id, run.outcome, run.detail) == (died.id, "done", "did it")


def test_two_schedulers_share_the_work(tmp_path: Path):
    """Each of several runs that are due is done by one of them."""
    done: list[datetime] = []
    dues = [NOW + timedelta(days=number) for number in range(20)]
    ready = threading.Barrier(2)
    Store.open(tmp_path).close()

    def schedule() -> None:
        with Store.open(tmp_path) as store:
            ready.wait()
            for due in dues:
                job = job_of(lambda due=due: done.append(due) or "")  # type: ignore[misc]
                do_job(store, settings_of(tmp_path), NoMetrics(), job, due)

    threads = [threading.Thread(target=schedule) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with Store.open(tmp_path) as store:
        runs = store.job_runs()
    assert sorted(done) == sorted(run.due for run in runs)
    assert len(set(done)) == len(done) > 10


def test_the_loop_does_what_is_due_and_ends_when_told(store: Store, tmp_path: Path):
    begun, ended = threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        ended.wait(0.3)
        return "did it"

    job = job_of(work)
    run_scheduler(store, settings_of(tmp_path), lambda: begun.wait(10), jobs=(job,))
    # The job at work was finished first.
    assert [run.outcome for run in store.job_runs()] == ["done"]


def waited(found: Callable[[], object]) -> None:
    end = time.monotonic() + 60.0
    while not found():
        assert time.monotonic() < end
        time.sleep(0.05)


def quick(home: Path) -> Settings:
    return Settings.model_validate({"home": home, "scheduler": {"lease_seconds": 1.0}})


def test_what_a_dead_scheduler_left_is_done_once_its_lease_is_over(store: Store, tmp_path: Path):
    job = job_of(lambda: "did it")
    due = latest_due(trigger(job, quick(tmp_path)), datetime.now(UTC))
    assert due is not None
    assert store.acquire_lease("job drift", "dead:1:x", 1.0)
    assert store.start_job("drift", due, "dead:1:x")

    def wait() -> None:
        waited(lambda: store.job_runs()[0].finished_at)

    run_scheduler(store, quick(tmp_path), wait, jobs=(job,))
    (run,) = store.job_runs()
    assert (run.due, run.detail) == (due, "did it")


def test_a_job_that_finds_its_work_in_other_hands_is_done_later(store: Store, tmp_path: Path):
    def work() -> str:
        with turn(store, "retrain", 1.0):
            return "did it"

    with turn(store, "retrain", 30.0):
        done = do_job(store, quick(tmp_path), NoMetrics(), job_of(work), NOW)
        assert done is None
        assert store.job_runs() == ()  # not begun, not failed
    done = do_job(store, quick(tmp_path), NoMetrics(), job_of(work), NOW)
    assert done is not None
    assert done.detail == "did it"


def test_two_schedulers_of_two_processes_do_a_job_once(tmp_path: Path):
    """Each finds that a job is due that was never done; it lasts until both have found that."""
    Store.open(tmp_path).close()
    code = """
import sys, time
from pathlib import Path
from fink_ad.config import Settings
from fink_ad.scheduler import Job, run_scheduler
from fink_ad.store import Store

home, me = Path(sys.argv[1]), sys.argv[2]

class Looked(Store):
    def job_runs(self, *which, **more):
        found = super().job_runs(*which, **more)
        (home / f"looked-{me}").touch()
        return found

def wait_for(found):
    end = time.monotonic() + 60
    while not found():
        assert time.monotonic() < end
        time.sleep(0.02)

def work(store, settings, metrics, due):
    with (home / "done").open("a") as file:
        file.write("did it\\n")
    wait_for(lambda: len(list(home.glob("looked-*"))) == 2)
    return ""

job = Job("drift", "for the test", "0 16 * * *", work)
with Looked.open(home) as store, Store.open(home) as plain:
    def wait():
        wait_for(lambda: (home / f"looked-{me}").exists())
        wait_for(lambda: any(run.finished_at for run in plain.job_runs()))
    run_scheduler(store, Settings(home=home), wait, jobs=(job,))
"""
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), me]) for me in "ab"]
    assert [one.wait(120) for one in both] == [0, 0]
    assert (tmp_path / "done").read_text() == "did it\n"
    with Store.open(tmp_path) as store:
        (run,) = store.job_runs()
    assert run.outcome == "done"


def test_a_night_that_was_missed_takes_no_word_from_the_next(store: Store, tmp_path: Path):
    """What was due at 17:00 is done after midnight, by hand at noon, and at 17:00 as ever."""
    settings = Settings.model_validate({"home": tmp_path, "bot": {"operators_chat": -1002}})
    last = datetime.now(UTC).replace(hour=17, minute=0, second=0, microsecond=0)
    by_hand = last - timedelta(hours=5, minutes=-1.5)
    for due in (last - timedelta(days=1), by_hand, last, last):
        do_job(store, settings, NoMetrics(), job_named("heartbeat"), due)
    assert [run.detail for run in store.job_runs("heartbeat")] == ["1 targets"] * 3
    assert len(store.notifications()) == 3


def test_retention_leaves_the_newest_runs_and_lists_what_went(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("fink_ad.scheduler.jobs.KEPT_RUNS", 2)
    for minute in range(5):
        store.start_job("notify", NOW + timedelta(minutes=minute), "me")
    past = NOW - timedelta(days=400)
    store.queue_notifications(
        [NewNotification("heartbeat", "telegram:1", "", "", "shared", "x", past, past)]
    )
    settings = settings_of(tmp_path)
    done = do_job(store, settings, NoMetrics(), job_named("retention"), NOW)
    assert done is not None
    assert (done.outcome, done.detail) == ("done", "1 messages, 3 runs of jobs")
    assert len(store.job_runs("notify")) == 2
    assert store.notifications() == ()
