"""What a source of alerts promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch

__all__ = ["DeadLetter", "InputRange", "Source", "SourceBatch", "SurveyBatch"]


@dataclass(frozen=True, order=True)
class InputRange:
    """Half-open range of positions of one partition: records of a file, offsets of a topic."""

    partition: str
    start: int
    stop: int


@dataclass(frozen=True)
class DeadLetter:
    """One packet that could not become an alert, with the reason and, if small, its bytes."""

    partition: str
    position: int
    reason: str
    detail: str
    schema_hash: str = ""
    payload: bytes | None = None


@dataclass(frozen=True, eq=False)
class SurveyBatch:
    """Alerts of one survey out of one source batch.

    Attributes
    ----------
    alerts : AlertBatch
        Without stamps.
    order : (n,) int64
        Place of each alert in the input order of the source batch.
    stamps : callable
        Given row numbers, returns a table with ``cutout_science``, ``cutout_template`` and
        ``cutout_difference`` (binary, null where the packet has none), one row each.
    """

    alerts: AlertBatch
    order: NDArray[np.int64]
    stamps: Callable[[NDArray[np.int64]], pa.Table]


@dataclass(frozen=True, eq=False)
class SourceBatch:
    """What a source hands over at a time: alerts, failures, and the range they came from.

    ``n_in`` = alerts + dead letters, always. ``n_bytes`` says how much memory the packets
    behind it hold on to for their stamps.
    """

    ranges: tuple[InputRange, ...]
    surveys: tuple[SurveyBatch, ...]
    dead_letters: tuple[DeadLetter, ...]
    n_bytes: int = 0

    @property
    def n_in(self) -> int:
        """Number of packets that arrived."""
        return sum(len(part.alerts) for part in self.surveys) + len(self.dead_letters)


class Source(Protocol):
    """A stream of alerts that can be resumed.

    ``name`` identifies the source in the ledger and in the counts. Batch boundaries depend on
    the input and the batch size only, so that a repeated run meets the same ranges.
    """

    name: str

    def total(self) -> int | None:
        """Return how many units of progress lie ahead (bytes for files), or None if endless."""
        ...

    def batches(self, done: Mapping[str, int]) -> Iterator[SourceBatch]:
        """Yield batches, skipping each partition's positions below ``done[partition]``."""
        ...

    def commit(self, ranges: Sequence[InputRange]) -> None:
        """Acknowledge ranges whose effects are safely stored."""
        ...
