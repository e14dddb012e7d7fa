"""How the machinery does: counts that add up, dead letters, drift, who is at work."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd

from fink_ad.alerts import SURVEYS
from fink_ad.alerts.times import MJD_EPOCH
from fink_ad.store import CountKey, Lease, Store

__all__ = [
    "Intake",
    "count_table",
    "drift_table",
    "intake",
    "job_table",
    "letter_table",
    "work_table",
]

_PROCESSES = ("worker", "learner", "scheduler", "bot")
_KINDS_OF_WORK = {"learn": "learner"} | {one: one for one in _PROCESSES}
_KINDS = ("in", "scored", "filtered", "duplicate", "dead_letter", "withheld")


def count_table(store: Store) -> pd.DataFrame:
    """Return what became of the alerts of each night and survey, the latest night first.

    ``adds up`` says whether in = scored + filtered + duplicate + dead letters.
    """
    sums: dict[tuple[int, str], Counter[str]] = {}
    for key, n in store.counts().items():
        sums.setdefault((key.night, key.survey), Counter())[key.kind] += n
    rows = [
        (night, survey, *(kinds[kind] for kind in _KINDS), _adds_up(kinds))
        for (night, survey), kinds in sorted(sums.items(), reverse=True)
    ]
    return pd.DataFrame(rows, columns=["night", "survey", *_KINDS, "adds up"])


def letter_table(store: Store) -> pd.DataFrame:
    """Return how many alerts could not be read, by reason, the most frequent first."""
    reasons: Counter[str] = Counter()
    for key, n in store.counts().items():
        if key.kind == "dead_letter":
            reasons[_reason(key)] += n
    return pd.DataFrame(reasons.most_common(), columns=["reason", "n"])


def drift_table(store: Store) -> pd.DataFrame:
    """Return how far the nights are from what the models know, the latest first.

    ``largest shift`` is the population stability index of the feature that moved most.
    """
    rows = [
        (
            one.night,
            one.survey,
            one.population,
            one.model_revision[:12],
            "ALARM" if one.alarm else "as usual" if one.told else "too few alerts to say",
            one.figures.get("psi_max"),
        )
        for one in store.drift()
    ]
    columns = ["night", "survey", "population", "model", "state", "largest shift"]
    return pd.DataFrame(rows, columns=columns)


def work_table(store: Store, now: datetime | None = None) -> pd.DataFrame:
    """Return whether worker, learner, scheduler and bot are at work, and what else is.

    ``state`` is ``at work``, ``not running``, or ``no sign`` of a process that did not end well;
    of several processes of a kind those at work are told.
    """
    now = now or datetime.now(UTC)
    leases: dict[str, list[Lease]] = {kind: [] for kind in _PROCESSES}
    for lease in store.leases():
        kind = lease.name.rstrip(" 0123456789")
        leases.setdefault(_KINDS_OF_WORK.get(kind, lease.name), []).append(lease)
    rows: list[tuple[str, str, datetime | None, str, str]] = []
    for kind, held in leases.items():
        alive = [one for one in held if one.expires_at > now]
        for one in alive or held[-1:]:
            state = "at work" if alive else "no sign"
            rows.append((kind, state, one.renewed_at, one.note, one.holder))
        if not held:
            rows.append((kind, "not running", None, "", ""))
    return pd.DataFrame(rows, columns=["process", "state", "last sign", "note", "who"])


@dataclass(frozen=True)
class Intake:
    """How fast alerts come, and how far behind the sky.

    Attributes
    ----------
    n_hour : int
        Packets stored in the last hour.
    fastest_per_s : float
        Packets per second in its fastest minute.
    newest_exposure : datetime or None
        Of the newest kept alert.
    """

    n_hour: int
    fastest_per_s: float
    newest_exposure: datetime | None


def intake(store: Store, now: datetime | None = None) -> Intake:
    """Return how fast alerts come in, and how far behind the sky the newest is."""
    now = now or datetime.now(UTC)
    minutes: Counter[int] = Counter()
    for when, n in store.intake(now - timedelta(hours=1)):
        minutes[int((now - when).total_seconds() // 60)] += n
    exposures = [one for survey in SURVEYS if (one := store.newest_exposure(survey)) is not None]
    newest = MJD_EPOCH + timedelta(days=max(exposures)) if exposures else None
    return Intake(minutes.total(), max(minutes.values(), default=0) / 60.0, newest)


def job_table(store: Store) -> pd.DataFrame:
    """Return the latest runs of the scheduled jobs."""
    rows = [
        (one.name, one.due, one.started_at, one.finished_at, one.outcome, one.detail)
        for one in store.job_runs()
    ]
    columns = ["job", "due", "started", "finished", "outcome", "detail"]
    return pd.DataFrame(rows, columns=columns)


def _adds_up(kinds: Counter[str]) -> bool:
    parts = ("scored", "filtered", "duplicate", "dead_letter")
    return kinds["in"] == sum(kinds[part] for part in parts)


def _reason(key: CountKey) -> str:
    return key.reason or "not told"
