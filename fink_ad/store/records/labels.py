"""Records of people: who may answer, what they were shown, and what they said."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

__all__ = [
    "ANSWERS",
    "DRAWS",
    "IMPORT_CHANNEL",
    "ROLES",
    "Answer",
    "AnsweredShowing",
    "Draw",
    "LabelImport",
    "LabelRecord",
    "NewLabel",
    "NewShowing",
    "ReviewerRecord",
    "Role",
    "Showing",
    "retracted_ids",
    "standing_labels",
]

Answer = Literal["anomaly", "ordinary", "bogus", "unsure"]
ANSWERS: tuple[Answer, ...] = ("anomaly", "ordinary", "bogus", "unsure")
"""What a reviewer may say of an alert."""

Role = Literal["reviewer", "operator"]
ROLES: tuple[Role, ...] = ("reviewer", "operator")
"""What a person may do: answer, or also run the place."""

Draw = Literal["top", "novel", "random", "repeat", "gold", "returned"]
DRAWS: tuple[Draw, ...] = ("top", "novel", "random", "repeat", "gold", "returned")
"""How a candidate came to be shown."""

IMPORT_CHANNEL = "import:"
"""An imported answer has this and the name of its import as its channel."""


@dataclass(frozen=True)
class ReviewerRecord:
    """A person who may label, while active; ``personal`` if a model of their own learns along."""

    id: int
    name: str
    active: bool
    created_at: datetime
    role: str = "reviewer"
    personal: bool = False


@dataclass(frozen=True)
class NewLabel:
    """One answer, as it comes from a screen or a chat; the store adds what it knows.

    Attributes
    ----------
    token : str
        The sender's own name for this answer: sent again with it, the answer is stored once.
        Empty for none.
    """

    survey: str
    alert_id: int
    reviewer_id: int
    answer: Answer
    channel: str
    answered_at: datetime
    shown_at: datetime | None = None
    model_revision: str = ""
    tags: Sequence[str] = ()
    note: str = ""
    token: str = ""


@dataclass(frozen=True)
class LabelRecord:
    """A stored answer, or with ``answer == "retracted"`` the undoing of label ``retracts``.

    The features that the alert had when it was answered are read with `Store.label_features`.
    """

    id: int
    survey: str
    alert_id: int
    object_id: str
    population: str
    reviewer_id: int
    answer: str
    tags: Sequence[str]
    note: str
    model_revision: str
    shown_at: datetime | None
    answered_at: datetime
    channel: str
    retracts: int | None
    feature_schema: str
    token: str | None = None


def retracted_ids(events: Iterable[LabelRecord]) -> frozenset[int]:
    """Return the ids of the answers that were taken back, among all events of their reviewers."""
    return frozenset(event.retracts for event in events if event.retracts is not None)


def standing_labels(events: Sequence[LabelRecord]) -> list[LabelRecord]:
    """Return the answers that were not taken back, in the order of the events."""
    undone = retracted_ids(events)
    return [event for event in events if event.retracts is None and event.id not in undone]


@dataclass(frozen=True)
class LabelImport:
    """A file of answers taken in; they judge no model until somebody trusts them.

    Attributes
    ----------
    name : str
        Its labels have the channel ``import:<name>``.
    sha256 : str
        Of the file.
    n_rows, n_stored : int
        Rows in the file, and how many of them are labels: counted when the import is read.
    trusted_at : datetime.datetime or None
        Since when its labels also judge models.
    distrusted_at : datetime.datetime or None
        Since when its labels neither teach nor judge. At most one of the two is given.
    """

    name: str
    imported_at: datetime
    sha256: str
    n_rows: int
    n_stored: int
    trusted_at: datetime | None = None
    distrusted_at: datetime | None = None


@dataclass(frozen=True)
class NewShowing:
    """A candidate that may be shown to a reviewer, and why it was drawn.

    Attributes
    ----------
    draw : str
        One of `DRAWS`.
    reason : str
        The same in words a reader understands.
    share : float
        Share of the draws that were of this kind when it was drawn.
    score, one_in : float
        Of the object in the published order, where its strangest alert stands for it.
    place, order_size : int
        Rank in the published order, 1 = strangest, and the number of objects in it.
    p_interesting, n_calibration : float, int
        Calibrated probability that it is called an anomaly, and the answers it rests on; NaN
        and 0 while there are too few.
    """

    reviewer_id: int
    survey: str
    alert_id: int
    object_id: str
    population: str
    model_revision: str
    draw: Draw
    reason: str
    share: float
    score: float
    one_in: float
    channel: str
    place: int
    order_size: int
    p_interesting: float = math.nan
    n_calibration: int = 0


@dataclass(frozen=True)
class Showing:
    """A candidate drawn for a reviewer; nobody else is shown its object until ``leased_until``.

    ``shown_at`` is when it was on the screen as a whole, ``released_at`` when it was given back
    unanswered; None before. ``latest_alert_id`` is the latest kept alert of the object when it
    was drawn, None if not known.
    """

    id: int
    reviewer_id: int
    survey: str
    alert_id: int
    object_id: str
    population: str
    model_revision: str
    draw: str
    reason: str
    share: float
    score: float
    one_in: float
    channel: str
    place: int
    order_size: int
    drawn_at: datetime
    leased_until: datetime
    shown_at: datetime | None = None
    p_interesting: float = math.nan
    n_calibration: int = 0
    released_at: datetime | None = None
    latest_alert_id: int | None = None


@dataclass(frozen=True)
class AnsweredShowing:
    """What was answered about a candidate, why it was drawn, and its place in the order then."""

    answer: str
    draw: str
    place: int
    order_size: int
