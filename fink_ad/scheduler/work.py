"""Do one job once: whoever says so first does it, and everybody can read what came of it."""

from __future__ import annotations

from datetime import datetime

import structlog

from fink_ad.config import Settings
from fink_ad.errors import FinkAdError
from fink_ad.retrain.turn import own_name, turn
from fink_ad.scheduler.jobs import Job
from fink_ad.store import JobRun, Store
from fink_ad.telemetry import Metrics

__all__ = ["DONE", "FAILED", "do_job"]

DONE, FAILED = "done", "failed"

_log = structlog.get_logger(__name__)


def do_job(
    store: Store, settings: Settings, metrics: Metrics, job: Job, due: datetime
) -> JobRun | None:
    """Do what a job was due for at a time, unless it was begun already, here or elsewhere.

    A job that fails is told in its run and in the log; nothing is raised, so that the other
    jobs go on.

    Returns
    -------
    JobRun or None
        What came of it; None if another process does it or has done it.

    Raises
    ------
    StoreError
        If the store cannot be written.
    """
    holder = own_name()
    begun = store.start_job(job.name, due, holder)
    if begun is None:
        return None
    _log.info("job_started", job=job.name, due=due.isoformat())
    try:
        # The run before may still be at work, or a run by hand.
        with turn(store, f"job {job.name}", settings.scheduler.lease_seconds, holder=holder):
            outcome, detail = DONE, job.work(store, settings, metrics)
    except FinkAdError as error:
        outcome, detail = FAILED, str(error)
    except Exception as error:  # a job of a stranger's provider may raise anything
        outcome, detail = FAILED, f"{type(error).__name__}: {error}"
        _log.exception("job_broke", job=job.name)
    _log.info("job_ended", job=job.name, outcome=outcome, detail=detail)
    return store.finish_job(begun.id, outcome, detail)
