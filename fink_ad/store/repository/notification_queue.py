"""What goes into the outbox: as it is given, and what a batch of alerts means to whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from fink_ad.store.records import CandidateRecord, KeptRecord
from fink_ad.store.records.notifications import SHARED, NewNotification
from fink_ad.store.tables import Notification, Subscription, Watch
from fink_ad.store.upserts import insert_new, table_of

__all__ = ["KEPT_FOR", "queue", "queue_alerts"]

KEPT_FOR = timedelta(hours=24)
"""After that a notification is stale, and is not sent."""

_CHUNK = 500


def queue(connection: Connection, new: Sequence[NewNotification], now: datetime) -> int:
    """Put notifications into the outbox unless their names are there; return how many were new."""
    fresh = {
        "state": "queued",
        "attempts": 0,
        "in_doubt": False,
        "claimed_until": None,
        "begun_at": None,
        "message_id": "",
        "created_at": now,
        "sent_at": None,
        "detail": "",
    }
    name = ("target", "survey", "object_id", "model", "occasion")
    return insert_new(connection, Notification, [vars(one) | fresh for one in new], name)


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
    queue(connection, new, now)


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
    """Yield one event per watched object: its latest alert of the batch has the others in it."""
    # Alerts without a time come first.
    by_time = sorted(kept, key=lambda one: (one.mjd_utc == one.mjd_utc, one.mjd_utc, one.alert_id))
    latest = {(one.survey, one.object_id): one for one in by_time}
    if not latest:
        return
    for watch in connection.execute(select(table_of(Watch))).all():
        one = latest.get((watch.survey, watch.object_id))
        if one is None or one.alert_id == watch.alert_id:
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
