"""What a reviewer answered: when, how fast, and where others disagree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from fink_ad.store import ReviewerRecord, Store, retracted_ids

__all__ = ["ANSWER_COLUMNS", "Pace", "answer_table", "pace"]

ANSWER_COLUMNS = (
    "label_id",
    "answered_at",
    "object_id",
    "survey",
    "answer",
    "others",
    "disagree",
    "tags",
    "note",
    "seconds",
    "channel",
    "undone",
)
"""Columns of the table of one's own answers; `seconds` is how long the candidate was looked at."""


def answer_table(store: Store, reviewer: ReviewerRecord) -> pd.DataFrame:
    """Return a reviewer's answers, latest first, with what others last said of the objects.

    An answer that was taken back is there, marked, and nothing of others beside it: what they
    said stays hidden until one has said something oneself.
    """
    events = store.labels(reviewer_id=reviewer.id)
    undone = retracted_ids(events)
    others: dict[tuple[str, str], list[str]] = {}
    for survey in sorted({event.survey for event in events}):
        for label in store.latest_labels(survey):
            if label.reviewer_id != reviewer.id:
                others.setdefault((survey, label.object_id), []).append(label.answer)
    rows = []
    for event in reversed(events):
        if event.retracts is not None:
            continue
        taken_back = event.id in undone
        said = [] if taken_back else others.get((event.survey, event.object_id), [])
        looked = (
            np.nan
            if event.shown_at is None
            else (event.answered_at - event.shown_at).total_seconds()
        )
        rows.append(
            (
                event.id,
                event.answered_at,
                event.object_id,
                event.survey,
                event.answer,
                ", ".join(sorted(said)),
                any(one != event.answer for one in said),
                ", ".join(event.tags),
                event.note,
                looked,
                event.channel,
                taken_back,
            )
        )
    return pd.DataFrame(rows, columns=list(ANSWER_COLUMNS))


@dataclass(frozen=True)
class Pace:
    """How a reviewer goes along.

    Attributes
    ----------
    n_answers, n_week : int
        Answers that stand, of all time and of the last seven days.
    median_seconds : float
        How long a candidate is looked at; NaN if unknown.
    n_disagree : int
        Answers about which others said something else.
    """

    n_answers: int
    n_week: int
    median_seconds: float
    n_disagree: int


def pace(table: pd.DataFrame, now: datetime | None = None) -> Pace:
    """Sum up a table of answers."""
    standing = table[~table["undone"].astype(bool)]
    since = (now or datetime.now(UTC)) - timedelta(days=7)
    seconds = standing["seconds"].dropna().to_numpy(np.float64)
    return Pace(
        len(standing),
        int(sum(when >= since for when in standing["answered_at"])),
        float(np.median(seconds)) if len(seconds) else float("nan"),
        int(standing["disagree"].sum()),
    )
