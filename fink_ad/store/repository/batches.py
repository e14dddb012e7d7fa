"""Source batches: all effects of one in one transaction, and how far a source has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection, func, insert, select

from fink_ad.errors import StoreError
from fink_ad.sources.contracts import InputRange
from fink_ad.store.records import BatchRecord, CountKey
from fink_ad.store.repository.kept import keep_alerts
from fink_ad.store.repository.notification_queue import queue_alerts
from fink_ad.store.repository.part import StorePart
from fink_ad.store.tables import Candidate, DeadLetter, HistoryPart, Ledger, NightCount
from fink_ad.store.upserts import upsert

__all__ = ["Batches", "add_counts", "check_batch", "store_effects"]

_CHUNK = 500  # databases limit how many values a statement may have


class Batches(StorePart):
    """Source batches in the store."""

    def commit_batch(self, batch: BatchRecord) -> bool:
        """Store all effects of a source batch, or nothing.

        Returns
        -------
        bool
            False if the batch is stored already; then nothing changes, counts included.

        Raises
        ------
        StoreError
            If only a part of the batch's input is stored already, ranges come out of order,
            the counts do not add up, or the database cannot be written.
        """
        check_batch(batch)
        with self.database.writing("alerts") as connection:
            if _is_stored(connection, batch):
                return False
            store_effects(connection, batch, self._clock(), batch.source)
            return True

    def done(self, source: str, partitions: Iterable[str] | None = None) -> Mapping[str, int]:
        """Return up to where each partition of a source is stored: its next position.

        Parameters
        ----------
        partitions : iterable of str, optional
            Only these: the ledger knows every file that was ever read.
        """
        query = (
            select(Ledger.partition, func.max(Ledger.stop))
            .where(Ledger.source == source)
            .group_by(Ledger.partition)
        )
        queries = [query]
        if partitions is not None:
            names = list(partitions)
            chunks = [names[first : first + _CHUNK] for first in range(0, len(names), _CHUNK)]
            queries = [query.where(Ledger.partition.in_(chunk)) for chunk in chunks]
        with self.database.reading() as connection:
            return {
                partition: int(stop)
                for one in queries
                for partition, stop in connection.execute(one)
            }


def store_effects(
    connection: Connection, batch: BatchRecord, now: datetime, counted_for: str
) -> None:
    """Store everything that a batch brings, its counts under the source `counted_for`."""
    origin = {"source": batch.source}
    common = origin | {
        "batch_key": batch.key,
        "model_revision": batch.model_revision,
        "context_hash": batch.context_hash,
        "committed_at": now,
    }
    ranges = [vars(r) | common for r in batch.ranges if r.stop > r.start]
    connection.execute(insert(Ledger), ranges)
    key = {"batch_key": batch.key}
    upsert(connection, HistoryPart, [vars(part) | key for part in batch.parts])
    keep_alerts(connection, batch.kept, batch.reservoir_size, batch.stamps_per_night, now)
    upsert(connection, Candidate, [vars(one) | key for one in batch.candidates])
    queue_alerts(connection, batch.candidates, batch.kept, now)
    letters = [vars(one) | origin | {"seen_at": now} for one in batch.dead_letters]
    upsert(connection, DeadLetter, letters)
    add_counts(connection, counted_for, batch.counts)


def add_counts(connection: Connection, source: str, counts: Mapping[CountKey, int]) -> None:
    """Add to the counts of a source; what is taken away is added as a negative number."""
    rows = [vars(key) | {"source": source, "n": n} for key, n in counts.items() if n]
    upsert(connection, NightCount, rows, lambda old, new: {"n": old.n + new.n})


def check_batch(batch: BatchRecord) -> None:
    """Raise a StoreError unless ranges are in order and counts add up."""
    n_in = batch.total("in")
    parts = {kind: batch.total(kind) for kind in ("scored", "filtered", "duplicate", "dead_letter")}
    if n_in != sum(parts.values()):
        told = " + ".join(f"{n} {kind}" for kind, n in parts.items())
        raise StoreError(f"counts of a batch of {batch.source!r}: {n_in} in, but {told}")
    if not any(one.stop > one.start for one in batch.ranges):
        raise StoreError(f"a batch of {batch.source!r} names no input range")
    backwards = [one for one in batch.ranges if one.stop < one.start]
    if backwards:
        raise StoreError(f"input range {backwards[0]} of {batch.source!r} runs backwards")
    _check_disjoint(batch)


def _check_disjoint(batch: BatchRecord) -> None:
    for one, after in pairwise(sorted(batch.ranges)):
        if one.partition == after.partition and after.start < one.stop:
            raise StoreError(f"input ranges {one} and {after} of {batch.source!r} overlap")


def _is_stored(connection: Connection, batch: BatchRecord) -> bool:
    """Tell whether the ledger covers the batch, wholly or not at all."""
    ranges = [one for one in batch.ranges if one.stop > one.start]
    query = (
        select(Ledger.partition, func.max(Ledger.stop))
        .where(Ledger.source == batch.source)
        .where(Ledger.partition.in_({one.partition for one in ranges}))
        .group_by(Ledger.partition)
    )
    done = {partition: int(stop) for partition, stop in connection.execute(query)}
    old = [one for one in ranges if one.start < done.get(one.partition, one.start)]
    if not old:
        return False
    if len(old) == len(ranges) and all(_covered(connection, batch.source, one) for one in old):
        return True
    raise StoreError(
        f"input range {old[0]} of {batch.source!r} overlaps what is stored up to"
        f" {done[old[0].partition]}; resume each partition where the ledger says"
    )


def _covered(connection: Connection, source: str, one: InputRange) -> bool:
    """Tell whether stored ranges, which never overlap, fill a range."""
    query = select(Ledger.start, Ledger.stop).where(
        Ledger.source == source,
        Ledger.partition == one.partition,
        Ledger.start < one.stop,
        Ledger.stop > one.start,
    )
    stored = connection.execute(query)
    filled = sum(min(stop, one.stop) - max(start, one.start) for start, stop in stored)
    return filled == one.stop - one.start
