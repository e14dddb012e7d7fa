"""The outbox: what is to be sent, in whose hands it is, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from fink_ad.store.records.notifications import NewNotification, NotificationState
from fink_ad.store.records.notifications import Notification as NotificationRecord
from fink_ad.store.repository.jobs import is_done, note_done
from fink_ad.store.repository.notification_queries import NotificationQueries, is_due, was_left
from fink_ad.store.repository.notification_queue import queue
from fink_ad.store.repository.part import record_of
from fink_ad.store.tables import Notification
from fink_ad.store.upserts import table_of

__all__ = ["Notifications"]

_OUT_OF_HAND: dict[str, object] = {"claimed_until": None, "begun_at": None}


class Notifications(NotificationQueries):
    """The outbox in the store.

    A sender takes one in hand, writes down that it goes, sends it, and marks it sent once the
    other side accepted it. What a sender that died had in hand, the next one takes when its time
    is over; if it was on its way already it is in doubt: it may have arrived.
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

    def queue_of_job(
        self, job: str, due: datetime, holder: str, new: Sequence[NewNotification]
    ) -> bool:
        """Put into the outbox what a job makes, with the note that it is done: both or neither.

        Returns
        -------
        bool
            False if the job was done for that time before; nothing is queued then.
        """
        now = self._clock()
        with self.database.writing("jobs", "notifications") as connection:
            if is_done(connection, job, due):
                return False
            n = queue(connection, new, now)
            note_done(connection, job, due, holder, f"{n} messages", now)
        return True

    def claim_notification(self, target: str, seconds: float) -> NotificationRecord | None:
        """Take the rarest of what is due for a target in hand for some time; None if nothing is.

        What expired meanwhile is marked so.
        """
        now = self._clock()
        with self.database.writing("notifications") as connection:
            stale = and_(Notification.target == target, Notification.expires_at <= now)
            left = or_(Notification.state == "queued", was_left(now))
            connection.execute(
                update(Notification).where(stale, left).values(state="expired", **_OUT_OF_HAND)
            )
            # Not the numbers of candidates before what tells of the night as a whole.
            rarest = (Notification.kind == "candidate", Notification.one_in.desc(), Notification.id)
            first = (
                select(Notification.id, Notification.begun_at)
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
                "begun_at": None,
            }
            if row.begun_at is not None:
                taken["in_doubt"] = True
            return _change(connection, row.id, taken)

    def begin_notification(self, claimed: NotificationRecord, seconds: float) -> bool:
        """Write down that a notification is on its way; from now on a death leaves it in doubt.

        Parameters
        ----------
        claimed : Notification
            As `claim_notification` gave it.
        seconds : float
            How long it stays in hand from now on.

        Returns
        -------
        bool
            False if it is no longer in the hands of who claimed it, and must not be sent.
        """
        now = self._clock()
        change = (
            update(Notification)
            .where(
                Notification.id == claimed.id,
                Notification.state == "sending",
                Notification.attempts == claimed.attempts,  # it grows with every claim
            )
            .values(begun_at=now, claimed_until=now + timedelta(seconds=seconds))
        )
        with self.database.writing("notifications") as connection:
            return connection.execute(change).rowcount > 0

    def withdraw_notification(self, notification_id: int) -> None:
        """Write down that a notification in hand is not on its way after all."""
        change = update(Notification).where(Notification.id == notification_id)
        with self.database.writing("notifications") as connection:
            connection.execute(change.values(begun_at=None))

    def mark_sent(self, notification_id: int, message_id: str) -> NotificationRecord:
        """Write down that the other side accepted a notification, and what it calls it."""
        sent = {"state": "sent", "message_id": message_id, "sent_at": self._clock()}
        with self.database.writing("notifications") as connection:
            return _change(connection, notification_id, sent | _OUT_OF_HAND)

    def put_off(
        self, notification_id: int, until: datetime, why: str, in_doubt: bool = False
    ) -> NotificationRecord:
        """Put a notification back until some time; in doubt if it may have arrived."""
        changes = {"state": "queued", "due_at": until, "detail": why} | _OUT_OF_HAND
        if in_doubt:
            changes["in_doubt"] = True
        with self.database.writing("notifications") as connection:
            return _change(connection, notification_id, changes)

    def drop_notification(
        self, notification_id: int, state: NotificationState, why: str = ""
    ) -> NotificationRecord:
        """Write down that a notification is not sent, and why."""
        changes = {"state": state, "detail": why} | _OUT_OF_HAND
        with self.database.writing("notifications") as connection:
            return _change(connection, notification_id, changes)

    def drop_surplus(self, subscription_id: int, night: int) -> int:
        """Send nothing more of a night to a subscription; return how many that were.

        What is in doubt has its place in the limit, see `count_sent`, and may not have arrived:
        it stays.
        """
        change = (
            update(Notification)
            .where(
                Notification.subscription_id == subscription_id,
                Notification.night == night,
                Notification.state == "queued",
                Notification.in_doubt.is_(False),
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
