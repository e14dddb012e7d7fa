"""What crosses the door of the store: plain frozen records, never rows of a table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntFlag
from typing import Any, Literal

from fink_ad.sources.contracts import DeadLetter, InputRange

__all__ = [
    "ANSWERS",
    "ActiveModel",
    "Answer",
    "BatchRecord",
    "CandidateRecord",
    "CandidateView",
    "CountKey",
    "CountKind",
    "KeptFor",
    "KeptRecord",
    "LabelRecord",
    "ModelRecord",
    "NewLabel",
    "PartRecord",
    "ReviewerRecord",
    "RevisionRecord",
    "batch_key",
]

Answer = Literal["anomaly", "ordinary", "bogus", "unsure"]
ANSWERS: tuple[Answer, ...] = ("anomaly", "ordinary", "bogus", "unsure")
"""What a reviewer may say of an alert."""

CountKind = Literal["in", "scored", "filtered", "duplicate", "dead_letter", "withheld"]


class KeptFor(IntFlag):
    """Why an alert is kept; several reasons may hold at once."""

    CANDIDATE = 1
    LABELLED = 2
    TOP = 4  # among the best scores of its night
    RANDOM = 8  # the random share, by hash of the id
    REFERENCE = 16  # the reservoir new columns and models are computed on


@dataclass(frozen=True)
class CountKey:
    """What is counted; ``night`` is 0 and ``survey`` empty where the packet did not tell."""

    night: int
    survey: str
    kind: CountKind
    reason: str = ""


def batch_key(source: str, ranges: Sequence[InputRange]) -> str:
    """Name a source batch by its input ranges alone: a repeated run gives the same name."""
    text = json.dumps([source, [[r.partition, r.start, r.stop] for r in sorted(ranges)]])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class CandidateRecord:
    """An alert that met the candidate rule.

    Attributes
    ----------
    score : float
        Anomaly score, higher = stranger.
    one_in, beyond : float, bool
        Rarity "1 in `one_in`", or rarer than that if `beyond`.
    reasons : tuple of str
        Rules that held: ``rarity``, or the reason of a promoting filter.
    top_features : tuple of (column id, value, contribution)
        The columns that made it strange, strongest first.
    """

    survey: str
    alert_id: int
    object_id: str
    population: str
    night: int
    model_revision: str
    score: float
    one_in: float
    beyond: bool
    provisional: bool
    reasons: Sequence[str] = ()
    tags: Sequence[str] = ()
    top_features: Sequence[Sequence[Any]] = ()


@dataclass(frozen=True)
class CandidateView(CandidateRecord):
    """A candidate with what the kept alert tells of it at a glance."""

    mjd_utc: float = float("nan")
    ra_deg: float = float("nan")
    dec_deg: float = float("nan")
    band: str = ""
    n_det: int = 0
    broker_classes: Sequence[str] = ()


@dataclass(frozen=True)
class KeptRecord:
    """An alert that is kept, with its AlertBatch row.

    Attributes
    ----------
    alert : bytes
        The row, as packed by `blobs.pack_alerts`.
    feature_schema, features : str, bytes
        Hash of the feature schema and the values, as packed by `blobs.pack_features`.
    stamps : bytes or None
        The three stamps, as packed by `blobs.pack_stamps`.
    """

    survey: str
    alert_id: int
    object_id: str
    population: str
    night: int
    mjd_utc: float
    ra_deg: float
    dec_deg: float
    band: str
    n_det: int
    score: float
    model_revision: str
    kept_for: KeptFor
    alert: bytes = field(repr=False)
    alert_schema: int
    feature_schema: str
    features: bytes = field(repr=False)
    broker_classes: Sequence[str] = ()
    stamps: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class PartRecord:
    """A Parquet part of the history, named relative to the home folder."""

    name: str
    survey: str
    night: int
    population: str
    feature_schema: str
    model_revision: str
    n_rows: int


@dataclass(frozen=True)
class BatchRecord:
    """All effects of one source batch, stored in one transaction or not at all.

    Attributes
    ----------
    counts : mapping of CountKey to int
        In total ``in = scored + filtered + duplicate + dead_letter``.
    reservoir_size : int
        How many reference alerts to keep per survey and population.
    stamps_per_night : int
        How many alerts of a night, survey and population have their stamps for their score.
    """

    source: str
    ranges: tuple[InputRange, ...]
    model_revision: str
    context_hash: str
    counts: Mapping[CountKey, int]
    parts: Sequence[PartRecord] = ()
    candidates: Sequence[CandidateRecord] = ()
    kept: Sequence[KeptRecord] = ()
    dead_letters: Sequence[DeadLetter] = ()
    reservoir_size: int = 10_000
    stamps_per_night: int = 1000

    @property
    def key(self) -> str:
        """Name of the batch in the ledger and in its parts."""
        return batch_key(self.source, self.ranges)

    def total(self, kind: CountKind) -> int:
        """Sum of all counts of a kind."""
        return sum(n for key, n in self.counts.items() if key.kind == kind)


@dataclass(frozen=True)
class ModelRecord:
    """A model; ``id`` is the content hash that names its folder."""

    id: str
    survey: str
    population: str
    provisional: bool
    n_rows: int
    manifest: Mapping[str, Any]
    reviewer_id: int | None = None


@dataclass(frozen=True)
class RevisionRecord:
    """The weights of a model after some set of answers."""

    id: str
    model_id: str
    n_labels: int
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class ActiveModel:
    """The revision in force, its model, and since when."""

    revision: RevisionRecord
    model: ModelRecord
    activated_at: datetime


@dataclass(frozen=True)
class ReviewerRecord:
    """A person who may label, while active."""

    id: int
    name: str
    active: bool
    created_at: datetime


@dataclass(frozen=True)
class NewLabel:
    """One answer, as it comes from a screen or a chat; the store adds what it knows."""

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


@dataclass(frozen=True)
class LabelRecord:
    """A stored answer, or with ``answer == "retracted"`` the undoing of label ``retracts``."""

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
    features: bytes = field(repr=False)
