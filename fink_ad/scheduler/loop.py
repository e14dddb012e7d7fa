"""The scheduler: does every job when it is due, and once what was missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from fink_ad.config import Settings
from fink_ad.errors import StoreError
from fink_ad.scheduler.due import latest_due, trigger_of
from fink_ad.scheduler.jobs import JOBS, Job
from fink_ad.scheduler.work import do_job
from fink_ad.store import Store
from fink_ad.telemetry import Metrics, NoMetrics

__all__ = ["do_missed", "run_scheduler"]

_log = structlog.get_logger(__name__)

_NO_METRICS = NoMetrics()


def run_scheduler(
    store: Store,
    settings: Settings,
    wait: Callable[[], object],
    metrics: Metrics = _NO_METRICS,
    jobs: tuple[Job, ...] = JOBS,
) -> None:
    """Do jobs when they are due until waiting ends; a job at work then is finished first.

    When a job is due is counted from its crontab fields alone and written down before it
    begins, so that several schedulers on one store share the work: each run is done by one.
    What came due while no scheduler ran is done once, for the last time it was due. So is what
    a process that died left, and what could not begin because another process was at it: every
    ``scheduler.lease_seconds`` is looked whether anything due is still to be done.

    Parameters
    ----------
    wait : callable
        Returns when the scheduler is to end.
    metrics : Metrics
        Told what the jobs measure.
    jobs : tuple of Job
        What is done.

    Raises
    ------
    ConfigError
        If the time of a job cannot be read.
    """
    timed = [(job, trigger) for job in jobs if (trigger := trigger_of(job, settings)) is not None]
    scheduler = BackgroundScheduler(
        jobstores={"default": MemoryJobStore()},
        executors={"default": ThreadPoolExecutor(max(len(timed), 1))},
        timezone=UTC,
    )
    again = IntervalTrigger(seconds=max(1, round(settings.scheduler.lease_seconds)), timezone=UTC)
    at_once = {"next_run_time": datetime.now(UTC)}
    for job, trigger in timed:
        # None: however late the machine wakes up, the job is done, once.
        rules = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        arguments = (store, settings, metrics, job, trigger)
        scheduler.add_job(do_missed, trigger, arguments, id=job.name, **rules)
        scheduler.add_job(do_missed, again, arguments, id=f"{job.name} again", **rules, **at_once)
    scheduler.start()
    try:
        wait()
    finally:
        scheduler.shutdown(wait=True)


def do_missed(
    store: Store, settings: Settings, metrics: Metrics, job: Job, trigger: CronTrigger
) -> None:
    """Do a job for the last time it was due, unless that was done."""
    due = latest_due(trigger, datetime.now(UTC))
    if due is None:
        return
    try:
        runs = store.job_runs(job.name)
        if any(run.due == due and run.finished_at is not None for run in runs):
            return
        do_job(store, settings, metrics, job, due)
    except StoreError as error:  # the database is away: the next time it may be back
        _log.error("job_not_begun", job=job.name, error=str(error))
