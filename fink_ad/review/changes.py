"""Which answered objects changed so much that they are worth another look."""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import structlog

from fink_ad.config import QueueSettings
from fink_ad.errors import StoreError
from fink_ad.review.returns import material_changes, rarity_jump
from fink_ad.store import KeptRecord, LabelRecord, Order, Showing, Store

__all__ = ["Change", "Changes"]

_log = structlog.get_logger(__name__)


class Change(NamedTuple):
    """The alert that an answered object has come to, and how it differs, in words."""

    alert_id: int
    reason: str


class _Known(NamedTuple):
    """What was known of an object when it was shown: its latest alert, and how rare it was."""

    alert_id: int
    one_in: float


class _Pair(NamedTuple):
    """Alerts of one object that are compared: the latest with the latest known before.

    If that is not kept any more, the answered one stands for it, which always is.
    """

    survey: str
    answered: int
    known: int
    latest: int


class Changes:
    """Compare objects with what was answered, each alert once. Safe to share between threads.

    Parameters
    ----------
    store : Store
    settings : QueueSettings
        How large a change is material.
    """

    def __init__(self, store: Store, settings: QueueSettings) -> None:
        self._store = store
        self._settings = settings
        self._changes: dict[_Pair, str | None] = {}  # how the alerts differ; None: not later
        self._latest_alerts: dict[tuple[str, str], tuple[tuple[int, int], dict[str, int]]] = {}
        self._known: dict[int, _Known] = {}  # when it was shown, by label
        self._lock = threading.Lock()

    def returned(
        self,
        survey: str,
        population: str,
        order: Order,
        answers: Mapping[int, LabelRecord],
    ) -> dict[int, Change]:
        """Return the rows of answered objects that changed materially since, and how.

        The latest kept alert of an object is compared with the latest there was when it was
        shown, whichever of its alerts is the strangest: that one tells what became of it. What
        had come in before the answer is no news, also if it is later than what was answered.
        That an object is rarer now counts unless it was called an anomaly: then the model has
        learned to rank it higher, and it need not have changed.

        Parameters
        ----------
        answers : mapping of int to LabelRecord
            Latest answers by row of the order.
        """
        latest = self._latest(survey, population, {one.object_id for one in answers.values()})
        known = self._known_when_shown(
            survey,
            [
                label
                for label in answers.values()
                if latest.get(label.object_id, label.alert_id) != label.alert_id
            ],
        )
        pairs = {
            row: _Pair(survey, label.alert_id, known[label.id].alert_id, latest[label.object_id])
            for row, label in answers.items()
            if label.id in known and known[label.id].alert_id != latest.get(label.object_id)
        }
        self._compare(survey, [pair for pair in pairs.values() if pair not in self._changes])
        returned = {}
        for row, pair in pairs.items():
            changed = self._changes.get(pair)
            if changed is None:
                continue
            label, jump = answers[row], ""
            if label.answer != "anomaly":
                was, now = known[label.id].one_in, float(order.one_in[row])
                jump = rarity_jump(was, now, self._settings.return_rarity)
            reason = ", ".join(words for words in (changed, jump) if words)
            if reason:
                returned[row] = Change(pair.latest, reason)
        return returned

    def _latest(self, survey: str, population: str, names: Collection[str]) -> dict[str, int]:
        """Return the latest kept alert of each object."""
        state = self._store.kept_state(survey, population)
        with self._lock:
            at, known = self._latest_alerts.get((survey, population), (None, {}))
        if at != state:
            known = {}
        missing = [name for name in names if name not in known]
        if missing:
            known = known | self._store.latest_alerts(survey, population, missing)
        with self._lock:
            self._latest_alerts[survey, population] = state, known
        return known

    def _known_when_shown(self, survey: str, labels: Iterable[LabelRecord]) -> Mapping[int, _Known]:
        """Return what was known when those who answered were shown it, by label.

        Of an answer without a showing only the alert is known that it was about.
        """
        new = [label for label in labels if label.id not in self._known]
        for reviewer_id in {label.reviewer_id for label in new}:
            mine = [label for label in new if label.reviewer_id == reviewer_id]
            shown = self._store.showings_of(reviewer_id, survey, {label.alert_id for label in mine})
            found = {label.id: _known(label, shown.get(label.alert_id)) for label in mine}
            with self._lock:
                self._known |= found
        return self._known

    def _compare(self, survey: str, pairs: Sequence[_Pair]) -> None:
        """Remember how alerts differ from those known before; None where they are not later."""
        if not pairs:
            return
        ids = {alert_id for pair in pairs for alert_id in pair[1:]}
        kept = {one.alert_id: one for one in self._store.kept(survey, ids)}
        compared = {
            pair: (kept.get(pair.known, kept.get(pair.answered)), kept.get(pair.latest))
            for pair in pairs
        }
        later = {
            pair: (then, now)
            for pair, (then, now) in compared.items()
            if then is not None and now is not None and now.mjd_utc > then.mjd_utc
        }
        words = {}
        try:
            words = self._words(later)
        except StoreError as error:  # one damaged alert must not keep all others from coming back
            _log.warning("alerts_not_compared", survey=survey, n=len(later), error=str(error))
            for pair, alerts in later.items():
                with suppress(StoreError):
                    words |= self._words({pair: alerts})
        with self._lock:
            self._changes |= dict.fromkeys(pairs)
            self._changes |= words

    def _words(self, pairs: Mapping[_Pair, tuple[KeptRecord, KeptRecord]]) -> dict[_Pair, str]:
        words = material_changes(
            [then for then, _ in pairs.values()],
            [now for _, now in pairs.values()],
            self._settings.return_magnitudes,
        )
        return dict(zip(pairs, words, strict=True))


def _known(label: LabelRecord, showing: Showing | None) -> _Known:
    if showing is None:
        return _Known(label.alert_id, math.nan)
    latest = showing.latest_alert_id
    return _Known(label.alert_id if latest is None else latest, showing.one_in)
