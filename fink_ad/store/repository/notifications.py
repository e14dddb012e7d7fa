"""The outbox: what is to be sent, in whose hands it is, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from fink_ad.store.records.notifications import NewNotification, NotificationState
from fink_ad.store.records.notifications import Notification as NotificationRecord
from fink_ad.store.repository.notification_queries import NotificationQueries, is_due, was_left
from fink_ad.store.repository.notification_queue import queue
from fink_ad.store.repository.part import record_of
from fink_ad.store.tables import Notification
from fink_ad.store.upserts import table_of

__all__ = ["Notifications"]


class Notifications(NotificationQueries):
    """The outbox in the store.

    A sender takes one in hand, sends it, and marks it sent once the other side accepted it. A
    sender that dies in between leaves it in hand; when its time is over the next sender finds
    it in doubt: it may have arrived.
    """

    def queue_notifications(self, new: Sequence[NewNotification]) -> int:
        """Put notifications into the outbox; those whose name is known already change nothing.

        Returns
        -------
        int
            How many are new.
        """
        now = self._clock()
        with self.database.writing("notifications") as connection:
            return queue(connection, new, now)

    def claim_notification(self, target: str, seconds: float) -> NotificationRecord | None:
        """Take the rarest of what is due for a target in hand for some time; None if nothing is.

        What expired meanwhile is marked so.
        """
        now = self._clock()
        with self.database.writing("notifications") as connection:
            stale = and_(Notification.target == target, Notification.expires_at <= now)
            left = or_(Notification.state == "queued", was_left(now))
            connection.execute(
                update(Notification).where(stale, left).values(state="expired", claimed_until=None)
            )
            # Not the numbers of candidates before what tells of the night as a whole.
            rarest = (Notification.kind == "candidate", Notification.one_in.desc(), Notification.id)
            first = (
                select(Notification.id, Notification.state)
                .where(Notification.target == target, is_due(now))
                .order_by(*rarest)
                .limit(1)
            )
            row = connection.execute(first).one_or_none()
            if row is None:
                return None
            taken = {
                "state": "sending",
                "attempts": Notification.attempts + 1,
                "claimed_until": now + timedelta(seconds=seconds),
            }
            if row.state == "sending":
                taken["in_doubt"] = True
            return _change(connection, row.id, taken)

    def mark_sent(self, notification_id: int, message_id: str) -> NotificationRecord:
        """Write down that the other side accepted a notification, and what it calls it."""
        sent = {"state": "sent", "message_id": message_id, "sent_at": self._clock()}
        with self.database.writing("notifications") as connection:
            return _change(connection, notification_id, sent | {"claimed_until": None})

    def put_off(self, notification_id: int, until: datetime, why: str) -> NotificationRecord:
        """Put a notification back until some time."""
        changes = {"state": "queued", "due_at": until, "detail": why, "claimed_until": None}
        with self.database.writing("notifications") as connection:
            return _change(connection, notification_id, changes)

    def drop_notification(
        self, notification_id: int, state: NotificationState, why: str = ""
    ) -> NotificationRecord:
        """Write down that a notification is not sent, and why."""
        changes = {"state": state, "detail": why, "claimed_until": None}
        with self.database.writing("notifications") as connection:
            return _change(connection, notification_id, changes)

    def drop_surplus(self, subscription_id: int, night: int) -> int:
        """Send nothing more of a night to a subscription; return how many that were."""
        change = (
            update(Notification)
            .where(
                Notification.subscription_id == subscription_id,
                Notification.night == night,
                Notification.state == "queued",
            )
            .values(state="surplus")
        )
        with self.database.writing("notifications") as connection:
            return connection.execute(change).rowcount

    def remove_notifications(self, older_than: timedelta) -> int:
        """Remove what went out of date some time ago; return how many that were.

        The last that a target was told of an object stays: by it the target knows the object,
        and is told again of what changed only.
        """
        newest = func.max(Notification.id).filter(Notification.state == "sent")
        known = select(newest).group_by(
            Notification.target, Notification.model, Notification.survey, Notification.object_id
        )
        change = delete(Notification).where(
            Notification.expires_at < self._clock() - older_than,
            Notification.id.not_in(known.having(newest.is_not(None))),
        )
        with self.database.writing("notifications") as connection:
            return connection.execute(change).rowcount


def _change(
    connection: Connection, notification_id: int, values: Mapping[str, object]
) -> NotificationRecord:
    table = table_of(Notification)
    change = update(table).where(table.c.id == notification_id).values(values).returning(*table.c)
    return record_of(NotificationRecord, connection.execute(change).one())
