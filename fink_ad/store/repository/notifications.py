"""The outbox: what is to be sent, in whose hands it is, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from fink_ad.store.records import CandidateRecord, KeptRecord
from fink_ad.store.records.notifications import (
    SHARED,
    NewNotification,
    NotificationState,
)
from fink_ad.store.records.notifications import Notification as NotificationRecord
from fink_ad.store.repository.part import StorePart, record_of
from fink_ad.store.tables import Notification, Subscription, Watch
from fink_ad.store.upserts import insert_new, table_of

__all__ = ["KEPT_FOR", "Notifications", "queue_alerts"]

KEPT_FOR = timedelta(hours=24)
"""After that a notification is stale, and is not sent."""

_CHUNK = 500


class Notifications(StorePart):
    """Notifications in the store.

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
            return _queue(connection, new, now)

    def targets_due(self) -> tuple[str, ...]:
        """Return where something is to be sent now."""
        now = self._clock()
        query = select(Notification.target).where(_is_due(now)).distinct()
        with self.database.reading() as connection:
            return tuple(connection.execute(query.order_by(Notification.target)).scalars())

    def claim_notification(self, target: str, seconds: float) -> NotificationRecord | None:
        """Take the rarest of what is due for a target in hand for some time; None if nothing is.

        What expired meanwhile is marked so.
        """
        now = self._clock()
        with self.database.writing("notifications") as connection:
            stale = and_(Notification.target == target, Notification.expires_at <= now)
            left = or_(Notification.state == "queued", _was_left(now))
            connection.execute(
                update(Notification).where(stale, left).values(state="expired", claimed_until=None)
            )
            # Not the numbers of candidates before what tells of the night as a whole.
            rarest = (Notification.kind == "candidate", Notification.one_in.desc(), Notification.id)
            first = (
                select(Notification.id, Notification.state)
                .where(Notification.target == target, _is_due(now))
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


def queue_alerts(
    connection: Connection,
    candidates: Sequence[CandidateRecord],
    kept: Sequence[KeptRecord],
    now: datetime,
) -> None:
    """Put what subscriptions and watches want to hear of at once of a batch into the outbox.

    An object that a target knows already comes under another name: whether it changed enough to
    be told again is for the sender to say.
    """
    new = [*_of_candidates(connection, candidates, now), *_of_watches(connection, kept, now)]
    _queue(connection, new, now)


def _of_candidates(
    connection: Connection, candidates: Sequence[CandidateRecord], now: datetime
) -> Iterable[NewNotification]:
    if not candidates:
        return
    wanted = select(table_of(Subscription)).where(
        Subscription.active, Subscription.digest_at == "", Subscription.model == SHARED
    )
    for subscription in connection.execute(wanted).all():
        chosen = [
            one
            for one in candidates
            if (one.survey, one.population) == (subscription.survey, subscription.population)
            and one.one_in >= subscription.rarity
        ]
        known = _known(connection, subscription.target, subscription.model, chosen)
        for one in sorted(chosen, key=lambda one: (-one.score, one.alert_id)):
            thing = (one.survey, one.object_id)
            yield NewNotification(
                kind="candidate",
                target=subscription.target,
                survey=one.survey,
                object_id=one.object_id,
                model=subscription.model,
                occasion=f"again:{one.alert_id}" if thing in known else "first",
                due_at=now,
                expires_at=now + KEPT_FOR,
                subscription_id=subscription.id,
                alert_id=one.alert_id,
                population=one.population,
                model_revision=one.model_revision,
                night=one.night,
                score=one.score,
                one_in=one.one_in,
                beyond=one.beyond,
                reason=", ".join(one.reasons),
            )
            known.add(thing)


def _of_watches(
    connection: Connection, kept: Sequence[KeptRecord], now: datetime
) -> Iterable[NewNotification]:
    alerts: dict[tuple[str, str], list[KeptRecord]] = {}
    for one in kept:
        alerts.setdefault((one.survey, one.object_id), []).append(one)
    if not alerts:
        return
    for watch in connection.execute(select(table_of(Watch))).all():
        for one in alerts.get((watch.survey, watch.object_id), ()):
            if one.alert_id == watch.alert_id:
                continue
            yield NewNotification(
                kind="watch",
                target=watch.target,
                survey=one.survey,
                object_id=one.object_id,
                model=f"reviewer:{watch.reviewer_id}",
                occasion=f"watch:{one.alert_id}",
                due_at=now,
                expires_at=now + KEPT_FOR,
                alert_id=one.alert_id,
                population=one.population,
                model_revision=one.model_revision,
                night=one.night,
                score=one.score,
            )


def _known(
    connection: Connection, target: str, model: str, candidates: Sequence[CandidateRecord]
) -> set[tuple[str, str]]:
    """Return which of the candidates' objects are in the outbox for a target, sent or not."""
    known = set()
    names = sorted({one.object_id for one in candidates})
    for first in range(0, len(names), _CHUNK):
        query = select(Notification.survey, Notification.object_id).where(
            Notification.target == target,
            Notification.model == model,
            Notification.object_id.in_(names[first : first + _CHUNK]),
        )
        known |= {(row.survey, row.object_id) for row in connection.execute(query)}
    return known


def _queue(connection: Connection, new: Sequence[NewNotification], now: datetime) -> int:
    fresh = {
        "state": "queued",
        "attempts": 0,
        "in_doubt": False,
        "claimed_until": None,
        "message_id": "",
        "created_at": now,
        "sent_at": None,
        "detail": "",
    }
    name = ("target", "survey", "object_id", "model", "occasion")
    return insert_new(connection, Notification, [vars(one) | fresh for one in new], name)


def _was_left(now: datetime) -> ColumnElement[bool]:
    return and_(Notification.state == "sending", Notification.claimed_until <= now)


def _is_due(now: datetime) -> ColumnElement[bool]:
    waits = and_(Notification.state == "queued", Notification.due_at <= now)
    return or_(waits, _was_left(now))


def _change(
    connection: Connection, notification_id: int, values: Mapping[str, object]
) -> NotificationRecord:
    table = table_of(Notification)
    change = update(table).where(table.c.id == notification_id).values(values).returning(*table.c)
    return record_of(NotificationRecord, connection.execute(change).one())
