"""Records of the stream: batches, and what of their alerts is kept, counted and proposed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any, Literal

from fink_ad.sources.contracts import DeadLetter, InputRange

__all__ = [
    "BatchRecord",
    "CandidateRecord",
    "CandidateView",
    "CountKey",
    "CountKind",
    "KeptFor",
    "KeptRecord",
    "NewFeatures",
    "PartRecord",
    "batch_key",
]

CountKind = Literal["in", "scored", "filtered", "duplicate", "dead_letter", "withheld"]


class KeptFor(IntFlag):
    """Why an alert is kept; several reasons may hold at once."""

    CANDIDATE = 1
    LABELLED = 2
    TOP = 4  # among the best scores of its night
    RANDOM = 8  # the random share, by hash of the id
    REFERENCE = 16  # the reservoir new columns and models are computed on
    WATCHED = 32  # its object is watched by somebody who is to see it


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
    top_features : tuple of (column id, value, contribution, unit, percentile, meaning)
        The columns that made it strange, strongest first; of old candidates only the first
        three are known.
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
    tags : sequence of str
        What filters said of it.
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
    tags: Sequence[str] = ()
    stamps: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class NewFeatures:
    """Features of kept alerts in another schema, as packed by `blobs.pack_features`."""

    survey: str
    alert_ids: Sequence[int]
    feature_schema: str
    features: Sequence[bytes] = field(repr=False)


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
