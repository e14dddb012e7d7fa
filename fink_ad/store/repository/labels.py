"""Answers: never changed, undoing one is another event."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import aliased

from fink_ad.errors import StoreError
from fink_ad.store.records import IMPORT_CHANNEL, LabelRecord, NewLabel
from fink_ad.store.repository.label_writing import store_labels
from fink_ad.store.repository.part import StorePart, columns_of, record_of, records_of
from fink_ad.store.repository.reviewers import check_reviewer
from fink_ad.store.tables import Label

__all__ = ["Labels", "latest_answers"]

_COLUMNS = columns_of(Label, LabelRecord)
_CHUNK = 10_000

# Labels are numbered in the order in which they are committed, because their writers take
# turns: who has read up to one number has missed none below it.
_TURN = "labels"


class Labels(StorePart):
    """Labels in the store."""

    def add_label(self, label: NewLabel, drawn_at: datetime | None = None) -> LabelRecord:
        """Store an answer with the alert's features; the alert is kept from now on.

        The same answer sent twice (same token; or same reviewer, alert, answer and time) is
        stored once. The reviewer's lease of the object ends.

        Parameters
        ----------
        drawn_at : datetime.datetime, optional
            When the candidate was drawn. If the reviewer has answered about the object since,
            in another window perhaps, and not taken it back, this answer is refused.

        Raises
        ------
        StoreError
            If the answer is not one of `ANSWERS`, the reviewer is unknown or retired, the alert
            is not kept, the token belongs to another answer, or the candidate was answered
            meanwhile.
        """
        with self.database.writing(_TURN) as connection:
            return store_labels(connection, [label], self._clock(), drawn_at)[0]

    def add_labels(self, labels: Sequence[NewLabel]) -> tuple[LabelRecord, ...]:
        """Store many answers, as `add_label` does, in one transaction: all or none.

        Meanwhile no other answer can be stored: give them by the thousand.

        Returns
        -------
        tuple of LabelRecord
            In the order of `labels`.

        Raises
        ------
        StoreError
            As `add_label`; nothing is stored then.
        """
        with self.database.writing("alerts", _TURN) as connection:
            return store_labels(connection, labels, self._clock())

    def label_position(self, survey: str, population: str) -> int:
        """Return the number of the latest label, undoings included; 0 before the first."""
        query = select(func.max(Label.id)).where(
            Label.survey == survey, Label.population == population
        )
        with self.database.reading() as connection:
            return int(connection.execute(query).scalar() or 0)

    def retract_label(
        self, label_id: int, reviewer_id: int, channel: str, by_operator: bool = False
    ) -> LabelRecord:
        """Undo an answer of the reviewer's own; undoing twice changes nothing.

        Parameters
        ----------
        by_operator : bool
            Somebody who runs the place undoes it for the reviewer, who may be retired.

        Raises
        ------
        StoreError
            If the reviewer has given no such answer, or is unknown or retired.
        """
        with self.database.writing(_TURN) as connection:
            if not by_operator:
                check_reviewer(connection, reviewer_id)
            given = select(*_COLUMNS, Label.features).where(
                Label.id == label_id,
                Label.reviewer_id == reviewer_id,
                Label.answer != "retracted",
            )
            row = connection.execute(given).one_or_none()
            if row is None:
                raise StoreError(f"reviewer {reviewer_id} has given no answer {label_id} to undo")
            undone = select(*_COLUMNS).where(Label.retracts == label_id)
            if connection.execute(undone).one_or_none() is None:
                event = dict(row._mapping) | {
                    "answer": "retracted",
                    "retracts": label_id,
                    "channel": channel,
                    "shown_at": None,
                    "answered_at": self._clock(),
                    "tags": (),
                    "note": "",
                    "token": None,
                }
                del event["id"]
                connection.execute(insert(Label).values(event))
            return record_of(LabelRecord, connection.execute(undone).one())

    def labels(
        self,
        survey: str | None = None,
        object_id: str | None = None,
        reviewer_id: int | None = None,
        *,
        population: str | None = None,
        after: int = 0,
        since: datetime | None = None,
    ) -> tuple[LabelRecord, ...]:
        """Return every answer and every undoing, in the order they were stored.

        Parameters
        ----------
        after : int
            Those with a larger number only.
        since : datetime.datetime, optional
            Those of that time or later only.
        """
        wanted = {
            Label.survey: survey,
            Label.population: population,
            Label.object_id: object_id,
            Label.reviewer_id: reviewer_id,
        }
        query = (
            select(*_COLUMNS)
            .where(*(column == value for column, value in wanted.items() if value is not None))
            .where(Label.id > after)
            .order_by(Label.id)
        )
        if since is not None:
            query = query.where(Label.answered_at >= since)
        with self.database.reading() as connection:
            return records_of(LabelRecord, connection.execute(query))

    def last_answers(
        self, reviewer_id: int, limit: int, *, standing: bool = False, imported: bool = True
    ) -> tuple[tuple[LabelRecord, bool], ...]:
        """Return the last answers of a reviewer and whether each was taken back, latest first.

        Parameters
        ----------
        standing : bool
            Only those that were not.
        imported : bool
            Those of imports, too.
        """
        event = aliased(Label)
        undone = select(event.id).where(event.retracts == Label.id).exists()
        query = (
            select(*_COLUMNS, undone.label("undone"))
            # Not by `retracts`, which is null in almost all: SQLite would go through its index.
            .where(Label.reviewer_id == reviewer_id, Label.answer != "retracted")
            .order_by(Label.id.desc())
            .limit(limit)
        )
        if standing:
            query = query.where(~undone)
        if not imported:
            query = query.where(Label.channel.not_like(f"{IMPORT_CHANNEL}%"))
        with self.database.reading() as connection:
            rows = connection.execute(query).all()
        found = []
        for row in rows:
            told = dict(row._mapping)
            was_undone = bool(told.pop("undone"))
            found.append((LabelRecord(**told | {"tags": tuple(told["tags"])}), was_undone))
        return tuple(found)

    def latest_labels(
        self,
        survey: str,
        population: str | None = None,
        reviewer_id: int | None = None,
        without: Collection[str] = (),
    ) -> tuple[LabelRecord, ...]:
        """Return the training view: each reviewer's latest answer about each object.

        An answer that was undone does not count; the one before it does again.

        Parameters
        ----------
        without : collection of str
            Channels whose answers do not count either.
        """
        whose = None if reviewer_id is None else (reviewer_id,)
        latest = latest_answers(survey, population, whose, without)
        with self.database.reading() as connection:
            return records_of(LabelRecord, connection.execute(latest))

    def label_features(self, label_ids: Sequence[int]) -> list[bytes]:
        """Return the packed features of the alerts of some labels, in the order of the ids.

        They are what the alerts had when they were answered; `LabelRecord.feature_schema` names
        their columns.

        Raises
        ------
        StoreError
            If there is no label of an id.
        """
        wanted = sorted(set(label_ids))
        found: dict[int, bytes] = {}
        with self.database.reading() as connection:
            for first in range(0, len(wanted), _CHUNK):
                here = Label.id.in_(wanted[first : first + _CHUNK])
                for number, packed in connection.execute(
                    select(Label.id, Label.features).where(here)
                ):
                    found[number] = packed
        missing = [number for number in wanted if number not in found]
        if missing:
            raise StoreError(f"there is no label {missing[0]}")
        return [found[number] for number in label_ids]


def latest_answers(
    survey: str,
    population: str | None = None,
    reviewer_ids: Collection[int] | None = None,
    without: Collection[str] = (),
) -> Select[Any]:
    """Return the query of what `Labels.latest_labels` returns, some reviewers' or all, to join."""
    undone = select(Label.retracts).where(Label.retracts.is_not(None))
    place = func.row_number().over(
        partition_by=(Label.reviewer_id, Label.object_id),
        order_by=(Label.answered_at.desc(), Label.id.desc()),
    )
    query = select(*_COLUMNS, place.label("place")).where(
        Label.survey == survey, Label.answer != "retracted", Label.id.not_in(undone)
    )
    if population is not None:
        query = query.where(Label.population == population)
    if reviewer_ids is not None:
        query = query.where(Label.reviewer_id.in_(reviewer_ids))
    if without:
        query = query.where(Label.channel.not_in(without))
    ranked = query.subquery()
    latest = select(*(column for column in ranked.c if column.name != "place"))
    return latest.where(ranked.c.place == 1).order_by(ranked.c.id)
