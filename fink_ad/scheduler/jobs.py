"""The jobs there are; a new one is one entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fink_ad.config import Settings, nearest
from fink_ad.errors import ConfigError, ModelError
from fink_ad.learn import remove_superseded
from fink_ad.retrain import FAILED, TOO_FEW, measure_drifts, retrain_all
from fink_ad.review.digests import queue_digests, queue_heartbeat, queue_personal
from fink_ad.store import DriftRecord, Store
from fink_ad.telemetry import Metrics

__all__ = ["JOBS", "Job", "Work", "job_named"]

KEPT_RUNS = 1000
"""Runs of each job that stay listed; of what is done every five minutes that is three days."""

Work = Callable[[Store, Settings, Metrics, datetime], str]
"""Does what a job was due for at a time and returns one line on what came of it.

Raises FinkAdError if it failed.
"""


@dataclass(frozen=True)
class Job:
    """Something done again and again.

    Attributes
    ----------
    name : str
        What settings and commands call it.
    meaning : str
        What it is for, in one line.
    when : str
        Five crontab fields in UTC, unless the settings say otherwise.
    work : callable
        Does it. It may be killed at any point and done again later; if it raises `LeaseHeld`,
        it has done nothing and is tried again.
    """

    name: str
    meaning: str
    when: str
    work: Work


def _retrain(store: Store, settings: Settings, metrics: Metrics, due: datetime) -> str:
    outcomes = retrain_all(store, settings)
    told = "; ".join(
        f"{one.survey} {one.population}: {one.verdict}"
        + (f" ({one.reason})" if one.verdict in (FAILED, TOO_FEW) else "")
        for one in outcomes
    )
    if any(one.verdict == FAILED for one in outcomes):
        raise ModelError(told)
    return told or "no model yet"


def _drift(store: Store, settings: Settings, metrics: Metrics, due: datetime) -> str:
    measured = measure_drifts(store, settings)
    for one in measured.records:
        metrics.set_drift(one.survey, one.population, one.figures, one.alarm)
    told = [
        f"{one.survey} {one.population} {one.night}: {_drifted(one)}" for one in measured.records
    ]
    if measured.failures:
        raise ModelError("; ".join([*measured.failures, *told]))
    return "; ".join(told) or "no night to measure"


def _drifted(one: DriftRecord) -> str:
    return "alarm" if one.alarm else "none" if one.told else "too few alerts to tell"


def _compact(store: Store, settings: Settings, metrics: Metrics, due: datetime) -> str:
    done = store.compact()
    return f"{done.n_before} files became {done.n_after}"


def _superseded(store: Store, settings: Settings, metrics: Metrics, due: datetime) -> str:
    removed = remove_superseded(store, settings)
    return f"{removed.n_folders} folders, {removed.n_bytes / 1e6:.1f} MB"


def _retention(store: Store, settings: Settings, metrics: Metrics, due: datetime) -> str:
    n_messages = store.remove_notifications(timedelta(days=settings.bot.keep_days))
    n_runs = store.remove_job_runs(KEPT_RUNS)
    return f"{n_messages} messages, {n_runs} runs of jobs"


def _notify(store: Store, settings: Settings, metrics: Metrics, due: datetime) -> str:
    now = datetime.now(UTC)
    digests = queue_digests(store, settings, now)
    personal = queue_personal(store, settings, now)
    return f"{digests} digests, {personal} by personal models"


def _heartbeat(store: Store, settings: Settings, metrics: Metrics, due: datetime) -> str:
    return f"{queue_heartbeat(store, settings, datetime.now(UTC), due)} targets"


JOBS: tuple[Job, ...] = (
    Job("drift", "compare the newest night with what the models know", "0 16 * * *", _drift),
    Job("retrain", "train new models, judge them, promote the better", "30 16 * * *", _retrain),
    Job("compact", "merge the small files of the history", "30 17 * * *", _compact),
    Job("superseded", "remove the folders of superseded revisions", "0 18 * * *", _superseded),
    Job("retention", "let go of old messages and runs of jobs", "15 18 * * *", _retention),
    Job("notify", "queue digests, and what personal models rank as rare", "*/5 * * * *", _notify),
    Job("heartbeat", "tell everybody what became of the night", "0 17 * * *", _heartbeat),
)
"""All jobs; an observatory's night is over in the Americas by the time of the first."""


def job_named(name: str) -> Job:
    """Return a job by name.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    for job in JOBS:
        if job.name == name:
            return job
    raise ConfigError(f"there is no job {name!r}{nearest(name, [job.name for job in JOBS])}")
