"""The ``files`` source: alerts from Avro and Parquet files, folders and patterns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np

from fink_ad.alerts.avro import Limits, Schema
from fink_ad.errors import SourceError
from fink_ad.sources.contracts import DeadLetter, InputRange, SourceBatch, SurveyBatch
from fink_ad.sources.decoding import Decoder
from fink_ad.sources.discovery import Found, find_files
from fink_ad.sources.pieces import Broken, Piece, Skipped, pieces_of

__all__ = ["FilesSource"]

_BATCH_BYTES = 64 << 20


class FilesSource:
    """Alerts in files, folders (recursively, sorted by name) and glob patterns.

    Files are told apart by their first bytes: Avro containers, plain or gzipped, Parquet, and,
    with a schema at hand, bare or framed bodies of one packet each. In a folder, files that
    neither begin like Avro or Parquet nor are named ``.avro``, ``.avro.gz`` or ``.parquet``, and
    tables of something else, are left alone and listed in `skipped`; any other file that holds
    no alerts becomes a dead letter. Many files of one packet make one batch, a large file makes
    many; memory depends
    on `batch_size` and the size of single blocks, not on the length of the input.

    A partition is a file with its size and time of change, a position the ordinal of a packet
    in it: a file that has changed is new input. Batch boundaries depend on the files and
    `batch_size` only.

    Parameters
    ----------
    paths : sequence of str, pathlib.Path or Found
    batch_size : int
        Alerts per batch, roughly: a batch ends with the piece that reaches it, or 64 MiB.
    order : {"input", "time"}
        ``"time"`` sorts all alerts by time of exposure. It reads every file twice or more (the
        first time for the times) and needs 32 bytes of memory per alert; it is meant for replaying
        nights of up to some millions of alerts, in files that are roughly in order.
        A file that changes or goes meanwhile ends the run with a SourceError, before the batch
        that would lack its alerts.
    schema : Schema, optional
        Writer's schema of bodies without a header: bare ones, and framed ones whatever their id.
    schemas : mapping from int, optional
        Writer's schemas of framed bodies, by id.
    limits : Limits, optional

    Raises
    ------
    SourceError
        If a path does not exist, a pattern matches nothing, or an argument makes no sense.
    """

    name = "files"

    def __init__(
        self,
        paths: Sequence[str | Path | Found],
        *,
        batch_size: int = 1000,
        order: Literal["input", "time"] | str = "input",
        schema: Schema | None = None,
        schemas: Mapping[int, Schema] | None = None,
        limits: Limits | None = None,
    ) -> None:
        if batch_size < 1:
            raise SourceError(f"batch size {batch_size}: give a positive number")
        if order not in ("input", "time"):
            raise SourceError(f"order {order!r}: give 'input' or 'time'")
        self._batch_size = batch_size
        self._order = order
        self._limits = limits or Limits()
        self._decoder = Decoder(schema, schemas, self._limits)
        self._files = find_files(paths)
        self.progress = 0
        """Bytes of input behind the batch yielded last."""
        self.skipped: dict[Path, str] = {}
        """Files of folders that hold no alerts, and why; complete once all batches were read."""

    @property
    def n_files(self) -> int:
        """Number of files that were found, those of `skipped` included."""
        return len(self._files)

    def total(self) -> int:
        """Return the bytes of all files, the unit of `progress`."""
        total = 0
        for found in self._files:
            try:
                total += found.path.stat().st_size if not found.error else 0
            except OSError:
                continue  # becomes a dead letter when its turn comes
        return total

    def batches(self, done: Mapping[str, int]) -> Iterator[SourceBatch]:
        """Yield batches, skipping each partition's positions below ``done[partition]``."""
        self.progress = 0
        if self._order == "time":
            yield from self._by_time(done)
            return
        for pieces in self._gathered():
            self.progress += sum(piece.n_bytes for piece in pieces)
            left = [piece for piece in pieces if not _is_done(piece, done)]
            batch = self._decoder.decode(left, done)
            pieces.clear()  # shared with the generator: lets go of the files' bytes
            left.clear()
            if batch.n_in or batch.ranges:
                yield batch

    def commit(self, ranges: Sequence[InputRange]) -> None:
        """Do nothing: files stay where they are, and the ledger knows what was done."""

    def _gathered(self) -> Iterator[list[Piece | Broken]]:
        """Gather pieces into batches."""
        gathered: list[Piece | Broken] = []
        count = n_bytes = 0
        for found in self._files:
            for piece in pieces_of(found, batch_size=self._batch_size, limits=self._limits):
                if isinstance(piece, Skipped):
                    self.skipped[piece.path] = piece.why
                    self.progress += piece.n_bytes
                    continue
                gathered.append(piece)
                count += piece.count if isinstance(piece, Piece) else 1
                n_bytes += _memory(piece)
                if count >= self._batch_size or n_bytes >= _BATCH_BYTES:
                    yield gathered
                    gathered, count, n_bytes = [], 0, 0
        if gathered:
            yield gathered

    def _by_time(self, done: Mapping[str, int]) -> Iterator[SourceBatch]:
        """Sort by time: look at everything once, then fetch what each batch needs.

        The sorted input is one partition, whose name says which files it is made of; dead
        letters, which have no time, come first.
        """
        pieces: list[Piece | Broken] = []
        times, owners, places, weights = [], [], [], []
        letters: list[DeadLetter] = []
        for gathered in self._gathered():
            batch = self._decoder.decode(gathered, {})
            letters += batch.dead_letters
            starts = np.cumsum([0, *(p.count if isinstance(p, Piece) else 1 for p in gathered)])
            for part in batch.surveys:
                owner = np.searchsorted(starts, part.order, side="right") - 1
                times.append(part.alerts.numbers("mjd_utc"))
                owners.append(owner + len(pieces))
                places.append(part.order - starts[owner])
            weights += [max(_memory(piece), piece.n_bytes) for piece in gathered]
            pieces += [replace(p, held=None) if isinstance(p, Piece) else p for p in gathered]
        self.progress = 0
        none = np.empty(0, np.int64)
        time = np.concatenate([*times, none.astype(np.float64)])
        owner, place = np.concatenate([*owners, none]), np.concatenate([*places, none])
        rank = np.lexsort((place, owner, time))
        names = "\n".join(dict.fromkeys(piece.partition for piece in pieces))
        digest = hashlib.blake2b(names.encode(), digest_size=16).hexdigest()
        partition = f"by-time:{digest}"
        n_letters = len(letters)
        behind = done.get(partition, 0)
        n_bytes = sum(piece.n_bytes for piece in pieces)
        cuts = _cuts(owner[rank], np.array(weights, np.int64), n_letters, self._batch_size)
        for low, high in pairwise(cuts):
            self.progress = n_bytes * high // (n_letters + len(rank))
            start = max(low, behind)
            if start >= high:
                continue
            chosen = rank[max(start - n_letters, 0) : max(high - n_letters, 0)]
            needed = np.unique(owner[chosen])
            batch = self._decoder.decode([pieces[number] for number in needed], {})
            starts = np.cumsum([0, *(getattr(pieces[number], "count", 1) for number in needed)])
            wanted = starts[np.searchsorted(needed, owner[chosen])] + place[chosen]
            surveys = tuple(
                picked for part in batch.surveys if (picked := _pick(part, wanted)) is not None
            )
            there = np.full(len(chosen), np.nan)
            for part in surveys:
                there[part.order] = part.alerts.numbers("mjd_utc")
            if (gone := np.flatnonzero(there != time[chosen])).size:
                # Behind the range of a batch that lacks alerts, nobody would look for them again.
                raise SourceError(
                    f"{getattr(pieces[owner[chosen[gone[0]]]], 'path', '')} has changed or gone "
                    f"since it was looked at for times; run again, with the files that are there"
                )
            dead = [
                replace(letter, partition=partition, position=position)
                for position, letter in enumerate(letters)
                if start <= position < high
            ]
            yield SourceBatch(
                (InputRange(partition, start, high),), surveys, tuple(dead), batch.n_bytes
            )


def _is_done(piece: Piece | Broken, done: Mapping[str, int]) -> bool:
    position = done.get(piece.partition, 0)
    if isinstance(piece, Piece):
        return position >= piece.stop
    return piece.reason != "unreadable" and position > 0


def _cuts(owner: np.ndarray, weights: np.ndarray, n_letters: int, batch_size: int) -> list[int]:
    """Cut sorted input into batches of a bounded number of positions and of bytes to be read.

    Parameters
    ----------
    owner : (n_alerts,) int64
        Piece of each alert, in order of time.
    weights : (n_pieces,) int64
        Bytes of each piece.
    n_letters : int
        Positions before the first alert.
    batch_size : int
        Most positions of a batch; it may end sooner, before the piece that would take it beyond
        `_BATCH_BYTES`.

    Returns
    -------
    list of int
        Positions at which batches begin, and the end.
    """
    cuts, total = [0], n_letters + len(owner)
    while cuts[-1] < total:
        stop = min(cuts[-1] + batch_size, total)
        low = max(cuts[-1] - n_letters, 0)
        its_owner = owner[low : max(stop - n_letters, 0)]
        _, first = np.unique(its_owner, return_index=True)
        first.sort()
        too_much = np.cumsum(weights[its_owner[first]]) > _BATCH_BYTES
        too_much[:1] = False  # one piece is the least that can be read
        if too_much.any():
            stop = n_letters + low + int(first[too_much.argmax()])
        cuts.append(stop)
    return cuts


def _memory(piece: Piece | Broken) -> int:
    if isinstance(piece, Broken) or piece.parquet is not None:
        return 0
    return len(piece.held) if piece.held is not None else piece.n_bytes


def _pick(part: SurveyBatch, wanted: np.ndarray) -> SurveyBatch | None:
    """Return those alerts of a part whose place is wanted, in the order they are wanted in."""
    sorter = np.argsort(part.order)
    found = np.searchsorted(part.order, wanted, sorter=sorter)
    found[found == len(sorter)] = 0
    rows = sorter[found]
    there = np.flatnonzero(part.order[rows] == wanted)
    if not len(there):
        return None
    rows = rows[there]
    return SurveyBatch(part.alerts.take(rows), there, lambda chosen: part.stamps(rows[chosen]))
