"""How the machinery does: counts that add up, dead letters, drift, who is at work."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from fink_ad.store import CountKey, Store

__all__ = ["count_table", "drift_table", "job_table", "letter_table", "work_table"]

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
    """Return how far the nights are from what the models know, the latest first."""
    rows = [
        (one.night, one.survey, one.population, one.model_revision[:12], one.alarm)
        for one in store.drift()
    ]
    return pd.DataFrame(rows, columns=["night", "survey", "population", "model", "alarm"])


def work_table(store: Store) -> pd.DataFrame:
    """Return who is at work, by what they hold, and until when without a further sign."""
    rows = [
        (one.name, one.holder, one.note, one.renewed_at, one.expires_at) for one in store.leases()
    ]
    return pd.DataFrame(rows, columns=["work", "holder", "note", "last sign", "expires"])


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
