"""Decode the pieces of one source batch: alerts, dead letters and ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import structlog
from numpy.typing import NDArray

from fink_ad.alerts import CUTOUTS, AlertBatch
from fink_ad.alerts.avro import Limits, Schema, read_packets
from fink_ad.alerts.packets import choose_fields, fields_among, stamps, to_batches
from fink_ad.alerts.parquet import ParquetPackets
from fink_ad.alerts.tables import PacketTables, Rejected
from fink_ad.errors import SourceError
from fink_ad.sources.contracts import DeadLetter, InputRange, SourceBatch, SurveyBatch
from fink_ad.sources.pieces import Broken, Piece

__all__ = ["Decoder"]

_log = structlog.get_logger(__name__)

_AVRO = b"Obj\x01"
_PAYLOAD_BYTES = 64 << 10
_FRAME_IDS = range(100, 100_000)
"""Ids of Rubin's schema registry, major * 100 + minor, that tell a frame from a bare body."""


@dataclass(eq=False)
class _Part:
    """Alerts of one group of packets, and where they are from."""

    alerts: AlertBatch
    survey: str
    tables: PacketTables
    rows: NDArray[np.int64]
    piece: NDArray[np.int64]
    position: NDArray[np.int64]
    order: NDArray[np.int64]
    parquet: Piece | None = None

    def stamps(self, chosen: NDArray[np.int64]) -> pa.Table:
        """Stamps of some alerts; those of a Parquet file stayed there until now.

        Where they cannot be read they are null: an alert is worth more than its pictures.
        """
        tables = self.tables
        if self.parquet is not None and self.parquet.parquet is not None:
            packets, group, start = self.parquet.parquet
            stop = start + self.parquet.count
            try:
                tables = packets.read(group, start, stop, fields_among(packets.paths))
            except SourceError as error:
                _log.warning("stamps cannot be read", error=str(error), n_alerts=len(chosen))
                nothing = [pa.nulls(len(chosen), pa.binary())] * len(CUTOUTS)
                return pa.table(nothing, schema=_NO_STAMPS.schema)
        return stamps(tables, self.rows[chosen])

    def take(self, chosen: NDArray[np.int64]) -> None:
        self.alerts = self.alerts.take(chosen)
        for name in ("rows", "piece", "position", "order"):
            setattr(self, name, getattr(self, name)[chosen])


@dataclass(frozen=True)
class Decoder:
    """Turns pieces into a SourceBatch.

    Attributes
    ----------
    schema : Schema, optional
        Of bodies without a header: bare ones, and framed ones with an id from 100 to 99 999.
    schemas : mapping from int, optional
        Of framed bodies, by id.
    limits : Limits
    """

    schema: Schema | None = None
    schemas: Mapping[int, Schema] | None = None
    limits: Limits = field(default_factory=Limits)

    def decode(self, pieces: Sequence[Piece | Broken], done: Mapping[str, int]) -> SourceBatch:
        """Decode pieces, leaving out positions below ``done[partition]``.

        What cannot be read at present becomes a dead letter ``unreadable`` whose position no
        range covers, so that the next run tries again.
        """
        work = _Work(self, pieces, done)
        messages: dict[int, bytes] = {}
        for number, piece in enumerate(pieces):
            if isinstance(piece, Broken):
                work.broken(number, piece)
            elif piece.parquet is not None:
                work.parquet(number, piece, *piece.parquet)
            else:
                try:
                    messages[number] = piece.message(self.limits)
                except OSError as error:
                    detail = f"{piece.path}: {error.strerror or error}"
                    work.broken(number, Broken(piece.partition, "unreadable", detail))
        work.avro(messages)
        return work.result()


class _Work:
    """One batch on its way through the decoder."""

    def __init__(
        self, decoder: Decoder, pieces: Sequence[Piece | Broken], done: Mapping[str, int]
    ) -> None:
        self._decoder = decoder
        self._pieces = pieces
        counts = [piece.count if isinstance(piece, Piece) else 1 for piece in pieces]
        self._before = np.cumsum([0, *counts])
        self._first = np.array([getattr(piece, "first", 0) for piece in pieces], np.int64)
        self._done = np.array([done.get(piece.partition, 0) for piece in pieces], np.int64)
        self._parts: list[_Part] = []
        self._letters: list[tuple[int, DeadLetter]] = []
        self._unread: set[int] = set()
        self._n_bytes = 0

    def broken(self, number: int, piece: Broken) -> None:
        if piece.reason == "unreadable":
            self._unread.add(number)
        elif self._done[number] > 0:
            return
        letter = DeadLetter(piece.partition, 0, piece.reason, piece.detail)
        self._letters.append((int(self._before[number]), letter))

    def parquet(
        self, number: int, piece: Piece, packets: ParquetPackets, group: int, start: int
    ) -> None:
        fields = fields_among(packets.paths, with_stamps=False)
        try:
            tables = packets.read(group, start, start + piece.count, fields)
        except SourceError as error:
            rows = range(piece.count)
            damaged = [Rejected(0, row, "damaged_parquet", str(error)) for row in rows]
            self._reject({0: number}, damaged, {})
            return
        self._map(tables, np.full(len(tables.top), number), {}, piece)

    def avro(self, messages: Mapping[int, bytes]) -> None:
        """Decode containers, framed and bare bodies, each kind in one call."""
        schema, schemas = self._decoder.schema, self._decoder.schemas
        kinds: dict[str, list[int]] = {"container": [], "framed": [], "bare": []}
        for number, message in messages.items():
            kinds[self._kind(message)].append(number)
        ids = {int.from_bytes(messages[number][1:5], "big") for number in kinds["framed"]}
        if schemas is None and schema is not None:
            schemas = dict.fromkeys(ids, schema)
        calls: dict[str, tuple[Schema | None, Mapping[int, Schema] | None]] = {
            "container": (None, None),
            "framed": (None, schemas),
            "bare": (schema, None),
        }
        for kind, numbers in kinds.items():
            if not numbers:
                continue
            bare, framed = calls[kind]
            chosen = [messages[number] for number in numbers]
            read = read_packets(
                chosen, choose_fields, schema=bare, schemas=framed, limits=self._decoder.limits
            )
            self._n_bytes += sum(len(message) for message in chosen)
            places = dict(enumerate(numbers))
            self._reject(places, read.rejected, messages)
            for tables in read.groups:
                self._map(tables, np.array(numbers)[tables.message], messages, None)

    def _kind(self, message: bytes) -> str:
        if message[:4] == _AVRO or (self._decoder.schema is None and self._decoder.schemas is None):
            return "container"
        is_frame = message[:1] == b"\0" and len(message) >= 5
        if self._decoder.schema is None:
            return "framed"
        has_id = is_frame and int.from_bytes(message[1:5], "big") in _FRAME_IDS
        return "framed" if has_id else "bare"

    def _map(
        self,
        tables: PacketTables,
        number: NDArray[np.int64],
        messages: Mapping[int, bytes],
        parquet: Piece | None,
    ) -> None:
        mapped = to_batches(tables)
        places = {int(m): int(n) for m, n in zip(tables.message, number, strict=True)}
        self._reject(places, mapped.rejected, messages)
        piece, record = number[mapped.rows], tables.record[mapped.rows]
        part = _Part(
            alerts=mapped.alerts,
            survey=mapped.survey,
            tables=tables,
            rows=mapped.rows,
            piece=piece,
            position=self._first[piece] + record,
            order=self._before[piece] + record,
            parquet=parquet,
        )
        fresh = np.flatnonzero(part.position >= self._done[piece])
        if len(fresh) < len(part.rows):
            part.take(fresh)
        if len(part.rows):
            self._parts.append(part)

    def _reject(
        self,
        places: Mapping[int, int],
        rejected: Sequence[Rejected],
        messages: Mapping[int, bytes],
    ) -> None:
        for one in rejected:
            number = places[one.message]
            piece = self._pieces[number]
            position = int(self._first[number]) + one.record
            if isinstance(piece, Broken) or position < self._done[number]:
                continue
            message = messages.get(number)
            is_small = message is not None and piece.count == 1 and len(message) <= _PAYLOAD_BYTES
            letter = DeadLetter(
                piece.partition,
                position,
                one.reason,
                f"{piece.path}: {one.detail}",
                one.schema_hash,
                message if is_small else None,
            )
            self._letters.append((int(self._before[number]) + one.record, letter))

    def result(self) -> SourceBatch:
        surveys = dict.fromkeys(part.survey for part in self._parts)
        self._letters.sort(key=lambda pair: pair[0])
        return SourceBatch(
            ranges=self._ranges(),
            surveys=tuple(
                _join([part for part in self._parts if part.survey == survey]) for survey in surveys
            ),
            dead_letters=tuple(letter for _, letter in self._letters),
            n_bytes=self._n_bytes,
        )

    def _ranges(self) -> tuple[InputRange, ...]:
        ranges: dict[str, InputRange] = {}
        for number, piece in enumerate(self._pieces):
            if number in self._unread:
                continue
            first = getattr(piece, "first", 0)
            start = max(first, int(self._done[number]))
            stop = piece.stop if isinstance(piece, Piece) else 1
            before = ranges.get(piece.partition)
            if start < stop:
                start = min(start, before.start) if before else start
                ranges[piece.partition] = InputRange(piece.partition, start, stop)
        return tuple(ranges.values())


def _join(parts: Sequence[_Part]) -> SurveyBatch:
    """Put the alerts of one survey into input order, whatever schemas they came in."""
    alerts = AlertBatch.concat(part.alerts for part in parts)
    order = np.concatenate([part.order for part in parts])
    place = np.argsort(order, kind="stable")
    if not np.array_equal(place, np.arange(len(place))):
        alerts, order = alerts.take(place), order[place]
    starts = np.cumsum([0, *(len(part.rows) for part in parts)])

    def stamps_of(rows: NDArray[np.int64]) -> pa.Table:
        wanted = place[np.asarray(rows, np.int64)]
        owner = np.searchsorted(starts, wanted, side="right") - 1
        tables, came_from = [_NO_STAMPS], []
        for number in np.unique(owner):
            mine = np.flatnonzero(owner == number)
            tables.append(parts[number].stamps(wanted[mine] - starts[number]))
            came_from.append(mine)
        back = np.argsort(np.concatenate([*came_from, np.empty(0, np.int64)]), kind="stable")
        return pa.concat_tables(tables).take(pa.array(back, pa.int64()))

    return SurveyBatch(alerts, order, stamps_of)


_NO_STAMPS = pa.schema([(f"cutout_{name}", pa.binary()) for name in CUTOUTS]).empty_table()
