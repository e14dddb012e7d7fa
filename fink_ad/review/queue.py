"""The next candidate for a reviewer, drawn from the order in force, and why."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime

import numpy as np

from fink_ad.config import Settings
from fink_ad.forest.calibration import Calibration
from fink_ad.review.changes import Change, Changes
from fink_ad.review.draws import Stock, choose
from fink_ad.review.standing import StandingAnswers
from fink_ad.review.stock import (
    SKIPPED_FOR,
    closing_answers,
    gold_objects,
    repeatable_rows,
    skipped_objects,
)
from fink_ad.store import (
    NewShowing,
    Order,
    OrderRecord,
    ReviewerRecord,
    Showing,
    Store,
)
from fink_ad.store.records import Draw

__all__ = ["Queue", "QueueState"]

_N_ORDERS = 4  # orders at hand: a survey and a personal model or two

_REASONS = {
    "top": "among the strangest that nobody answered yet",
    "novel": "among the strange, the least like anything answered so far",
    "random": "drawn at random, to learn how often what stands there is interesting",
}


@dataclass(frozen=True)
class QueueState:
    """What there is for a reviewer.

    Attributes
    ----------
    order : OrderRecord or None
        What is drawn from; its ``reviewer_id`` is None if that is everybody's order.
    n_open : int
        Objects to be answered.
    reason : str
        Why there is nothing, and what to do; empty if there is something.
    """

    order: OrderRecord | None
    n_open: int
    reason: str


@dataclass(frozen=True, eq=False)
class _View:
    """An order as one reviewer may draw from it."""

    record: OrderRecord
    order: Order
    stock: Stock
    returned: Mapping[int, Change]  # by row of the order
    n_calibration: int
    n_elsewhere: int  # open objects that others have in hand


class Queue:
    """Draw candidates for reviewers. Safe to share between threads.

    Ask for one at a time where you can: the order is learned anew between answers. In a batch
    the next objects are drawn as they stand. Spreading a batch out, by pretending an answer to
    each pick, was measured: against one at a time, batches of ten so picked lost 9 % of the
    anomalies found after 60 questions and were no better than the plain top on several tables
    (docs/learner.md), so it is not done here.

    Parameters
    ----------
    store : Store
    settings : Settings
        Section ``queue``.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings.queue
        self._lease_seconds = 60.0 * settings.queue.lease_minutes
        self._orders: dict[int, tuple[Order, dict[str, int]]] = {}
        self._changes = Changes(store, settings.queue)
        self._standing = StandingAnswers(store)
        self._lock = threading.Lock()

    def next(
        self,
        reviewer: ReviewerRecord,
        survey: str,
        population: str,
        n: int = 1,
        channel: str = "terminal",
    ) -> tuple[Showing, ...]:
        """Return the next candidates, each of another object; fewer if there are no more.

        What the reviewer has in hand in this channel comes first, so that a restart keeps the
        place; it is leased anew. Every draw is stored with its kind, its share and its place.

        Raises
        ------
        StoreError
            If the reviewer may not label.
        """
        taken: list[Showing] = []
        for one in self._store.open_showings(reviewer.id, survey, population):
            again = None
            if len(taken) < n and one.channel == channel:
                again = self._take([_as_new(one)])
            taken += [again] if again is not None else []
        view = self._view(reviewer, survey, population) if len(taken) < n else None
        if view is None:
            return tuple(taken)
        stock = view.stock
        row_of = self._order(view.record)[1]
        count = self._store.count_showings(reviewer.id)
        while len(taken) < n:
            drawn = choose(view.order, stock, self._settings, survey, reviewer.id, count)
            found = self._take(
                [self._choice(view, reviewer, survey, population, channel, one) for one in drawn]
            )
            if found is None:
                break
            taken.append(found)
            stock = stock.without({row_of[found.object_id]})
            count += 1
        return tuple(taken)

    def foresee(
        self, reviewer: ReviewerRecord, survey: str, population: str, n: int
    ) -> tuple[int, ...]:
        """Return the alerts that `next` will probably give, one after another; none is taken."""
        view = self._view(reviewer, survey, population)
        if view is None:
            return ()
        stock = view.stock
        count = self._store.count_showings(reviewer.id)
        found: list[int] = []
        for ahead in range(n):
            drawn = choose(view.order, stock, self._settings, survey, reviewer.id, count + ahead)
            if not drawn:
                break
            row = drawn[0][-1]
            change = view.returned.get(row)
            found.append(int(view.order.alert_id[row]) if change is None else change.alert_id)
            stock = stock.without({row})
        return tuple(found)

    def skip(self, showing: Showing) -> None:
        """Give a candidate back unanswered: others may have it now, its reviewer in 12 hours.

        Raises
        ------
        StoreError
            If the reviewer is retired.
        """
        self._store.release_showing(showing.id, by=showing.reviewer_id)

    def state(self, reviewer: ReviewerRecord, survey: str, population: str) -> QueueState:
        """Tell what there is for a reviewer, or why there is nothing."""
        what = f"{survey} {population}"
        view = self._view(reviewer, survey, population)
        if view is None:
            if self._store.active_model(survey, population) is None:
                reason = f"There is no {what} model yet: read alerts with `fink-ad run`."
            else:
                reason = (
                    f"No order of the {what} alerts has been published yet: a learner does, "
                    "within seconds; `fink-ad learn` starts one."
                )
            return QueueState(None, 0, reason)
        reason = ""
        if not len(view.order):
            reason = f"No kept {what} alert meets the condition that the model is set to."
        elif not len(view.stock.open):
            reason = f"All {len(view.order):,} objects are answered or skipped"
            if view.n_elsewhere:
                minutes = self._lease_seconds / 60
                reason += (
                    f", but for {view.n_elsewhere:,} that others have in hand: ask again in"
                    f" {minutes:g} minutes"
                )
            reason += "."
        return QueueState(view.record, len(view.stock.open), reason)

    def _take(self, choices: Sequence[NewShowing]) -> Showing | None:
        return self._store.take_showing(choices, self._lease_seconds, self._settings.overlap)

    def _view(self, reviewer: ReviewerRecord, survey: str, population: str) -> _View | None:
        """Return the reviewer's own order, else everybody's, with what may be drawn from it."""
        store = self._store
        own = store.latest_order(survey, population, reviewer.id) if reviewer.personal else None
        record = own or store.latest_order(survey, population)
        if record is None:
            return None
        order, row_of = self._order(record)
        now = datetime.now(UTC)
        standing = self._standing.of(survey, population, reviewer.id)
        labels = standing.own + standing.others
        shown = store.showings_at_hand(reviewer.id, survey, now - SKIPPED_FOR)
        repeated = store.repeated_objects(reviewer.id, survey)
        alone = own is not None or self._settings.overlap
        answers = {
            row_of[name]: label
            for name, label in closing_answers(labels, reviewer.id, alone).items()
            if name in row_of
        }
        returned = self._changes.returned(survey, population, order, answers)
        since = min((one.drawn_at for one in shown), default=now)
        events = store.labels(survey, reviewer_id=reviewer.id, since=since)
        skipped = skipped_objects(shown, events, now)
        closed = (answers.keys() - returned.keys()) | {
            row_of[name] for name in skipped if name in row_of
        }
        operators = {one.id for one in store.reviewers() if one.role == "operator"}
        gold = gold_objects(labels, reviewer.id, operators)
        stock = Stock(
            np.delete(np.arange(len(order)), list(closed)),
            np.array(repeatable_rows(repeated, standing.own, order, row_of), np.int64),
            np.array(sorted(row_of[name] for name in gold if name in row_of), np.int64),
        )
        held = {row_of.get(one.object_id, -1) for one in shown if one.leased_until > now}
        stock = stock.without(held)
        left = stock
        if not self._settings.overlap:
            elsewhere = store.objects_in_hand(survey, population, not_of=reviewer.id)
            left = stock.without({row_of.get(name, -1) for name in elsewhere})
        calibration = record.calibration
        n_calibration = 0 if calibration is None else Calibration.from_json(calibration).n_answers
        n_elsewhere = len(stock.open) - len(left.open)
        return _View(record, order, left, returned, n_calibration, n_elsewhere)

    def _order(self, record: OrderRecord) -> tuple[Order, dict[str, int]]:
        """Return the columns of an order, and the row of each object."""
        with self._lock:
            found = self._orders.get(record.id)
        if found is None:
            order = self._store.order(record.id)
            found = order, {name: row for row, name in enumerate(order.object_id.tolist())}
            with self._lock:
                self._orders[record.id] = found
                while len(self._orders) > _N_ORDERS:
                    del self._orders[min(self._orders)]
        return found

    def _choice(
        self,
        view: _View,
        reviewer: ReviewerRecord,
        survey: str,
        population: str,
        channel: str,
        drawn: tuple[Draw, float, int],
    ) -> NewShowing:
        draw, share, row = drawn
        order = view.order
        alert_id = int(order.alert_id[row])
        # What is known to be another's or one's own answer looks like any other candidate.
        reason = _REASONS.get(draw, _REASONS["top"])
        if row in view.returned and draw not in ("repeat", "gold"):
            change = view.returned[row]
            draw, alert_id = "returned", change.alert_id
            reason = f"answered before, and {change.reason}"
        return NewShowing(
            reviewer_id=reviewer.id,
            survey=survey,
            alert_id=alert_id,
            object_id=str(order.object_id[row]),
            population=population,
            model_revision=view.record.revision_id,
            draw=draw,
            reason=reason,
            share=share,
            score=float(order.score[row]),
            one_in=float(order.one_in[row]),
            channel=channel,
            place=row + 1,
            order_size=len(order),
            p_interesting=float(order.p_interesting[row]),
            n_calibration=view.n_calibration,
        )


def _as_new(showing: Showing) -> NewShowing:
    told = vars(showing)
    return NewShowing(**{field.name: told[field.name] for field in fields(NewShowing)})
