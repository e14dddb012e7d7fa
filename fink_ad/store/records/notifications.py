"""Records of what goes out: who is told what, where, and whether it arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

__all__ = [
    "SHARED",
    "ChatAccount",
    "NewNotification",
    "NewSubscription",
    "Notification",
    "NotificationKind",
    "NotificationState",
    "Subscription",
    "Watch",
]

NotificationKind = Literal["candidate", "watch", "heartbeat", "notice"]
NotificationState = Literal["queued", "sending", "sent", "expired", "surplus", "unwanted", "failed"]

SHARED = "shared"
"""Name of the model that all answers teach; a personal one is called ``reviewer:<id>``."""


@dataclass(frozen=True)
class ChatAccount:
    """A user of the chat service who is a reviewer.

    Attributes
    ----------
    user_id : int
        Of the user, whom alone it identifies: a chat may have many members.
    chat_id : int
        The private chat with the user.
    muted_until : datetime.datetime or None
        Nothing is sent there before.
    """

    user_id: int
    chat_id: int
    reviewer_id: int
    linked_at: datetime
    muted_until: datetime | None = None


@dataclass(frozen=True)
class NewSubscription:
    """What is to be sent where.

    Attributes
    ----------
    target : str
        ``telegram:<chat id>``, or ``door:<name>`` of a door in the settings.
    reviewer_id : int
        Who asked for it.
    model : str
        `SHARED`, or ``reviewer:<id>``.
    per_night : int
        At most so many objects of a night.
    rarity : float
        Only what is at least "1 in `rarity`".
    where : str
        Condition on columns and tags; empty for none.
    timezone : str
        IANA name, for the hours below.
    quiet_from, quiet_to : str
        ``HH:MM``, between which nothing is sent; empty for never.
    digest_at : str
        ``HH:MM`` of the daily digest; empty for at once.
    """

    target: str
    reviewer_id: int
    survey: str
    population: str
    model: str = SHARED
    per_night: int = 10
    rarity: float = 1000.0
    where: str = ""
    timezone: str = "UTC"
    quiet_from: str = ""
    quiet_to: str = ""
    digest_at: str = ""


@dataclass(frozen=True)
class Subscription(NewSubscription):
    """A stored `NewSubscription`; one that ended is no longer active."""

    id: int = 0
    active: bool = True
    created_at: datetime | None = None


@dataclass(frozen=True)
class Watch:
    """An object whose changes a reviewer wants to hear of, since the alert that was last told."""

    reviewer_id: int
    target: str
    survey: str
    object_id: str
    alert_id: int
    created_at: datetime


@dataclass(frozen=True)
class NewNotification:
    """Something to be sent, once.

    Attributes
    ----------
    kind : str
        What it is about: a candidate, a watched object, the night as a whole, or what operators
        have to know.
    target, survey, object_id, model, occasion : str
        Together they are its name: the same again is not sent again. The occasion is ``first``,
        ``again:<alert id>`` for a material change, ``watch:<alert id>``, or of a heartbeat when
        it was due.
    subscription_id : int or None
    alert_id : int
        Of the alert to show.
    model_revision : str
        Under which it was ranked.
    night : int
        The limit of a subscription counts by it.
    due_at, expires_at : datetime.datetime
        Not before, and not after.
    """

    kind: NotificationKind
    target: str
    survey: str
    object_id: str
    model: str
    occasion: str
    due_at: datetime
    expires_at: datetime
    subscription_id: int | None = None
    alert_id: int = 0
    population: str = ""
    model_revision: str = ""
    night: int = 0
    score: float = float("nan")
    one_in: float = float("nan")
    beyond: bool = False
    reason: str = ""
    body: str = ""


@dataclass(frozen=True)
class Notification(NewNotification):
    """A stored `NewNotification`, and what became of it.

    Attributes
    ----------
    attempts : int
        How often a sender took it in hand.
    in_doubt : bool
        It was on its way when its sender died, or lost the other side: it may have arrived.
    begun_at : datetime.datetime or None
        Since when it is on its way; None while it is not, or no longer.
    message_id : str
        What the other side calls it, once it was accepted.
    detail : str
        Why it was put off or not sent.
    """

    id: int = 0
    state: NotificationState = "queued"
    attempts: int = 0
    in_doubt: bool = False
    claimed_until: datetime | None = None
    begun_at: datetime | None = None
    message_id: str = ""
    created_at: datetime | None = None
    sent_at: datetime | None = None
    detail: str = ""
