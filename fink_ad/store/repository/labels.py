"""Answers: never changed, undoing one is another event."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from fink_ad.errors import StoreError
from fink_ad.store.records import ANSWERS, KeptFor, LabelRecord, NewLabel
from fink_ad.store.repository.kept import mark_kept
from fink_ad.store.repository.part import StorePart, columns_of, record_of, records_of
from fink_ad.store.repository.reviewers import check_reviewer
from fink_ad.store.repository.showings import end_leases
from fink_ad.store.tables import KeptAlert, Label
from fink_ad.store.upserts import table_of

__all__ = ["Labels"]

_FROM_ALERT = ("survey", "alert_id", "object_id", "population", "feature_schema", "features")
_COLUMNS = columns_of(Label, LabelRecord)
_CHUNK = 10_000
_CONTENT = ("survey", "alert_id", "reviewer_id", "answer", "tags", "note")

# Labels are numbered in the order in which they are committed, because their writers take
# turns: who has read up to one number has missed none below it.
_TURN = "labels"


class Labels(StorePart):
    """Labels in the store."""

    def add_label(self, label: NewLabel) -> LabelRecord:
        """Store an answer with the alert's features; the alert is kept from now on.

        The same answer sent twice (same token; or same reviewer, alert, answer and time) is
        stored once. The reviewer's lease of the object ends.

        Raises
        ------
        StoreError
            If the answer is not one of `ANSWERS`, the reviewer is unknown or retired, the alert
            is not kept, or the token belongs to another answer.
        """
        with self.database.writing(_TURN) as connection:
            return _add(connection, label, self._clock())

    def add_labels(self, labels: Sequence[NewLabel]) -> tuple[LabelRecord, ...]:
        """Store many answers, as `add_label` does, in one transaction: all or none.

        Returns
        -------
        tuple of LabelRecord
            In the order of `labels`.

        Raises
        ------
        StoreError
            As `add_label`; nothing is stored then.
        """
        now = self._clock()
        with self.database.writing("alerts", _TURN) as connection:
            return tuple(_add(connection, label, now) for label in labels)

    def label_position(self, survey: str, population: str) -> int:
        """Return the number of the latest label, undoings included; 0 before the first."""
        query = select(func.max(Label.id)).where(
            Label.survey == survey, Label.population == population
        )
        with self.database.reading() as connection:
            return int(connection.execute(query).scalar() or 0)

    def retract_label(self, label_id: int, reviewer_id: int, channel: str) -> LabelRecord:
        """Undo an answer of the reviewer's own; undoing twice changes nothing.

        Raises
        ------
        StoreError
            If the reviewer has given no such answer, or is unknown or retired.
        """
        with self.database.writing(_TURN) as connection:
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
    ) -> tuple[LabelRecord, ...]:
        """Return every answer and every undoing, in the order they were stored."""
        wanted = {
            Label.survey: survey,
            Label.object_id: object_id,
            Label.reviewer_id: reviewer_id,
        }
        query = (
            select(*_COLUMNS)
            .where(*(column == value for column, value in wanted.items() if value is not None))
            .order_by(Label.id)
        )
        with self.database.reading() as connection:
            return records_of(LabelRecord, connection.execute(query))

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
        if reviewer_id is not None:
            query = query.where(Label.reviewer_id == reviewer_id)
        if without:
            query = query.where(Label.channel.not_in(without))
        ranked = query.subquery()
        latest = select(*(column for column in ranked.c if column.name != "place")).where(
            ranked.c.place == 1
        )
        with self.database.reading() as connection:
            return records_of(LabelRecord, connection.execute(latest.order_by(ranked.c.id)))

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


def _add(connection: Connection, label: NewLabel, now: datetime) -> LabelRecord:
    if label.answer not in ANSWERS:
        raise StoreError(f"answer {label.answer!r} is not one of {', '.join(ANSWERS)}")
    check_reviewer(connection, label.reviewer_id)
    stored = _sent_before(connection, label)
    if stored is None:
        # Marked before it is read: who lets go of alerts at the same time leaves this one.
        mark_kept(connection, label.survey, label.alert_id, KeptFor.LABELLED)
        table = table_of(KeptAlert)
        query = select(*(table.c[name] for name in _FROM_ALERT)).where(
            KeptAlert.survey == label.survey, KeptAlert.alert_id == label.alert_id
        )
        alert = connection.execute(query).one_or_none()
        if alert is None:
            raise StoreError(
                f"{label.survey} alert {label.alert_id} is not kept and cannot be"
                " labelled; label a kept alert of the same object"
            )
        values = vars(label) | dict(alert._mapping) | {"token": label.token or None}
        new_id = connection.execute(insert(Label).values(values).returning(Label.id)).scalar_one()
        stored = record_of(
            LabelRecord, connection.execute(select(*_COLUMNS).where(Label.id == new_id)).one()
        )
    end_leases(connection, label.reviewer_id, stored.survey, stored.object_id, now)
    return stored


def _sent_before(connection: Connection, label: NewLabel) -> LabelRecord | None:
    """Return the answer as stored if it was sent before."""
    if label.token:
        row = connection.execute(select(*_COLUMNS).where(Label.token == label.token)).one_or_none()
        if row is not None:
            stored = record_of(LabelRecord, row)
            sent = vars(label) | {"tags": tuple(label.tags)}
            other = [name for name in _CONTENT if getattr(stored, name) != sent[name]]
            if other:
                raise StoreError(
                    f"token {label.token!r} belongs to label {stored.id}, whose {other[0]} is"
                    " another; give every answer a token of its own"
                )
            return stored
    same = select(*_COLUMNS).where(
        Label.reviewer_id == label.reviewer_id,
        Label.survey == label.survey,
        Label.alert_id == label.alert_id,
        Label.answer == label.answer,
        Label.answered_at == label.answered_at,
    )
    row = connection.execute(same).one_or_none()
    return None if row is None else record_of(LabelRecord, row)
