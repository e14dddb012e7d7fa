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
from fink_ad.store import KeptRecord, LabelRecord, Order, Store

__all__ = ["Change", "Changes"]

_log = structlog.get_logger(__name__)


class Change(NamedTuple):
    """The alert that an answered object has come to, and how it differs, in words."""

    alert_id: int
    reason: str


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
        # How an alert differs from an answered one, by survey and both ids; None: not later.
        self._changes: dict[tuple[str, int, int], str | None] = {}
        self._latest_alerts: dict[tuple[str, str], tuple[tuple[int, int], dict[str, int]]] = {}
        self._one_in: dict[int, float] = {}  # when it was shown, by label
        self._lock = threading.Lock()

    def returned(
        self,
        survey: str,
        population: str,
        order: Order,
        answers: Mapping[int, LabelRecord],
    ) -> dict[int, Change]:
        """Return the rows of answered objects that changed materially since, and how.

        What was answered is compared with the latest kept alert of the object, whichever of its
        alerts is the strangest: that one tells what became of it. That an object is rarer now
        counts unless it was called an anomaly: then the model has learned to rank it higher,
        and it need not have changed.

        Parameters
        ----------
        answers : mapping of int to LabelRecord
            Latest answers by row of the order.
        """
        latest = self._latest(survey, population, {one.object_id for one in answers.values()})
        pairs = {
            row: (survey, label.alert_id, latest[label.object_id])
            for row, label in answers.items()
            if latest.get(label.object_id, label.alert_id) != label.alert_id
        }
        self._compare(survey, [pair for pair in pairs.values() if pair not in self._changes])
        later = {row: pair for row, pair in pairs.items() if self._changes.get(pair) is not None}
        one_in = self._shown_one_in(survey, [answers[row] for row in later])
        returned = {}
        for row, pair in later.items():
            label, jump = answers[row], ""
            if label.answer != "anomaly":
                now = float(order.one_in[row])
                jump = rarity_jump(one_in[label.id], now, self._settings.return_rarity)
            reason = ", ".join(words for words in (self._changes[pair], jump) if words)
            if reason:
                returned[row] = Change(pair[2], reason)
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

    def _shown_one_in(self, survey: str, labels: Iterable[LabelRecord]) -> dict[int, float]:
        """Return how rare objects were when those who answered were shown them; NaN if unknown."""
        new = [label for label in labels if label.id not in self._one_in]
        for reviewer_id in {label.reviewer_id for label in new}:
            shown = {one.alert_id: one.one_in for one in self._store.showings(reviewer_id, survey)}
            found = {
                label.id: shown.get(label.alert_id, math.nan)
                for label in new
                if label.reviewer_id == reviewer_id
            }
            with self._lock:
                self._one_in |= found
        return self._one_in

    def _compare(self, survey: str, pairs: Sequence[tuple[str, int, int]]) -> None:
        """Remember how alerts differ from answered ones; None where they are not later."""
        if not pairs:
            return
        ids = {alert_id for pair in pairs for alert_id in pair[1:]}
        kept = {one.alert_id: one for one in self._store.kept(survey, ids)}
        there = [pair for pair in pairs if pair[1] in kept and pair[2] in kept]
        later = [pair for pair in there if kept[pair[2]].mjd_utc > kept[pair[1]].mjd_utc]
        words = {}
        try:
            words = self._words(kept, later)
        except StoreError as error:  # one damaged alert must not keep all others from coming back
            _log.warning("alerts_not_compared", survey=survey, n=len(later), error=str(error))
            for pair in later:
                with suppress(StoreError):
                    words |= self._words(kept, [pair])
        with self._lock:
            self._changes |= dict.fromkeys(pairs)
            self._changes |= words

    def _words(
        self, kept: Mapping[int, KeptRecord], pairs: Sequence[tuple[str, int, int]]
    ) -> dict[tuple[str, int, int], str]:
        words = material_changes(
            [kept[pair[1]] for pair in pairs],
            [kept[pair[2]] for pair in pairs],
            self._settings.return_magnitudes,
        )
        return dict(zip(pairs, words, strict=True))
