"""Read stored dead letters again; those that can be read now go through the street."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fink_ad.alerts.avro import Limits, Schema
from fink_ad.config import Settings
from fink_ad.pipeline import run
from fink_ad.sources import InputRange, SourceBatch
from fink_ad.sources.decoding import Decoder
from fink_ad.sources.pieces import Piece
from fink_ad.store import BatchRecord, Store, StoredLetter

__all__ = ["RetryResult", "retry_letters"]

_PREFIX = "retry:"
_BATCH_BYTES = 16 << 20


@dataclass(frozen=True)
class RetryResult:
    """What became of the dead letters that were tried.

    Attributes
    ----------
    n_tried, n_settled : int
        Letters read again, and those that are alerts now: scored, filtered or duplicates.
    n_without_payload : int
        Letters whose bytes were not kept; only their source could bring them again.
    failing : mapping of str to int
        Letters that still cannot be read, by today's reason.
    outcome : mapping of str to int
        Settled letters by what they are now: ``scored``, ``filtered``, ``duplicate``; and how
        many ``candidates`` are among them.
    """

    n_tried: int
    n_settled: int
    n_without_payload: int
    failing: Mapping[str, int]
    outcome: Mapping[str, int]


def retry_letters(
    store: Store,
    settings: Settings,
    *,
    source: str | None = None,
    reason: str | None = None,
    schema: Schema | None = None,
) -> RetryResult:
    """Give dead letters to today's reader, and what it can read to the street.

    A letter that becomes an alert is taken out of the dead letters and their counts in the
    transaction that stores the alert, so that all sums hold whenever the process dies.

    Parameters
    ----------
    source, reason : str, optional
        Only letters of this source, or with this reason.
    schema : Schema, optional
        Writer's schema of bodies without a header.

    Raises
    ------
    FinkAdError
        If the store or a model cannot do its work. What was settled before stays so.
    """
    decoder = Decoder(schema, limits=Limits(**settings.limits.model_dump()))
    n_all = len(store.stored_letters(source, reason, limit=None))
    letters = store.stored_letters(source, reason, limit=None, with_payload=True)
    failing: Counter[str] = Counter()
    outcome: Counter[str] = Counter()
    n_settled = 0
    for name in sorted({letter.source for letter in letters}):
        own = [letter for letter in letters if letter.source == name]
        again = _RetrySource(name, own, decoder, settings.batch_size)
        summary = run(again, _RetryStore(store.database, store.history), settings)
        outcome["scored"] += summary.n_scored
        outcome["filtered"] += summary.n_filtered.total()
        outcome["duplicate"] += summary.n_duplicate
        outcome["candidates"] += summary.n_candidates
        n_settled += summary.n_in
        failing += again.failing
    return RetryResult(
        n_tried=len(letters),
        n_settled=n_settled,
        n_without_payload=n_all - len(letters),
        failing=dict(sorted(failing.items())),
        outcome=dict(outcome),
    )


class _RetrySource:
    """Dead letters of one source, as a source of their own; only those that can be read."""

    def __init__(
        self, source: str, letters: Sequence[StoredLetter], decoder: Decoder, batch_size: int
    ) -> None:
        self.name = _PREFIX + source
        self.failing: Counter[str] = Counter()
        self._letters = letters
        self._decoder = decoder
        self._batch_size = batch_size

    def total(self) -> int:
        return len(self._letters)

    def batches(self, done: Mapping[str, int]) -> Iterator[SourceBatch]:
        for letters in self._gathered():
            tried = self._decode(letters)
            failed = {letter.partition: letter.reason for letter in tried.dead_letters}
            self.failing.update(failed.values())
            readable = [one for one in letters if one.id not in failed]
            if readable:
                batch = tried if not failed else self._decode(readable)
                places = sorted((one.letter.partition, one.letter.position) for one in readable)
                ranges = tuple(InputRange(name, at, at + 1) for name, at in places)
                yield replace(batch, ranges=ranges)

    def commit(self, ranges: Sequence[InputRange]) -> None:
        """Do nothing: the letters were taken out with the alerts stored."""

    def _decode(self, letters: Sequence[StoredLetter]) -> SourceBatch:
        """Decode letters, each a partition of its own: its failure is its own as well."""
        pieces = [
            Piece(one.id, 0, 1, 0, Path(one.letter.partition), held=one.letter.payload or b"")
            for one in letters
        ]
        return self._decoder.decode(pieces, {})

    def _gathered(self) -> Iterator[list[StoredLetter]]:
        gathered: list[StoredLetter] = []
        n_bytes = 0
        for one in self._letters:
            gathered.append(one)
            n_bytes += len(one.letter.payload or b"")
            if len(gathered) >= self._batch_size or n_bytes >= _BATCH_BYTES:
                yield gathered
                gathered, n_bytes = [], 0
        if gathered:
            yield gathered


class _RetryStore(Store):
    """The store, but for batches: their alerts take the place of dead letters."""

    def commit_batch(self, batch: BatchRecord) -> bool:
        return self.settle_letters(batch, batch.source.removeprefix(_PREFIX))
