"""What is in the outbox: what is due, what was sent, what a target knows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from fink_ad.store.records.notifications import Notification as NotificationRecord
from fink_ad.store.repository.part import StorePart, record_of
from fink_ad.store.tables import Notification
from fink_ad.store.upserts import table_of

__all__ = ["NotificationQueries", "is_due", "was_left"]


class NotificationQueries(StorePart):
    """Questions to the outbox; none of them changes it."""

    def targets_due(self) -> tuple[str, ...]:
        """Return where something is to be sent now."""
        now = self._clock()
        query = select(Notification.target).where(is_due(now)).distinct()
        with self.database.reading() as connection:
            return tuple(connection.execute(query.order_by(Notification.target)).scalars())

    def count_sent(self, subscription_id: int, night: int) -> int:
        """Return how many objects of a night a subscription was sent, those in doubt included."""
        query = select(func.count()).where(
            Notification.subscription_id == subscription_id,
            Notification.night == night,
            or_(Notification.state == "sent", Notification.in_doubt),
        )
        with self.database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def last_sent(
        self, target: str, model: str, survey: str, object_id: str
    ) -> NotificationRecord | None:
        """Return what a target was last told of an object under a model; None if nothing."""
        query = (
            select(table_of(Notification))
            .where(
                Notification.target == target,
                Notification.model == model,
                Notification.survey == survey,
                Notification.object_id == object_id,
                Notification.state == "sent",
            )
            .order_by(Notification.sent_at.desc(), Notification.id.desc())
            .limit(1)
        )
        with self.database.reading() as connection:
            row = connection.execute(query).one_or_none()
            return None if row is None else record_of(NotificationRecord, row)

    def told_alerts(self, target: str, model: str, survey: str) -> dict[str, set[int]]:
        """Return the alerts in the outbox for a target, sent or not, by object of a survey."""
        query = select(Notification.object_id, Notification.alert_id).where(
            Notification.target == target,
            Notification.model == model,
            Notification.survey == survey,
        )
        found: dict[str, set[int]] = {}
        with self.database.reading() as connection:
            for object_id, alert_id in connection.execute(query):
                found.setdefault(object_id, set()).add(alert_id)
        return found

    def find_message(self, target: str, message_id: str) -> NotificationRecord | None:
        """Return the notification that the other side calls so; None if it is none of ours."""
        query = select(table_of(Notification)).where(
            Notification.target == target, Notification.message_id == message_id
        )
        with self.database.reading() as connection:
            row = connection.execute(query.order_by(Notification.id).limit(1)).one_or_none()
            return None if row is None else record_of(NotificationRecord, row)

    def notifications(
        self, state: str | None = None, target: str | None = None, limit: int | None = 100
    ) -> tuple[NotificationRecord, ...]:
        """Return notifications, newest first."""
        query = select(table_of(Notification)).order_by(Notification.id.desc()).limit(limit)
        if state is not None:
            query = query.where(Notification.state == state)
        if target is not None:
            query = query.where(Notification.target == target)
        with self.database.reading() as connection:
            return tuple(record_of(NotificationRecord, row) for row in connection.execute(query))


def was_left(now: datetime) -> ColumnElement[bool]:
    """Return the condition for what a sender had in hand too long: it died."""
    return and_(Notification.state == "sending", Notification.claimed_until <= now)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition for what a sender may take in hand."""
    waits = and_(Notification.state == "queued", Notification.due_at <= now)
    return or_(waits, was_left(now))
