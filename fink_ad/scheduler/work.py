"""Do one job once: whoever says so first does it, and everybody can read what came of it."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from fink_ad.config import Settings
from fink_ad.errors import FinkAdError, LeaseHeld
from fink_ad.learn.holding import own_name
from fink_ad.retrain.turn import turn
from fink_ad.review.job_notices import queue_job_notice
from fink_ad.scheduler.jobs import Job
from fink_ad.store import JobRun, Store
from fink_ad.telemetry import Metrics

__all__ = ["DONE", "FAILED", "do_job"]

DONE, FAILED = "done", "failed"

_log = structlog.get_logger(__name__)


def do_job(
    store: Store, settings: Settings, metrics: Metrics, job: Job, due: datetime
) -> JobRun | None:
    """Do what a job was due for at a time, unless it was done, or is being done elsewhere.

    A run that was begun by a process that died is done again. A job that fails is told in its
    run, in the log and, the first time, to the operators; nothing is raised, so that the other
    jobs go on. One that needs what another process has at the moment, as an operator by hand,
    counts as not begun.

    Returns
    -------
    JobRun or None
        What came of it; None if another process is at it or has done it.

    Raises
    ------
    StoreError
        If the store cannot be written.
    """
    holder = own_name()
    try:
        with turn(store, f"job {job.name}", settings.scheduler.lease_seconds, holder=holder):
            begun = store.start_job(job.name, due, holder) or _left_over(store, job, due)
            if begun is None:
                return None
            _log.info("job_started", job=job.name, due=due.isoformat())
            try:
                outcome, detail = _outcome(store, settings, metrics, job, due)
            except LeaseHeld:
                store.withdraw_job(begun.id)
                raise
            _log.info("job_ended", job=job.name, outcome=outcome, detail=detail)
            queue_job_notice(store, settings, begun, outcome == FAILED, datetime.now(UTC))
            return store.finish_job(begun.id, outcome, detail)
    except LeaseHeld as error:
        _log.debug("job_at_work_elsewhere", job=job.name, error=str(error))
        return None


def _outcome(
    store: Store, settings: Settings, metrics: Metrics, job: Job, due: datetime
) -> tuple[str, str]:
    try:
        return DONE, job.work(store, settings, metrics, due)
    except LeaseHeld:
        raise
    except FinkAdError as error:
        return FAILED, str(error)
    except Exception as error:  # providers of strangers may raise anything
        _log.exception("job_broke", job=job.name)
        return FAILED, f"{type(error).__name__}: {error}"


def _left_over(store: Store, job: Job, due: datetime) -> JobRun | None:
    """Return the run of this time that somebody began and, holding no lease, cannot end."""
    runs = store.job_runs(job.name)
    return next((run for run in runs if run.due == due and run.finished_at is None), None)
