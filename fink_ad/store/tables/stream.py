"""The tables of where the stream stands: ledger, history, counts, dead letters."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from fink_ad.store.tables.base import Base

__all__ = ["DeadLetter", "HistoryPart", "Ledger", "NightCount"]


class Ledger(Base):
    """An input range whose effects are all stored."""

    __tablename__ = "ledger"

    source: Mapped[str] = mapped_column(primary_key=True)
    partition: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stop: Mapped[int]
    batch_key: Mapped[str] = mapped_column(index=True)
    model_revision: Mapped[str]
    context_hash: Mapped[str]
    committed_at: Mapped[datetime]


class HistoryPart(Base):
    """A Parquet file of the history that belongs to a stored input range."""

    __tablename__ = "history_part"
    __table_args__ = (Index(None, "survey", "night"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    survey: Mapped[str]
    night: Mapped[int]
    population: Mapped[str]  # empty in a part of filtered alerts
    feature_schema: Mapped[str]
    model_revision: Mapped[str]
    n_rows: Mapped[int]
    batch_key: Mapped[str] = mapped_column(index=True)


class DeadLetter(Base):
    """A packet that could not become an alert."""

    __tablename__ = "dead_letter"

    source: Mapped[str] = mapped_column(primary_key=True)
    partition: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(index=True)
    detail: Mapped[str]
    schema_hash: Mapped[str]
    seen_at: Mapped[datetime]
    payload: Mapped[bytes | None]


class NightCount(Base):
    """How many alerts of a night went where; night 0 where the packet told no time."""

    __tablename__ = "night_count"

    night: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(primary_key=True)
    survey: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]
