"""The tables of single alerts: the kept ones, and the candidates among them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from fink_ad.store.tables.base import Base

__all__ = ["Candidate", "KeptAlert"]


class KeptAlert(Base):
    """An alert whose AlertBatch row is stored, with the reasons why."""

    __tablename__ = "kept_alert"
    __table_args__ = (
        Index(None, "object_id", "survey"),
        Index(None, "survey", "population", "sample_key"),
        # Says all of who keeps stamps: the rows themselves, with their blobs, are not touched.
        Index(
            "ix_kept_alert_best", "survey", "population", "night", "score", "alert_id", "kept_for"
        ),
        Index(None, "kept_for"),
    )

    survey: Mapped[str] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    object_id: Mapped[str]
    population: Mapped[str]
    night: Mapped[int]
    mjd_utc: Mapped[float] = mapped_column(nullable=True)
    ra_deg: Mapped[float] = mapped_column(nullable=True)
    dec_deg: Mapped[float] = mapped_column(nullable=True)
    band: Mapped[str]
    n_det: Mapped[int]
    score: Mapped[float]
    model_revision: Mapped[str]
    kept_for: Mapped[int]  # bits of records.KeptFor
    sample_key: Mapped[int | None]  # place in the reference reservoir, null outside of it
    alert_schema: Mapped[int]
    feature_schema: Mapped[str]
    broker_classes: Mapped[Any]
    tags: Mapped[Any]
    features: Mapped[bytes]
    alert: Mapped[bytes]
    stamps: Mapped[bytes | None]


class Candidate(Base):
    """An alert that met the candidate rule under a model revision."""

    __tablename__ = "candidate"
    __table_args__ = (
        Index(None, "night", "score"),
        Index(None, "object_id", "survey"),
    )

    survey: Mapped[str] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    model_revision: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str]
    population: Mapped[str]
    night: Mapped[int]
    score: Mapped[float]
    one_in: Mapped[float]
    beyond: Mapped[bool]
    provisional: Mapped[bool]
    reasons: Mapped[Any]
    tags: Mapped[Any]
    top_features: Mapped[Any]
    batch_key: Mapped[str]  # the input ranges it came from, as in the ledger
