"""Records of the work between answer and ranking: who does it, when, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fink_ad.store.order import Order

__all__ = ["JobRun", "Lease", "NewOrder", "OrderRecord"]


@dataclass(frozen=True)
class Lease:
    """The right of one holder to a piece of work, until it expires.

    Attributes
    ----------
    name, holder : str
        Of the work, and of the process that does it.
    term : int
        Grows with every holder: a write that names an older term comes too late.
    note : str
        For people: what the holder says of itself.
    """

    name: str
    holder: str
    term: int
    acquired_at: datetime
    renewed_at: datetime
    expires_at: datetime
    note: str = ""


@dataclass(frozen=True)
class NewOrder:
    """A ranking of the kept alerts under one revision, to be published.

    Attributes
    ----------
    reviewer_id : int or None
        Whose; None for the shared one.
    label_position : int
        The latest label that was known when the revision was learned.
    calibration : mapping or None
        How the probabilities were calibrated; None if they are not.
    """

    survey: str
    population: str
    reviewer_id: int | None
    revision_id: str
    label_position: int
    order: Order = field(repr=False)
    calibration: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class OrderRecord:
    """A published order without its columns, which `Store.order` gives."""

    id: int
    survey: str
    population: str
    reviewer_id: int | None
    revision_id: str
    label_position: int
    n_objects: int
    published_at: datetime
    calibration: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class JobRun:
    """One run of a scheduled job; ``finished_at`` is None while it runs, or if it was killed."""

    id: int
    name: str
    due: datetime
    started_at: datetime
    finished_at: datetime | None
    holder: str
    outcome: str
    detail: str
