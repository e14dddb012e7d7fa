"""Dead letters one by one: found again, settled, and their places in the counts."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, select, tuple_

from fink_ad.errors import StoreError
from fink_ad.sources.contracts import DeadLetter
from fink_ad.store.records import BatchRecord, CountKey
from fink_ad.store.repository.batches import add_counts, check_batch, store_effects
from fink_ad.store.repository.part import StorePart, columns_of
from fink_ad.store.tables import DeadLetter as DeadLetterRow
from fink_ad.store.upserts import table_of

__all__ = ["Letters", "StoredLetter"]

_CHUNK = 300


@dataclass(frozen=True)
class StoredLetter:
    """A dead letter, the source it came from, and when."""

    source: str
    seen_at: datetime
    letter: DeadLetter

    @property
    def id(self) -> str:
        """Short name for a person to point at it: a hash of source, partition and position."""
        return _id(self.source, self.letter.partition, self.letter.position)


class Letters(StorePart):
    """Dead letters in the store."""

    def stored_letters(
        self,
        source: str | None = None,
        reason: str | None = None,
        limit: int | None = 100,
        *,
        with_payload: bool = False,
    ) -> tuple[StoredLetter, ...]:
        """Return dead letters, newest first; payloads only if asked for.

        Parameters
        ----------
        with_payload : bool
            Return payloads, and only letters that have one.
        """
        columns = [
            column
            for column in columns_of(DeadLetterRow, DeadLetter)
            if with_payload or column.name != "payload"
        ]
        query: Select[Any] = select(*columns, DeadLetterRow.source, DeadLetterRow.seen_at)
        if source is not None:
            query = query.where(DeadLetterRow.source == source)
        if reason is not None:
            query = query.where(DeadLetterRow.reason == reason)
        if with_payload:
            query = query.where(DeadLetterRow.payload.is_not(None))
        newest_first = (
            DeadLetterRow.seen_at.desc(),
            DeadLetterRow.source,
            DeadLetterRow.partition,
            DeadLetterRow.position,
        )
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(*newest_first).limit(limit))
            return tuple(_stored(row) for row in rows)

    def find_letter(self, beginning: str) -> StoredLetter:
        """Return the one dead letter, payload included, whose id begins like this.

        Raises
        ------
        StoreError
            If there is none, or there are several.
        """
        key = (DeadLetterRow.source, DeadLetterRow.partition, DeadLetterRow.position)
        with self.database.reading() as connection:
            found = [
                tuple(row)
                for row in connection.execute(select(*key)).yield_per(10_000)
                if beginning and _id(*row).startswith(beginning)
            ]
            if len(found) != 1:
                many = "several dead letters have ids that begin" if found else "no id begins"
                raise StoreError(f"{many} with {beginning!r}; see fink-ad dead-letters list")
            columns = columns_of(DeadLetterRow, DeadLetter)
            query: Select[Any] = select(*columns, DeadLetterRow.source, DeadLetterRow.seen_at)
            return _stored(connection.execute(query.where(tuple_(*key).in_(found))).one())

    def settle_letters(self, batch: BatchRecord, source: str) -> bool:
        """Store what became of dead letters that can be read now, in their place, or nothing.

        Each range of the batch is the position of one dead letter of `source`. The letters go,
        and with them their counts; the alerts come with theirs, counted for the same source, so
        that the sums hold as before.

        Returns
        -------
        bool
            False if one of the letters is gone already; then nothing changes.

        Raises
        ------
        StoreError
            If the counts do not add up or the database cannot be written.
        """
        check_batch(batch)
        table = table_of(DeadLetterRow)
        keys = sorted((one.partition, one.start) for one in batch.ranges)
        with self.database.writing("alerts") as connection:
            away: Counter[CountKey] = Counter()
            for first in range(0, len(keys), _CHUNK):
                place = tuple_(table.c.partition, table.c.position)
                among = (table.c.source == source, place.in_(keys[first : first + _CHUNK]))
                for reason in connection.execute(select(table.c.reason).where(*among)).scalars():
                    away[CountKey(0, "", "in")] -= 1
                    away[CountKey(0, "", "dead_letter", reason)] -= 1
            if away[CountKey(0, "", "in")] != -len(keys):
                return False
            _delete(connection, source, keys)
            add_counts(connection, source, away)
            store_effects(connection, batch, self._clock(), source)
            return True


def _stored(row: Row[Any]) -> StoredLetter:
    values = dict(row._mapping)
    return StoredLetter(values.pop("source"), values.pop("seen_at"), DeadLetter(**values))


def _delete(connection: Connection, source: str, keys: Sequence[tuple[str, int]]) -> None:
    table = table_of(DeadLetterRow)
    for first in range(0, len(keys), _CHUNK):
        place = tuple_(table.c.partition, table.c.position).in_(keys[first : first + _CHUNK])
        connection.execute(delete(table).where(table.c.source == source, place))


def _id(source: str, partition: str, position: int) -> str:
    text = json.dumps([source, partition, int(position)])
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
