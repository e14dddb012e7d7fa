"""Counts that add up, and the letters that could not be delivered."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select

from fink_ad.sources.contracts import DeadLetter
from fink_ad.store.records import CountKey
from fink_ad.store.repository.part import StorePart, columns_of, record_of
from fink_ad.store.tables import DeadLetter as DeadLetterRow
from fink_ad.store.tables import NightCount

__all__ = ["Counts"]


class Counts(StorePart):
    """Counts and dead letters in the store."""

    def counts(self, night: int | None = None, source: str | None = None) -> Mapping[CountKey, int]:
        """Return the counts of a night or of all, of a source or summed over all."""
        key = (NightCount.night, NightCount.survey, NightCount.kind, NightCount.reason)
        query = select(*key, func.sum(NightCount.n)).group_by(*key).order_by(*key)
        if night is not None:
            query = query.where(NightCount.night == night)
        if source is not None:
            query = query.where(NightCount.source == source)
        with self.database.reading() as connection:
            rows = connection.execute(query).all()
        return {
            CountKey(night=of, survey=survey, kind=kind, reason=reason): int(n)  # type: ignore[arg-type]  # written from CountKeys only
            for of, survey, kind, reason, n in rows
        }

    def dead_letters(
        self, source: str | None = None, reason: str | None = None, limit: int = 100
    ) -> tuple[DeadLetter, ...]:
        """Return the latest dead letters, newest first."""
        query = select(*columns_of(DeadLetterRow, DeadLetter))
        if source is not None:
            query = query.where(DeadLetterRow.source == source)
        if reason is not None:
            query = query.where(DeadLetterRow.reason == reason)
        query = query.order_by(
            DeadLetterRow.seen_at.desc(), DeadLetterRow.partition, DeadLetterRow.position
        ).limit(limit)
        with self.database.reading() as connection:
            return tuple(record_of(DeadLetter, row) for row in connection.execute(query))
