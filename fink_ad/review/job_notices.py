"""Operators hear in their chat that a scheduled job began to fail, and that it works again."""

from __future__ import annotations

from datetime import datetime

from fink_ad.config import Settings
from fink_ad.review.operator_notices import queue_notice
from fink_ad.store import JobRun, Store

__all__ = ["queue_job_notice"]


def queue_job_notice(
    store: Store, settings: Settings, run: JobRun, failed: bool, now: datetime
) -> int:
    """Queue a word to the operators if a job fails that did not, or the other way round.

    A job that goes on failing is told once. Why it failed is not told: errors may name what is
    nobody's business in a chat.

    Parameters
    ----------
    run : JobRun
        The run, which need not have ended in the store.
    failed : bool
        What it came to.

    Returns
    -------
    int
        How many notices are new: one, or none.
    """
    before = [
        one
        for one in store.job_runs(run.name)
        if one.id != run.id and one.finished_at is not None and one.due < run.due
    ]
    failed_before = bool(before) and before[0].outcome == "failed"
    if failed == failed_before:
        return 0
    text = f"Job {run.name} works again."
    if failed:
        text = (
            f"Job {run.name} failed, due {run.due:%Y-%m-%d %H:%M} UTC. The log of the scheduler"
            " says why. You hear of it again when it works."
        )
    what = "failed" if failed else "works"
    return queue_notice(store, settings, f"job {run.name} {run.due.isoformat()} {what}", text, now)
