"""The tables of work: who does what until when, what jobs came to, which release upgraded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fink_ad.store.tables.base import Base

__all__ = ["JobRun", "Lease", "Upgrade"]


class Lease(Base):
    """Who does a piece of work until when; the term grows with every holder, and never sinks."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]  # empty after a release
    term: Mapped[int]
    acquired_at: Mapped[datetime]
    renewed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    note: Mapped[str]


class JobRun(Base):
    """One run of a scheduled job; who inserts the row runs it."""

    __tablename__ = "job_run"
    __table_args__ = (UniqueConstraint("name", "due"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    due: Mapped[datetime]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    holder: Mapped[str]
    outcome: Mapped[str]
    detail: Mapped[str]


class Upgrade(Base):
    """Which release of fink_ad brought the database to which revision."""

    __tablename__ = "upgrade"

    revision: Mapped[str] = mapped_column(primary_key=True)
    fink_ad_version: Mapped[str]
    upgraded_at: Mapped[datetime]
