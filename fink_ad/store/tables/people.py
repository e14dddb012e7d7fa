"""The tables of reviewers: who they are, what they were shown, and what they said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fink_ad.store.tables.base import Base

__all__ = ["Label", "LabelImport", "Reviewer", "Showing"]


class Reviewer(Base):
    """A person who may label."""

    __tablename__ = "reviewer"
    __table_args__ = (CheckConstraint("role IN ('reviewer', 'operator')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    active: Mapped[bool]
    created_at: Mapped[datetime]
    role: Mapped[str]
    personal: Mapped[bool]


class Label(Base):
    """One answer by one reviewer about one alert, or the undoing of one; append-only."""

    __tablename__ = "label"
    __table_args__ = (
        UniqueConstraint("reviewer_id", "survey", "alert_id", "answer", "answered_at"),
        CheckConstraint(
            "answer IN ('anomaly', 'ordinary', 'bogus', 'unsure', 'retracted')", name="answer"
        ),
        CheckConstraint("(answer = 'retracted') = (retracts IS NOT NULL)", name="retracts"),
        Index(None, "survey", "object_id"),
        Index(None, "survey", "population", "id"),  # says at once whether there is a new answer
        Index(None, "channel"),  # counts the answers of an import
        Index(None, "reviewer_id", "id"),  # finds the last answers of somebody
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    survey: Mapped[str]
    alert_id: Mapped[int]
    object_id: Mapped[str]
    population: Mapped[str]
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("reviewer.id"))
    answer: Mapped[str]
    tags: Mapped[Any]
    note: Mapped[str]
    model_revision: Mapped[str]
    shown_at: Mapped[datetime | None]
    answered_at: Mapped[datetime]
    channel: Mapped[str]
    retracts: Mapped[int | None] = mapped_column(ForeignKey("label.id"), unique=True)
    feature_schema: Mapped[str]
    features: Mapped[bytes]
    token: Mapped[str | None] = mapped_column(index=True, unique=True)


class LabelImport(Base):
    """A file of answers that was taken in; its labels have the channel ``import:<name>``."""

    __tablename__ = "label_import"

    name: Mapped[str] = mapped_column(primary_key=True)
    imported_at: Mapped[datetime]
    sha256: Mapped[str]
    n_rows: Mapped[int]
    n_stored: Mapped[int]
    trusted_at: Mapped[datetime | None]
    distrusted_at: Mapped[datetime | None]


class Showing(Base):
    """A candidate drawn for a reviewer, and why; only what became of it changes."""

    __tablename__ = "showing"
    __table_args__ = (
        Index(None, "reviewer_id", "survey", "alert_id"),
        Index(None, "leased_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("reviewer.id"))
    survey: Mapped[str]
    alert_id: Mapped[int]
    object_id: Mapped[str]
    population: Mapped[str]
    model_revision: Mapped[str]
    draw: Mapped[str]
    reason: Mapped[str]
    share: Mapped[float]
    score: Mapped[float]
    one_in: Mapped[float] = mapped_column(nullable=True)
    channel: Mapped[str]
    place: Mapped[int]
    order_size: Mapped[int]
    drawn_at: Mapped[datetime]
    leased_until: Mapped[datetime]
    shown_at: Mapped[datetime | None]
    p_interesting: Mapped[float] = mapped_column(nullable=True)
    n_calibration: Mapped[int] = mapped_column(server_default="0")
    released_at: Mapped[datetime | None]  # given back, after or before the lease ended
    latest_alert_id: Mapped[int | None]  # of the object among the kept ones, when drawn
