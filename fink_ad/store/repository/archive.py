"""The history as the ledger knows it: only parts of stored batches count."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, func, select

from fink_ad.errors import StoreError
from fink_ad.store.history_queries import (
    BestScores,
    HistoryRows,
    best_scores,
    export_rows,
    read_alert_ids,
    read_rows,
)
from fink_ad.store.records import PartRecord
from fink_ad.store.repository.part import StorePart, columns_of, record_of
from fink_ad.store.tables import HistoryPart, KeptAlert, Ledger

__all__ = ["Archive"]

_Found = TypeVar("_Found")


class Archive(StorePart):
    """Scores and features of all alerts."""

    @contextmanager
    def writing_run(self) -> Iterator[int]:
        """Keep other runs from writing to this home folder meanwhile.

        A run remembers which alerts it has met; two at a time would each count the same alert.

        Yields
        ------
        int
            Number of this turn, one more than that of the turn before: who takes turns again
            and again sees by it whether others had one in between.

        Raises
        ------
        StoreError
            If another run is writing.
        """
        told = f"another run is writing to {self.history.home}; wait for it"
        with self._sole("run.lock", told) as lock:
            try:
                turn = _next_turn(lock)
            except OSError as error:
                raise StoreError(
                    f"cannot write {lock.name}: {error.strerror}; make room"
                ) from error
            yield turn

    @contextmanager
    def sole_worker(self) -> Iterator[None]:
        """Keep other workers from following folders for this home folder meanwhile.

        Raises
        ------
        StoreError
            If one does already.
        """
        told = f"a worker follows folders for {self.history.home} already; stop it"
        with self._sole("worker.lock", told):
            yield

    @contextmanager
    def _sole(self, name: str, told: str) -> Iterator[TextIO]:
        """Hold a file of the home folder that one process at a time can have."""
        path = self.history.home / name
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = path.open("a+", encoding="ascii", errors="replace")
        except OSError as error:
            raise StoreError(
                f"cannot write {path}: {error.strerror}; choose another folder with --home"
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreError(f"{told}, or choose another folder with --home") from None
            yield lock

    def remove_orphans(self) -> int:
        """Delete history parts of runs that died before they were stored; return how many.

        To be called once before a run; it does nothing while another process is writing.
        """
        return self.history.remove_orphans(self._parts)

    def alert_ids(self, survey: str, night: int) -> NDArray[np.int64]:
        """Return the ids of all alerts of a night, scored or filtered, (n,)."""
        wanted = (HistoryPart.survey == survey, HistoryPart.night == night)
        return self._read(read_alert_ids, *wanted)

    def nights(self, survey: str, before: int) -> tuple[int, ...]:
        """Return the nights with scored alerts that were over when night `before` began.

        Sorted; the last three of them are what a rarity is told against.
        """
        query = (
            select(HistoryPart.night)
            .distinct()
            .where(HistoryPart.survey == survey, HistoryPart.population != "")
            .where(HistoryPart.night < before)
            .order_by(HistoryPart.night)
        )
        with self.database.reading() as connection:
            return tuple(connection.execute(query).scalars())

    def reference_scores(
        self, survey: str, population: str, model_revision: str, night: int, n_nights: int
    ) -> BestScores:
        """Return what the scores of a night are compared with, the same however often one asks.

        That is one value per object and night, its best score, of the last `n_nights` nights
        before it, as they stood when the first alert of the night was stored under this revision:
        a run that was stopped and goes on compares as if it had never been stopped.
        """
        begun = (
            select(func.min(Ledger.committed_at))
            .join(HistoryPart, HistoryPart.batch_key == Ledger.batch_key)
            .where(HistoryPart.survey == survey, HistoryPart.population == population)
            .where(HistoryPart.model_revision == model_revision, HistoryPart.night == night)
        )
        earlier = [
            HistoryPart.survey == survey,
            HistoryPart.population == population,
            HistoryPart.model_revision == model_revision,
            HistoryPart.night < night,
        ]
        with self.database.reading() as connection:
            begun_at = connection.execute(begun).scalar()
            if begun_at is not None:
                stored = select(Ledger.batch_key).where(Ledger.committed_at < begun_at)
                earlier.append(HistoryPart.batch_key.in_(stored))
            nights = (
                select(HistoryPart.night)
                .distinct()
                .where(*earlier)
                .order_by(HistoryPart.night.desc())
                .limit(n_nights)
            )
            last = list(connection.execute(nights).scalars())
        return self._read(
            best_scores,
            HistoryPart.night.in_(last),
            *earlier,
        )

    def read_features(
        self,
        survey: str,
        population: str,
        feature_schema: str,
        limit: int | None = None,
        nights: Sequence[int] | None = None,
    ) -> HistoryRows | None:
        """Return scored alerts with features of one schema, sorted by id; None if there are none.

        Parameters
        ----------
        feature_schema : str
            Hash of the schema.
        limit : int, optional
            At most so many: a sample that does not depend on the order of the stream.
        nights : sequence of int, optional
            Only these.
        """
        wanted = [
            HistoryPart.survey == survey,
            HistoryPart.population == population,
            HistoryPart.feature_schema == feature_schema,
        ]
        if nights is not None:
            wanted.append(HistoryPart.night.in_(nights))
        return self._read(lambda home, parts: read_rows(home, parts, survey, limit), *wanted)

    def export(
        self,
        target: Path,
        survey: str | None = None,
        population: str | None = None,
        night: int | None = None,
        model_revision: str | None = None,
    ) -> int:
        """Write scored alerts into one Parquet or CSV file; return how many.

        Raises
        ------
        StoreError
            If there are none, or the file cannot be written or has another suffix.
        """
        given = {
            HistoryPart.survey: survey,
            HistoryPart.population: population,
            HistoryPart.night: night,
            HistoryPart.model_revision: model_revision,
        }
        wanted = [column == value for column, value in given.items() if value is not None]
        if not self._parts(HistoryPart.population != "", *wanted):
            raise StoreError("the history has no such alerts; see fink-ad counts for its nights")
        return self._read(
            lambda home, parts: export_rows(home, parts, target),
            HistoryPart.population != "",
            *wanted,
        )

    def history_parts(self) -> tuple[PartRecord, ...]:
        """Return every part of the history, by name."""
        query = select(*columns_of(HistoryPart, PartRecord)).order_by(HistoryPart.name)
        with self.database.reading() as connection:
            return tuple(record_of(PartRecord, row) for row in connection.execute(query))

    def last_commit(self) -> datetime | None:
        """Return when a batch was stored last; None if none was."""
        with self.database.reading() as connection:
            return connection.execute(select(func.max(Ledger.committed_at))).scalar()

    def intake(self, since: datetime) -> tuple[tuple[datetime, int], ...]:
        """Return when batches were stored since a time, and of how many packets, oldest first."""
        query = (
            select(Ledger.committed_at, func.sum(Ledger.stop - Ledger.start))
            .where(Ledger.committed_at >= since)
            .group_by(Ledger.committed_at)
            .order_by(Ledger.committed_at)
        )
        with self.database.reading() as connection:
            return tuple((when, int(n)) for when, n in connection.execute(query))

    def newest_exposure(self, survey: str) -> float | None:
        """Return the MJD (UTC) of the kept alert of highest id; None if none is kept.

        Surveys number their alerts in the order of exposures.
        """
        query = (
            select(KeptAlert.mjd_utc)
            .where(KeptAlert.survey == survey)
            .order_by(KeptAlert.alert_id.desc())
            .limit(1)
        )
        with self.database.reading() as connection:
            return connection.execute(query).scalar()

    def _read(
        self, read: Callable[[Path, Sequence[str]], _Found], *where: ColumnElement[bool]
    ) -> _Found:
        """Read parts; where they were merged meanwhile, read what they have become."""
        parts = self._parts(*where)
        while True:
            try:
                return read(self.history.home, parts)
            except StoreError:
                now = self._parts(*where)
                if now == parts:
                    raise
                parts = now

    def _parts(self, *where: ColumnElement[bool]) -> list[str]:
        query = select(HistoryPart.name).where(*where).order_by(HistoryPart.name)
        with self.database.reading() as connection:
            return list(connection.execute(query).scalars())


def _next_turn(lock: TextIO) -> int:
    """Count a turn in the file of the lock; one that says nothing begins again at 1."""
    lock.seek(0)
    said = lock.read(32).strip()
    turn = 1 + (int(said) if said.isdecimal() else 0)
    lock.truncate(0)
    lock.write(str(turn))
    lock.flush()
    return turn
