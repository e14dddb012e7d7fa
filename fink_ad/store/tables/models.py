"""The tables of models: revisions, which is in force, how they rank, and how they drift."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from fink_ad.store.tables.base import Base

__all__ = ["Activation", "Decision", "Drift", "Model", "PublishedOrder", "Revision"]


class Model(Base):
    """Trees on a reference sample; its arrays are in the model folder of the same name."""

    __tablename__ = "model"

    id: Mapped[str] = mapped_column(primary_key=True)
    survey: Mapped[str]
    population: Mapped[str]
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("reviewer.id"))
    created_at: Mapped[datetime]
    provisional: Mapped[bool]
    n_rows: Mapped[int]
    manifest: Mapped[Any]


class Revision(Base):
    """The weights of a model after some set of answers."""

    __tablename__ = "revision"

    id: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("model.id"), index=True)
    created_at: Mapped[datetime]
    n_labels: Mapped[int]
    manifest: Mapped[Any]


class Activation(Base):
    """A revision was made the active one; append-only, the latest event holds.

    ``previous`` is the event a rollback returns to.
    """

    __tablename__ = "activation"
    __table_args__ = (Index(None, "survey", "population", "reviewer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    survey: Mapped[str]
    population: Mapped[str]
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("reviewer.id"))
    revision_id: Mapped[str] = mapped_column(ForeignKey("revision.id"))
    previous: Mapped[int | None] = mapped_column(ForeignKey("activation.id"))
    activated_at: Mapped[datetime]


class Decision(Base):
    """What was decided of a revision that might come into force, and on what grounds."""

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint(
            "verdict IN ('promoted', 'not promoted', 'not enough evidence', 'rolled back')",
            name="verdict",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contender: Mapped[str] = mapped_column(ForeignKey("revision.id"))
    incumbent: Mapped[str | None] = mapped_column(ForeignKey("revision.id"))
    survey: Mapped[str]
    population: Mapped[str]
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("reviewer.id"))
    verdict: Mapped[str]
    decided_at: Mapped[datetime]
    by: Mapped[str]
    figures: Mapped[Any]


class PublishedOrder(Base):
    """The kept alerts' objects, ranked under one revision; the latest one holds."""

    __tablename__ = "published_order"
    __table_args__ = (Index(None, "survey", "population", "reviewer_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    survey: Mapped[str]
    population: Mapped[str]
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("reviewer.id"))
    revision_id: Mapped[str] = mapped_column(ForeignKey("revision.id"))
    label_position: Mapped[int]
    n_objects: Mapped[int]
    published_at: Mapped[datetime]
    calibration: Mapped[Any]
    columns: Mapped[bytes]


class Drift(Base):
    """How far a night was from the reference of the model that scored it."""

    __tablename__ = "drift"

    survey: Mapped[str] = mapped_column(primary_key=True)
    population: Mapped[str] = mapped_column(primary_key=True)
    night: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    model_revision: Mapped[str] = mapped_column(primary_key=True)
    figures: Mapped[Any]
    alarm: Mapped[bool]
    measured_at: Mapped[datetime]
