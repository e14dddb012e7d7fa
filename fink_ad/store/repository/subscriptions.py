"""Subscriptions and watches: who wants to be told of what, and where."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.orm import aliased

from fink_ad.errors import StoreError
from fink_ad.store.records.notifications import NewSubscription
from fink_ad.store.records.notifications import Subscription as SubscriptionRecord
from fink_ad.store.records.notifications import Watch as WatchRecord
from fink_ad.store.repository.part import StorePart, record_of
from fink_ad.store.repository.reviewers import check_reviewer
from fink_ad.store.tables import Notification, Subscription, Watch
from fink_ad.store.upserts import table_of, upsert

__all__ = ["Subscriptions"]


class Subscriptions(StorePart):
    """Subscriptions and watches in the store."""

    def add_subscription(self, subscription: NewSubscription) -> SubscriptionRecord:
        """Store a subscription; one to the same list at the same target ends.

        Raises
        ------
        StoreError
            If the reviewer is unknown or retired.
        """
        with self.database.writing("subscriptions") as connection:
            check_reviewer(connection, subscription.reviewer_id)
            _end(
                connection,
                Subscription.target == subscription.target,
                Subscription.survey == subscription.survey,
                Subscription.population == subscription.population,
                Subscription.model == subscription.model,
            )
            row = vars(subscription) | {"active": True, "created_at": self._clock()}
            new = insert(Subscription).values(row).returning(*table_of(Subscription).c)
            return record_of(SubscriptionRecord, connection.execute(new).one())

    def end_subscription(self, subscription_id: int, target: str) -> None:
        """End a subscription of a target.

        Raises
        ------
        StoreError
            If the target has no such subscription.
        """
        with self.database.writing("subscriptions") as connection:
            ours = (Subscription.id == subscription_id, Subscription.target == target)
            if not _end(connection, *ours):
                raise StoreError(f"there is no subscription {subscription_id} of {target!r}")

    def subscriptions(
        self, target: str | None = None, subscription_id: int | None = None
    ) -> tuple[SubscriptionRecord, ...]:
        """Return the subscriptions in force, of one target or of all."""
        query = select(table_of(Subscription)).where(Subscription.active).order_by(Subscription.id)
        if target is not None:
            query = query.where(Subscription.target == target)
        if subscription_id is not None:
            query = query.where(Subscription.id == subscription_id)
        with self.database.reading() as connection:
            return tuple(record_of(SubscriptionRecord, row) for row in connection.execute(query))

    def move_target(self, target: str, to: str) -> None:
        """Give a target another name, as when a group of a chat service becomes a large one.

        What it was sent goes along, so that it is not told of that as new; what is in hand is
        queued again. What the new name has been told, or is to be told, is not told a second time.
        """
        out_of_hand = {"claimed_until": None, "begun_at": None}
        waiting = {"state": "queued"} | out_of_hand
        doubled = {"state": "unwanted", "detail": f"queued for {to}"} | out_of_hand
        with self.database.writing("subscriptions", "notifications") as connection:
            ours = Notification.target == target
            in_hand = update(Notification).where(ours, Notification.state == "sending")
            connection.execute(in_hand.values(waiting))
            named = update(Notification).where(ours, ~_is_known_to(to))
            connection.execute(named.values(target=to))
            unsent = update(Notification).where(ours, Notification.state == "queued")
            connection.execute(unsent.values(doubled))
            for table in (Subscription, Watch):
                connection.execute(update(table).where(table.target == target).values(target=to))

    def add_watch(
        self, reviewer_id: int, target: str, survey: str, object_id: str, told: int
    ) -> None:
        """Tell a reviewer when an object has changed since alert `told`."""
        watch = WatchRecord(reviewer_id, target, survey, object_id, told, self._clock())
        with self.database.writing("subscriptions") as connection:
            check_reviewer(connection, reviewer_id)
            upsert(
                connection,
                Watch,
                [vars(watch)],
                lambda old, new: {"target": new.target, "alert_id": new.alert_id},
            )

    def told_watch(self, target: str, survey: str, object_id: str, alert_id: int) -> None:
        """Write down which alert of a watched object a target was told of last."""
        change = (
            update(Watch)
            .where(Watch.target == target, Watch.survey == survey, Watch.object_id == object_id)
            .values(alert_id=alert_id)
        )
        with self.database.writing("subscriptions") as connection:
            connection.execute(change)

    def remove_watch(self, reviewer_id: int, survey: str, object_id: str) -> bool:
        """Stop watching an object; False if it was not watched."""
        gone = delete(Watch).where(
            Watch.reviewer_id == reviewer_id,
            Watch.survey == survey,
            Watch.object_id == object_id,
        )
        with self.database.writing("subscriptions") as connection:
            return connection.execute(gone).rowcount > 0

    def watched_objects(self) -> Mapping[str, frozenset[str]]:
        """Return the names of the objects that somebody watches, by survey."""
        query = select(Watch.survey, Watch.object_id).distinct()
        found: dict[str, set[str]] = {}
        with self.database.reading() as connection:
            for survey, name in connection.execute(query):
                found.setdefault(survey, set()).add(name)
        return {survey: frozenset(names) for survey, names in found.items()}

    def watches(
        self, reviewer_id: int | None = None, object_id: str | None = None
    ) -> tuple[WatchRecord, ...]:
        """Return what is watched, by one reviewer or by all."""
        query = select(table_of(Watch)).order_by(Watch.survey, Watch.object_id)
        if reviewer_id is not None:
            query = query.where(Watch.reviewer_id == reviewer_id)
        if object_id is not None:
            query = query.where(Watch.object_id == object_id)
        with self.database.reading() as connection:
            return tuple(record_of(WatchRecord, row) for row in connection.execute(query))


def _is_known_to(target: str) -> ColumnElement[bool]:
    """Return the condition for what the outbox has for a target as well, under the same name."""
    other = aliased(Notification)
    parts = ("survey", "object_id", "model", "occasion")
    same = [getattr(other, part) == getattr(Notification, part) for part in parts]
    return select(other.id).where(other.target == target, *same).exists()


def _end(connection: Connection, *which: object) -> bool:
    """End the subscriptions in force of which all this holds."""
    change = update(Subscription).where(Subscription.active, *which).values(active=False)  # type: ignore[arg-type]
    return connection.execute(change).rowcount > 0
