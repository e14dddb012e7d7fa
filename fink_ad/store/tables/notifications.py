"""The tables of what goes out: accounts in the chat, subscriptions, watches, the outbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fink_ad.store.tables.base import Base

__all__ = ["ChatAccount", "LinkCode", "LinkTry", "Notification", "Subscription", "Watch"]


class ChatAccount(Base):
    """A user of the chat service who is a reviewer."""

    __tablename__ = "chat_account"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chat_id: Mapped[int]
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("reviewer.id"), index=True)
    linked_at: Mapped[datetime]
    muted_until: Mapped[datetime | None]


class LinkCode(Base):
    """A code that links one account once; only its hash is known."""

    __tablename__ = "link_code"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("reviewer.id"))
    expires_at: Mapped[datetime]


class LinkTry(Base):
    """Somebody tried a code; rows are forgotten when they no longer count."""

    __tablename__ = "link_try"
    __table_args__ = (Index(None, "user_id", "tried_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    tried_at: Mapped[datetime]


class Subscription(Base):
    """What is sent where; one that ended stays, for what it sent."""

    __tablename__ = "subscription"
    __table_args__ = (Index(None, "target"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[str]
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("reviewer.id"))
    survey: Mapped[str]
    population: Mapped[str]
    model: Mapped[str]
    per_night: Mapped[int]
    rarity: Mapped[float]
    where: Mapped[str]
    timezone: Mapped[str]
    quiet_from: Mapped[str]
    quiet_to: Mapped[str]
    digest_at: Mapped[str]
    active: Mapped[bool]
    created_at: Mapped[datetime]


class Watch(Base):
    """An object whose changes a reviewer wants to hear of."""

    __tablename__ = "watch"

    reviewer_id: Mapped[int] = mapped_column(ForeignKey("reviewer.id"), primary_key=True)
    survey: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str]
    alert_id: Mapped[int]
    created_at: Mapped[datetime]


class Notification(Base):
    """Something to be sent once: its name is unique."""

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("target", "survey", "object_id", "model", "occasion"),
        CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'expired', 'surplus', 'unwanted', 'failed')",
            name="state",
        ),
        Index(None, "state", "target", "due_at"),
        Index(None, "subscription_id", "night", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    target: Mapped[str]
    survey: Mapped[str]
    object_id: Mapped[str]
    model: Mapped[str]
    occasion: Mapped[str]
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    alert_id: Mapped[int]
    population: Mapped[str]
    model_revision: Mapped[str]
    night: Mapped[int]
    score: Mapped[float] = mapped_column(nullable=True)
    one_in: Mapped[float] = mapped_column(nullable=True)
    beyond: Mapped[bool]
    reason: Mapped[str]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[str]
    attempts: Mapped[int]
    in_doubt: Mapped[bool]
    claimed_until: Mapped[datetime | None]
    begun_at: Mapped[datetime | None]
    message_id: Mapped[str]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    detail: Mapped[str]
    body: Mapped[str]
