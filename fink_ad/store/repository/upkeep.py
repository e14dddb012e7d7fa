"""Upkeep of what is stored: parts of a night merged, and what is old let go."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select
from sqlalchemy.orm import DeclarativeBase

from fink_ad.store.compaction import merge_parts
from fink_ad.store.records import KeptFor, PartRecord
from fink_ad.store.repository.part import StorePart, columns_of
from fink_ad.store.repository.showings import is_on_show
from fink_ad.store.tables import Candidate, DeadLetter, HistoryPart, KeptAlert, Label, Ledger
from fink_ad.store.upserts import table_of

__all__ = ["Compaction", "Purge", "Upkeep"]

_CHUNK = 1000
_NAMES = select(HistoryPart.name)
_LASTING = int(KeptFor.LABELLED | KeptFor.REFERENCE)


@dataclass(frozen=True)
class Compaction:
    """How many parts were merged into how many, and their rows."""

    n_before: int = 0
    n_after: int = 0
    n_rows: int = 0


@dataclass(frozen=True)
class Purge:
    """What is, or was, too old: nights before ``before_night``, letters seen before it began.

    Attributes
    ----------
    n_parts, n_rows, n_bytes : int
        Files of the history.
    n_kept, n_candidates : int
        Kept alerts that nobody labelled or has in hand and that are not in the reference
        reservoir, and the candidates among them.
    n_letters : int
    """

    before_night: int
    n_parts: int
    n_rows: int
    n_bytes: int
    n_kept: int
    n_candidates: int
    n_letters: int


@dataclass(frozen=True)
class _Stored:
    part: PartRecord
    batch_key: str
    committed_at: datetime


class Upkeep(StorePart):
    """Compaction and retention."""

    def compact(self, survey: str | None = None, night: int | None = None) -> Compaction:
        """Merge the parts of each night into one per population, feature schema and model.

        Readers and writers may be at work: a merged part takes the place of its parts in one
        transaction, and files go only after that. What a night's scores were compared with
        stays what it was: parts stored before and after a later night began are not merged.

        Raises
        ------
        StoreError
            If a part is missing or damaged, or the history cannot be written.
        """
        n_before = n_after = n_rows = 0
        for run in self._mergeable(survey, night):
            names = [one.part.name for one in run]
            name, n_merged = merge_parts(self.history, names)
            first = run[0]
            merged = vars(first.part) | {
                "name": name,
                "n_rows": n_merged,
                "batch_key": first.batch_key,
            }
            with self.database.writing("alerts") as connection:
                if not set(names) <= set(connection.execute(_NAMES).scalars()):
                    # Another process was faster; the file is its own, as the names are the same.
                    continue
                for some in range(0, len(names), _CHUNK):
                    here = HistoryPart.name.in_(names[some : some + _CHUNK])
                    connection.execute(delete(HistoryPart).where(here))
                connection.execute(insert(HistoryPart).values(merged))
            self._remove_files(names)
            n_before, n_after, n_rows = n_before + len(names), n_after + 1, n_rows + n_merged
        return Compaction(n_before, n_after, n_rows)

    def _mergeable(self, survey: str | None, night: int | None) -> Iterator[Sequence[_Stored]]:
        """Yield runs of two parts or more that may become one, in order of commitment."""
        committed = (
            select(Ledger.batch_key, func.min(Ledger.committed_at).label("committed_at"))
            .group_by(Ledger.batch_key)
            .subquery()
        )
        query = (
            select(
                *columns_of(HistoryPart, PartRecord),
                HistoryPart.batch_key,
                committed.c.committed_at,
            )
            .join(committed, committed.c.batch_key == HistoryPart.batch_key)
            .order_by(committed.c.committed_at, HistoryPart.name)
        )
        with self.database.reading() as connection:
            stored = [_stored(dict(row._mapping)) for row in connection.execute(query)]
        begun: dict[tuple[str, str, str, int], datetime] = {}
        for one in stored:
            part = one.part
            of_night = (part.survey, part.population, part.model_revision, part.night)
            begun.setdefault(of_night, one.committed_at)
        groups: dict[tuple[str, int, str, str, str], list[_Stored]] = defaultdict(list)
        for one in stored:
            part = one.part
            if survey in (None, part.survey) and night in (None, part.night):
                key = (part.survey, part.night, part.population)
                groups[*key, part.feature_schema, part.model_revision].append(one)
        for (of_survey, of_night_, *_), members in sorted(groups.items()):
            borders = sorted(
                at for (s, _, _, n), at in begun.items() if s == of_survey and n > of_night_
            )
            runs: dict[int, list[_Stored]] = defaultdict(list)
            for one in members:
                runs[bisect_right(borders, one.committed_at)].append(one)
            yield from (run for run in runs.values() if len(run) > 1)

    def purge(self, older_than_days: int, *, dry_run: bool = True) -> Purge:
        """Let go of what is older than some days; never labels, showings, orders or models.

        Alerts that are labelled, or that a reviewer has in hand, stay.

        The ledger and the counts stay, and so does the reference reservoir, whose size is
        bounded by itself.

        Parameters
        ----------
        older_than_days : int
            Nights that ended before so many days ago.
        dry_run : bool
            Only say what would go.
        """
        now = self._clock()
        cutoff = (now - timedelta(days=older_than_days)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        before_night = int(cutoff.strftime("%Y%m%d"))
        old_parts = HistoryPart.night < before_night
        labelled = select(Label.id).where(
            Label.survey == KeptAlert.survey, Label.alert_id == KeptAlert.alert_id
        )
        old_kept = and_(
            KeptAlert.night < before_night,
            KeptAlert.kept_for.bitwise_and(_LASTING) == 0,
            ~labelled.exists(),
            ~is_on_show(now),
        )
        stays = select(KeptAlert.alert_id).where(
            KeptAlert.survey == Candidate.survey,
            KeptAlert.alert_id == Candidate.alert_id,
            ~old_kept,
        )
        old_candidates = and_(Candidate.night < before_night, ~stays.exists())
        old_letters = DeadLetter.seen_at < cutoff
        # Nobody labels or is shown an alert while it goes.
        turns = ("alerts", "labels", "showings")
        opened = self.database.reading() if dry_run else self.database.writing(*turns)
        with opened as connection:
            parts = connection.execute(
                select(HistoryPart.name, HistoryPart.n_rows).where(old_parts)
            ).all()
            found = Purge(
                before_night,
                n_parts=len(parts),
                n_rows=sum(part.n_rows for part in parts),
                n_bytes=sum(self._size(part.name) for part in parts),
                n_kept=_count(connection, KeptAlert, old_kept),
                n_candidates=_count(connection, Candidate, old_candidates),
                n_letters=_count(connection, DeadLetter, old_letters),
            )
            if dry_run:
                return found
            # Candidates first: which of them go depends on the kept alerts.
            for entity, old in (
                (Candidate, old_candidates),
                (KeptAlert, old_kept),
                (DeadLetter, old_letters),
                (HistoryPart, old_parts),
            ):
                connection.execute(delete(table_of(entity)).where(old))
        self._remove_files([part.name for part in parts])
        return found

    def _size(self, name: str) -> int:
        try:
            return (self.history.home / name).stat().st_size
        except OSError:
            return 0

    def _remove_files(self, names: Sequence[str]) -> None:
        """Remove files that the ledger no longer lists; what is left, the next run clears away."""
        folders = set()
        for name in names:
            path = self.history.home / name
            with suppress(OSError):
                path.unlink()
            folders.add(path.parent)
        for folder in folders:
            with suppress(OSError):
                folder.rmdir()  # only if it is empty


def _stored(row: dict[str, object]) -> _Stored:
    batch_key, committed_at = row.pop("batch_key"), row.pop("committed_at")
    return _Stored(PartRecord(**row), batch_key, committed_at)  # type: ignore[arg-type]


def _count(
    connection: Connection, entity: type[DeclarativeBase], where: ColumnElement[bool]
) -> int:
    query = select(func.count()).select_from(table_of(entity)).where(where)
    return int(connection.execute(query).scalar_one())
