"""The outbox as a sender sees it: what to send next to a target, and what not to send at all.

A sender takes a parcel, makes ready what it needs, says that it goes, sends it, and says that it
was accepted. If a sender dies, what it had in hand comes again when its claim has expired; what
was on its way is marked `in_doubt` then. No chat service can be asked whether it has it: so it is
sent again, and says that it may have been sent before. Nothing is lost, and what is doubled is at
most what was on its way: one message for each target, and for no longer than the other side takes
to answer. Doors that can be asked, or that know a message by its number, double nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from fink_ad.errors import FinkAdError, ReviewError
from fink_ad.review.askers import account_of, is_private, queue_lapse_notice, why_lapsed
from fink_ad.review.candidate import Candidate
from fink_ad.review.conditions import holding
from fink_ad.review.desk import Desk
from fink_ad.review.hours import quiet_until
from fink_ad.review.returns import material_changes, rarity_jump
from fink_ad.store import KeptRecord
from fink_ad.store.records.notifications import (
    Notification,
    NotificationState,
    Subscription,
)

__all__ = ["CLAIM_SECONDS", "Outbox", "Parcel"]

CLAIM_SECONDS = 120.0
"""How long a parcel stays in the hands of a sender that died."""

_MOST_ATTEMPTS = 10

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class Parcel:
    """Something to be sent now.

    Attributes
    ----------
    candidate : Candidate or None
        What to show; None for plain words, which are the notification's body.
    reason : str
        Why now, in words.
    """

    notification: Notification
    candidate: Candidate | None
    reason: str


@dataclass(frozen=True)
class _Later:
    until: datetime
    why: str


@dataclass(frozen=True)
class _Never:
    state: NotificationState
    why: str


def _now() -> datetime:
    return datetime.now(UTC)


class Outbox:
    """What is to be sent, by the wishes of those it is sent to.

    Parameters
    ----------
    desk : Desk
    clock : callable
        Gives the time.
    """

    def __init__(self, desk: Desk, clock: Callable[[], datetime] = _now) -> None:
        self._desk = desk
        self._store = desk.store
        self._clock = clock
        self._told_lapsed: set[str] = set()

    def now(self) -> datetime:
        """Return the time."""
        return self._clock()

    def targets(self, kind: str) -> tuple[str, ...]:
        """Return the targets of a kind (``telegram``, ``door``) that something is due for."""
        return tuple(one for one in self._store.targets_due() if one.startswith(f"{kind}:"))

    def take(self, target: str) -> Parcel | None:
        """Take the rarest thing that may be sent to a target now; None if there is nothing."""
        while True:
            one = self._store.claim_notification(target, CLAIM_SECONDS)
            if one is None:
                return None
            try:
                verdict = self._judge(one)
            except FinkAdError as error:
                verdict = _Never("failed", str(error))
            if isinstance(verdict, Parcel):
                return verdict
            if isinstance(verdict, _Later):
                self._store.put_off(one.id, verdict.until, verdict.why)
            else:
                self._store.drop_notification(one.id, verdict.state, verdict.why)

    def begin(self, parcel: Parcel) -> bool:
        """Write down that a parcel goes now; False if it must not: another sender has it."""
        return self._store.begin_notification(parcel.notification, CLAIM_SECONDS)

    def withdraw(self, parcel: Parcel) -> None:
        """Write down that a parcel in hand did not go, as the other side did not want it yet."""
        self._store.withdraw_notification(parcel.notification.id)

    def accepted(self, parcel: Parcel, message_id: str) -> None:
        """Write down that the other side has a parcel."""
        one = parcel.notification
        self._store.mark_sent(one.id, message_id)
        if one.kind == "watch":
            self._store.told_watch(one.target, one.survey, one.object_id, one.alert_id)

    def postpone(
        self,
        parcel: Parcel,
        seconds: float,
        why: str,
        in_doubt: bool = False,
        *,
        give_up: bool = True,
    ) -> None:
        """Try again later what could not be sent, as far as is known; after many attempts give up.

        Parameters
        ----------
        in_doubt : bool
            It may have arrived: the connection broke when it was on its way.
        give_up : bool
            False if nothing could be sent, whatever it was: only what is stale is given up then.
        """
        one = parcel.notification
        if give_up and one.attempts >= _MOST_ATTEMPTS:
            self._store.drop_notification(one.id, "failed", why)
        else:
            until = self._clock() + timedelta(seconds=seconds)
            self._store.put_off(one.id, until, why, in_doubt)

    def move(self, target: str, to: str) -> None:
        """Send to another name of a target what was meant for it, what is in hand included."""
        self._store.move_target(target, to)
        if target == f"telegram:{self._desk.settings.bot.operators_chat}":
            hint = f"set bot.operators_chat = {to.partition(':')[2]}"
            _log.warning("operators_chat_moved", old=target, new=to, hint=hint)

    def refused(self, parcel: Parcel, why: str) -> None:
        """Give up what the other side will never accept."""
        self._store.drop_notification(parcel.notification.id, "failed", why)

    def _judge(self, one: Notification) -> Parcel | _Later | _Never:
        whose = one.subscription_id
        wishes = self._store.subscriptions(None if whose else one.target, whose)
        if whose is not None and not wishes:
            return _Never("unwanted", "the subscription ended")
        barred = self._barred(one, wishes)
        if barred is not None:
            return barred
        lapsed = self._lapsed(one, wishes)
        if lapsed:
            return _Never("unwanted", lapsed)
        if one.kind in ("heartbeat", "notice"):
            return Parcel(one, None, one.reason)
        subscription = None if whose is None else wishes[0]
        kept = next(iter(self._store.kept(one.survey, [one.alert_id])), None)
        if kept is None:
            return _Never("unwanted", "the alert is no longer kept")
        if subscription is not None and not one.in_doubt:
            if self._store.count_sent(subscription.id, one.night) >= subscription.per_night:
                self._store.drop_surplus(subscription.id, one.night)
                return _Never("surplus", "the night's limit is reached")
            if subscription.where and not self._holds(subscription, one, kept):
                return _Never("unwanted", "the condition does not hold")
        reason = self._news(one, kept)
        if reason is None:
            return _Never("unwanted", "nothing material changed")
        candidate = self._desk.look(one.survey, one.alert_id)
        return Parcel(one, candidate, reason)

    def _barred(self, one: Notification, wishes: Sequence[Subscription]) -> _Later | _Never | None:
        """Return what keeps a target from being told anything now, None if nothing does.

        Private chats are told only while a reviewer is linked there, and not while muted. Quiet
        hours are those of the subscription, for what belongs to none those of any in the chat.
        """
        now = self._clock()
        account = account_of(self._store, one.target)
        if account is None and is_private(self._desk.settings, one.target):
            return _Never("unwanted", "no reviewer is linked to this chat")
        if account is not None and account.muted_until is not None and account.muted_until > now:
            return _Later(account.muted_until, "muted")
        ends = [quiet_until(now, of.timezone, of.quiet_from, of.quiet_to) for of in wishes]
        quiet = max((end for end in ends if end is not None), default=None)
        if quiet is not None and one.kind != "notice":
            return _Later(quiet, "quiet hours")
        return None

    def _lapsed(self, one: Notification, wishes: Sequence[Subscription]) -> str:
        """Return why nobody who asked for something may have it sent there, "" if somebody may.

        Of the night as a whole a target hears as long as anything is asked for there.
        """
        if one.kind == "notice":
            return ""
        askers = [wish.reviewer_id for wish in wishes]
        if one.kind == "watch":
            askers = [int(one.model.removeprefix("reviewer:"))]
        store, settings = self._store, self._desk.settings
        whys = [why_lapsed(store, settings, one.target, asker) for asker in askers]
        why = whys[0] if whys and all(whys) else ""
        if why and not is_private(settings, one.target) and one.target not in self._told_lapsed:
            self._told_lapsed.add(one.target)
            _log.warning("wish_lapsed", target=one.target, why=why)
            queue_lapse_notice(store, settings, one.target, why, self._clock())
        return why

    def _news(self, one: Notification, kept: KeptRecord) -> str | None:
        """Return why an object is worth telling, None if the target knows all that matters."""
        limits = self._desk.settings.queue
        if one.kind == "watch":
            return self._news_of_watched(one, kept)
        last = self._store.last_sent(one.target, one.model, one.survey, one.object_id)
        answered = self._answered_alert(one)
        if last is None and answered is None:
            return one.reason
        known = {of for of in (answered, last.alert_id if last else None) if of is not None}
        if one.alert_id in known:
            return None
        # The later of both is how the reader knows the object.
        then = sorted(self._store.kept(one.survey, known), key=lambda alert: alert.mjd_utc)[-1:]
        words = material_changes(then, [kept] * len(then), limits.return_magnitudes)
        was = last.one_in if last else float("nan")
        words.append(rarity_jump(was, one.one_in, limits.return_rarity))
        return ", ".join(word for word in words if word) or None

    def _news_of_watched(self, one: Notification, kept: KeptRecord) -> str | None:
        """Return why an alert of a watched object is worth telling; None if it is not.

        The first one of a night is, and within the night one that shows a material change. What
        came late, from before the alert that was told last, is not.
        """
        told = self._told_of_watch(one)
        news = "a new alert of an object you watch"
        if told is None:
            return news
        if not kept.mjd_utc > told.mjd_utc:
            return None
        (changed,) = material_changes([told], [kept], self._desk.settings.queue.return_magnitudes)
        if kept.night == told.night:
            return changed or None
        return f"{news}, {changed}" if changed else news

    def _answered_alert(self, one: Notification) -> int | None:
        """Return the alert of the object that the reader of a private chat answered last."""
        account = account_of(self._store, one.target)
        if account is not None:
            labels = self._store.latest_labels(one.survey, reviewer_id=account.reviewer_id)
            for label in labels:
                if label.object_id == one.object_id:
                    return label.alert_id
        return None

    def _told_of_watch(self, one: Notification) -> KeptRecord | None:
        for watch in self._store.watches(object_id=one.object_id):
            if watch.target == one.target and watch.survey == one.survey:
                return self._kept(one.survey, watch.alert_id)
        raise ReviewError(f"{one.object_id!r} is no longer watched")

    def _kept(self, survey: str, alert_id: int) -> KeptRecord | None:
        return next(iter(self._store.kept(survey, [alert_id])), None)

    def _holds(self, subscription: Subscription, one: Notification, kept: KeptRecord) -> bool:
        """Tell whether the condition of a subscription holds for an alert."""
        model = self._desk.model(one.model_revision)
        return bool(holding(subscription.where, [kept], [one.one_in], model)[0])
