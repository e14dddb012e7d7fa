"""Which answered objects changed so much that they are worth another look."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import structlog

from fink_ad.config import QueueSettings
from fink_ad.errors import StoreError
from fink_ad.review.returns import material_changes, rarity_jump
from fink_ad.store import KeptRecord, LabelRecord, Order, Showing, Store

__all__ = ["Changes"]

_log = structlog.get_logger(__name__)


class Changes:
    """Compare alerts with those that were answered, each pair once. Safe to share between threads.

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
        self._lock = threading.Lock()

    def returned(
        self,
        survey: str,
        order: Order,
        answers: Mapping[int, LabelRecord],
        shown: Iterable[Showing],
    ) -> dict[int, str]:
        """Return the rows of answered objects that changed materially since, and how.

        That an object is rarer now counts unless it was called an anomaly: then the model
        has learned to rank it higher, and it need not have changed.
        """
        pairs = {
            row: (survey, label.alert_id, int(order.alert_id[row]))
            for row, label in answers.items()
            if label.alert_id != int(order.alert_id[row])
        }
        self._compare(survey, [pair for pair in pairs.values() if pair not in self._changes])
        one_in = {(one.reviewer_id, one.alert_id): one.one_in for one in shown}
        returned = {}
        for row, pair in pairs.items():
            label, change = answers[row], self._changes.get(pair)
            if change is None:
                continue
            was = one_in.get((label.reviewer_id, label.alert_id))
            jump = ""
            if was is not None and label.answer != "anomaly":
                factor = self._settings.return_rarity
                jump = rarity_jump(was, float(order.one_in[row]), factor)
            reason = ", ".join(words for words in (change, jump) if words)
            if reason:
                returned[row] = reason
        return returned

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
