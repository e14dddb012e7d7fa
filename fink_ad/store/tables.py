"""The tables: what is kept, for whom, and where the stream stands.

Keys are 64-bit integers and strings, so that the same tables serve SQLite and PostgreSQL. Big
columns stand last: SQLite reads the others without following a blob's overflow pages.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fink_ad.store.columns import FloatOrNan, Int64, JsonText, PlainText, UtcDateTime

__all__ = [
    "Activation",
    "Base",
    "Candidate",
    "DeadLetter",
    "Decision",
    "Drift",
    "HistoryPart",
    "JobRun",
    "KeptAlert",
    "Label",
    "LabelImport",
    "Lease",
    "Ledger",
    "Model",
    "NightCount",
    "PublishedOrder",
    "Reviewer",
    "Revision",
    "Showing",
    "Upgrade",
]


class Base(DeclarativeBase):
    """Common to all tables: constraint names and column types."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy's own idiom
        int: Int64,
        str: PlainText,
        float: FloatOrNan,
        datetime: UtcDateTime,
        Any: JsonText,
    }


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


class Showing(Base):
    """A candidate drawn for a reviewer, and why; only the times of its lease change."""

    __tablename__ = "showing"
    __table_args__ = (
        Index(None, "reviewer_id", "survey"),
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


class Upgrade(Base):
    """Which release of fink_ad brought the database to which revision."""

    __tablename__ = "upgrade"

    revision: Mapped[str] = mapped_column(primary_key=True)
    fink_ad_version: Mapped[str]
    upgraded_at: Mapped[datetime]
