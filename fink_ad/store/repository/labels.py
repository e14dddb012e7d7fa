"""Reviewers and their answers; an answer is never changed, undoing one is another event."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select, update

from fink_ad.errors import StoreError
from fink_ad.store.records import ANSWERS, KeptFor, LabelRecord, NewLabel, ReviewerRecord
from fink_ad.store.repository.kept import mark_kept
from fink_ad.store.repository.part import StorePart, columns_of, record_of
from fink_ad.store.tables import KeptAlert, Label, Reviewer
from fink_ad.store.upserts import table_of

__all__ = ["Labels"]

_FROM_ALERT = ("survey", "alert_id", "object_id", "population", "feature_schema", "features")


class Labels(StorePart):
    """Reviewers and labels in the store."""

    def add_reviewer(self, name: str) -> ReviewerRecord:
        """Add a person who may label, or let one who may no longer; names are unique."""
        with self.database.writing(turn="reviewers") as connection:
            of_name = select(table_of(Reviewer)).where(Reviewer.name == name)
            if connection.execute(of_name).one_or_none() is None:
                row = {"name": name, "active": True, "created_at": self._clock()}
                connection.execute(insert(Reviewer).values(row))
            else:
                _set_active(connection, name, True)
            return record_of(ReviewerRecord, connection.execute(of_name).one())

    def retire_reviewer(self, name: str) -> None:
        """Let a person label no longer; the answers given stay.

        Raises
        ------
        StoreError
            If there is no such reviewer.
        """
        with self.database.writing(turn="reviewers") as connection:
            if not _set_active(connection, name, False):
                raise StoreError(f"no reviewer {name!r}")

    def reviewers(self) -> tuple[ReviewerRecord, ...]:
        """Return everybody who may or might label, by name."""
        query = select(table_of(Reviewer)).order_by(Reviewer.name)
        with self.database.reading() as connection:
            return tuple(record_of(ReviewerRecord, row) for row in connection.execute(query))

    def add_label(self, label: NewLabel) -> LabelRecord:
        """Store an answer with the alert's features; the alert is kept from now on.

        The same answer sent twice (same reviewer, alert, answer and time) is stored once.

        Raises
        ------
        StoreError
            If the answer is not one of `ANSWERS`, the reviewer is unknown or retired, or the
            alert is not kept.
        """
        if label.answer not in ANSWERS:
            raise StoreError(f"answer {label.answer!r} is not one of {', '.join(ANSWERS)}")
        with self.database.writing(turn=f"labels {label.reviewer_id}") as connection:
            _check_reviewer(connection, label.reviewer_id)
            same = select(*columns_of(Label, LabelRecord)).where(
                Label.reviewer_id == label.reviewer_id,
                Label.survey == label.survey,
                Label.alert_id == label.alert_id,
                Label.answer == label.answer,
                Label.answered_at == label.answered_at,
            )
            if connection.execute(same).one_or_none() is None:
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
                mark_kept(connection, label.survey, label.alert_id, KeptFor.LABELLED)
                connection.execute(insert(Label).values(vars(label) | dict(alert._mapping)))
            return record_of(LabelRecord, connection.execute(same).one())

    def retract_label(self, label_id: int, reviewer_id: int, channel: str) -> LabelRecord:
        """Undo an answer of the reviewer's own; undoing twice changes nothing.

        Raises
        ------
        StoreError
            If the reviewer has given no such answer, or is unknown or retired.
        """
        columns = columns_of(Label, LabelRecord)
        with self.database.writing(turn=f"labels {reviewer_id}") as connection:
            _check_reviewer(connection, reviewer_id)
            given = select(*columns).where(
                Label.id == label_id,
                Label.reviewer_id == reviewer_id,
                Label.answer != "retracted",
            )
            row = connection.execute(given).one_or_none()
            if row is None:
                raise StoreError(f"reviewer {reviewer_id} has given no answer {label_id} to undo")
            undone = select(*columns).where(Label.retracts == label_id)
            if connection.execute(undone).one_or_none() is None:
                event = dict(row._mapping) | {
                    "answer": "retracted",
                    "retracts": label_id,
                    "channel": channel,
                    "shown_at": None,
                    "answered_at": self._clock(),
                    "tags": (),
                    "note": "",
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
            select(*columns_of(Label, LabelRecord))
            .where(*(column == value for column, value in wanted.items() if value is not None))
            .order_by(Label.id)
        )
        with self.database.reading() as connection:
            return tuple(record_of(LabelRecord, row) for row in connection.execute(query))

    def latest_labels(
        self, survey: str, population: str | None = None, reviewer_id: int | None = None
    ) -> tuple[LabelRecord, ...]:
        """Return the training view: each reviewer's latest answer about each object.

        An answer that was undone does not count; the one before it does again.
        """
        undone = select(Label.retracts).where(Label.retracts.is_not(None))
        place = func.row_number().over(
            partition_by=(Label.reviewer_id, Label.object_id),
            order_by=(Label.answered_at.desc(), Label.id.desc()),
        )
        query = select(*columns_of(Label, LabelRecord), place.label("place")).where(
            Label.survey == survey, Label.answer != "retracted", Label.id.not_in(undone)
        )
        if population is not None:
            query = query.where(Label.population == population)
        if reviewer_id is not None:
            query = query.where(Label.reviewer_id == reviewer_id)
        ranked = query.subquery()
        latest = select(*(column for column in ranked.c if column.name != "place")).where(
            ranked.c.place == 1
        )
        with self.database.reading() as connection:
            rows = connection.execute(latest.order_by(ranked.c.id))
            return tuple(record_of(LabelRecord, row) for row in rows)


def _set_active(connection: Connection, name: str, active: bool) -> bool:
    done = connection.execute(update(Reviewer).where(Reviewer.name == name).values(active=active))
    return done.rowcount > 0


def _check_reviewer(connection: Connection, reviewer_id: int) -> None:
    active = connection.execute(select(Reviewer.active).where(Reviewer.id == reviewer_id)).scalar()
    if not active:
        state = "unknown" if active is None else "retired"
        raise StoreError(f"reviewer {reviewer_id} is {state} and may not label")
