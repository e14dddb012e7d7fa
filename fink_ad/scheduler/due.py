"""When a job is due: crontab fields to times, the same in every process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger

from fink_ad.config import Settings
from fink_ad.errors import ConfigError
from fink_ad.scheduler.jobs import Job, job_named

__all__ = ["latest_due", "next_due", "trigger_of"]

_LOOK_BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=8), timedelta(days=370))
"""How far back the last time is looked for, the short way first."""


def trigger_of(job: Job, settings: Settings) -> CronTrigger | None:
    """Return when a job is to be done, by the settings or else by itself; None if never.

    Raises
    ------
    ConfigError
        If the settings name a job there is none of, or their time cannot be read.
    """
    for name in settings.scheduler.jobs:
        job_named(name)
    text = settings.scheduler.jobs.get(job.name, job.when)
    if not text.strip():
        return None
    fields = text.split()
    where = f"scheduler.jobs.{job.name}"
    if len(fields) != 5:
        raise ConfigError(
            f"setting {where} is {text!r}: give five fields, minute hour day month weekday, "
            "as in '30 16 * * *'"
        )
    # Crontab counts weekdays from Sunday, this library from Monday.
    if any(letter.isdigit() for letter in fields[4]):
        raise ConfigError(f"setting {where} is {text!r}: name weekdays, as in 'mon' or 'mon-fri'")
    try:
        return CronTrigger.from_crontab(text, timezone=UTC)
    except ValueError as error:
        raise ConfigError(f"setting {where} is {text!r}: {error}") from error


def latest_due(trigger: CronTrigger, now: datetime) -> datetime | None:
    """Return the last time at or before `now` that a job was due; None if not for a year."""
    for back in _LOOK_BACK:
        found: datetime | None = None
        due: datetime | None = trigger.get_next_fire_time(None, now - back)
        while due is not None and due <= now:
            found = due
            due = next_due(trigger, due)
        if found is not None:
            return found
    return None


def next_due(trigger: CronTrigger, now: datetime) -> datetime | None:
    """Return the first time after `now` that a job is due; None if never again."""
    due: datetime | None = trigger.get_next_fire_time(None, now + timedelta(microseconds=1))
    return due
