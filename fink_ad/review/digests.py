"""What is due by the clock: digests of a list, and the heartbeat of a night."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import numpy as np
import structlog
from numpy.typing import NDArray

from fink_ad.config import Settings
from fink_ad.errors import FinkAdError, ModelError
from fink_ad.forest import Model
from fink_ad.review.conditions import holding
from fink_ad.review.hours import last_due
from fink_ad.store import Order, OrderRecord, Store
from fink_ad.store.records.notifications import SHARED, NewNotification, Subscription

__all__ = ["heartbeat_text", "queue_digests", "queue_heartbeat", "queue_personal"]

_EXPIRY = timedelta(hours=24)
_LATE = timedelta(hours=12)  # a digest missed for longer is left to the next one
# How long after the beginning of its date a night is the newest there can be, once it is over.
_LAG = {"ztf": timedelta(hours=12), "lsst": timedelta(hours=36)}
_SPARE = 5  # proposals for each place of a digest: what did not change enough takes some
_CHUNK = 200  # alerts that a condition is asked of at once

_log = structlog.get_logger(__name__)


def queue_digests(store: Store, settings: Settings, now: datetime) -> int:
    """Queue the digests whose hour has come, each once a day, whoever asks; return how many.

    A digest holds the strangest objects of the list's newest night that its target does not
    know yet, as single messages, up to the subscription's limit. It is queued with the note
    that it was: whoever dies in between leaves both to the next one.

    Raises
    ------
    StoreError
        If the store cannot be read or written, after all subscriptions were looked at.
    """
    n = 0
    failures: list[FinkAdError] = []
    for one in store.subscriptions():
        if not one.digest_at:
            continue
        due = last_due(now, one.timezone, one.digest_at)
        too_early = one.created_at is not None and due < one.created_at
        if too_early or now - due > _LATE:
            continue
        name = f"digest {one.id}"
        try:
            if not store.job_done(name, due):
                new = list(_proposals(store, settings, one, now))
                n += store.queue_of_job(name, due, one.target, new)
        except FinkAdError as error:
            _log.error("digest_not_queued", subscription=one.id, error=str(error))
            failures.append(error)
    if failures:
        raise failures[0]
    return n


def queue_personal(store: Store, settings: Settings, now: datetime) -> int:
    """Queue what personal models rank as rare enough, for those who want it at once.

    The pipeline ranks by the shared model only; a personal model's ranking comes from the
    learner. Returns how many are new.
    """
    wanted = [one for one in store.subscriptions() if not one.digest_at and one.model != SHARED]
    return sum(
        store.queue_notifications(list(_proposals(store, settings, one, now))) for one in wanted
    )


def queue_heartbeat(
    store: Store, settings: Settings, now: datetime, due: datetime | None = None
) -> int:
    """Queue a word on the last night for every target, also if nothing happened in it.

    Parameters
    ----------
    due : datetime.datetime, optional
        When it was to be queued, now by default. It has its name by it: what was missed
        yesterday and comes today takes no place of today's.

    Returns
    -------
    int
        How many are new: each target is told once for each time that it is due.
    """
    night = max((key.night for key in store.counts()), default=0)
    targets = {one.target for one in store.subscriptions()}
    if settings.bot.operators_chat is not None:
        targets.add(f"telegram:{settings.bot.operators_chat}")
    text = heartbeat_text(store, night, now)
    return store.queue_notifications(
        [
            NewNotification(
                kind="heartbeat",
                target=target,
                survey="",
                object_id="",
                model=SHARED,
                # A day without alerts is told as well: it has a name of its own.
                occasion=f"{due or now:%Y-%m-%dT%H:%M:%S}",
                due_at=now,
                expires_at=now + _EXPIRY,
                night=night,
                body=text,
            )
            for target in sorted(targets)
        ]
    )


def heartbeat_text(store: Store, night: int, now: datetime) -> str:
    """Return what became of a night's alerts, in plain words."""
    if not night:
        return "No alerts have come in yet."
    totals: dict[str, int] = {}
    for key, n in store.counts(night).items():
        totals[key.kind] = totals.get(key.kind, 0) + n
    kinds = (("in", "in"), ("scored", "scored"), ("filtered", "filtered"))
    told = [f"{totals.get(kind, 0):,} {word}" for kind, word in kinds]
    rest = (("duplicate", "seen before"), ("dead_letter", "unreadable"))
    told += [f"{totals[kind]:,} {word}" for kind, word in rest if totals.get(kind)]
    told.append(f"{len(store.candidates(top=None, night=night)):,} candidates")
    since = now - timedelta(days=1)
    answers = [one for one in store.labels() if one.answered_at >= since and one.retracts is None]
    told.append(f"{len(answers):,} answers in the last 24 hours")
    told_of = f"Night {night}: {', '.join(told)}."
    surveys = {key.survey for key in store.counts(night)}
    if all(night < int(f"{now - _LAG[one]:%Y%m%d}") for one in surveys):
        return f"No new alerts have come in. {told_of}"
    return told_of


def _proposals(
    store: Store, settings: Settings, one: Subscription, now: datetime
) -> Iterable[NewNotification]:
    record = _order_of(store, one)
    if record is None or not record.n_objects:
        return
    order = store.order(record.id)
    newest = int(order.night.max())
    rows = np.flatnonzero((order.night == newest) & (order.one_in >= one.rarity))
    known = store.told_alerts(one.target, one.model, one.survey)
    left = _SPARE * one.per_night
    told = [
        int(alert_id) in known.get(str(name), ())
        for name, alert_id in zip(order.object_id[rows], order.alert_id[rows], strict=True)
    ]
    rows = rows[~np.array(told, bool)]
    for row in _of_which_it_holds(store, settings, one, record, order, rows):
        name = str(order.object_id[row])
        alert_id = int(order.alert_id[row])
        yield NewNotification(
            kind="candidate",
            target=one.target,
            survey=one.survey,
            object_id=name,
            model=one.model,
            occasion=f"again:{alert_id}" if name in known else "first",
            due_at=now,
            expires_at=now + _EXPIRY,
            subscription_id=one.id,
            alert_id=alert_id,
            population=one.population,
            model_revision=record.revision_id,
            night=newest,
            score=float(order.score[row]),
            one_in=float(order.one_in[row]),
            beyond=bool(order.beyond[row]),
            reason="among the strangest of the night",
        )
        left -= name not in known
        if left <= 0:
            return


def _of_which_it_holds(
    store: Store,
    settings: Settings,
    one: Subscription,
    record: OrderRecord,
    order: Order,
    rows: NDArray[np.intp],
) -> Iterator[int]:
    """Yield the rows of an order of which the condition of a digest holds, in order.

    What is told at once is proposed again and again, each alert once: so it is enough that its
    condition is asked when it is sent.
    """
    if not one.where or not one.digest_at:
        yield from rows.tolist()
        return
    model = _model(settings, record.revision_id)
    for first in range(0, len(rows), _CHUNK):
        part = {int(order.alert_id[row]): int(row) for row in rows[first : first + _CHUNK]}
        kept = store.kept(one.survey, part)
        of = np.array([part[alert.alert_id] for alert in kept], np.intp)
        yield from sorted(of[holding(one.where, kept, order.one_in[of], model)].tolist())


def _model(settings: Settings, revision: str) -> Model | None:
    try:
        return Model.load(settings.models_dir / revision)
    except ModelError:  # it was removed, or is damaged: of its features nothing can be said
        return None


def _order_of(store: Store, one: Subscription) -> OrderRecord | None:
    whose = None if one.model == SHARED else int(one.model.removeprefix("reviewer:"))
    return store.latest_order(one.survey, one.population, whose)
