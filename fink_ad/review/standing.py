"""The answers that stand, and which of them count for whom; read again only after a new one."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fink_ad.review.labels import IMPORT_CHANNEL
from fink_ad.store import LabelImport, LabelRecord, Store

__all__ = ["Answers", "StandingAnswers"]


@dataclass(frozen=True)
class Answers:
    """Latest answers per reviewer and object in a survey and population.

    Attributes
    ----------
    own : mapping of int to tuple of LabelRecord
        What reviewers said themselves, imported or not, by reviewer.
    trusted : tuple of LabelRecord
        What others go by: without the imports that nobody has trusted.
    """

    own: Mapping[int, tuple[LabelRecord, ...]]
    trusted: tuple[LabelRecord, ...]

    def seen_by(self, reviewer_id: int) -> list[LabelRecord]:
        """Return what counts for a reviewer: all of their own, and of the others the trusted."""
        others = [label for label in self.trusted if label.reviewer_id != reviewer_id]
        return others + list(self.own.get(reviewer_id, ()))


class StandingAnswers:
    """The standing answers of a store. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: dict[tuple[str, str], tuple[object, Answers]] = {}
        self._lock = threading.Lock()

    def of(self, survey: str, population: str) -> Answers:
        """Return the answers that stand now."""
        imports = self._store.label_imports()
        untrusted = _channels(one for one in imports if one.trusted_at is None)
        left_out = _channels(one for one in imports if one.distrusted_at is not None)
        state = (self._store.label_position(survey, population), untrusted, left_out)
        with self._lock:
            before = self._read.get((survey, population))
        if before is not None and before[0] == state:
            return before[1]
        # Left out before the latest are found: an import must not hide what came before it.
        every = self._store.latest_labels(survey, population, without=left_out)
        trusted = every
        if untrusted != left_out:
            trusted = self._store.latest_labels(survey, population, without=untrusted)
        own: dict[int, list[LabelRecord]] = defaultdict(list)
        for label in every:
            own[label.reviewer_id].append(label)
        found = Answers({who: tuple(given) for who, given in own.items()}, trusted)
        with self._lock:
            self._read[survey, population] = state, found
        return found


def _channels(imports: Iterable[LabelImport]) -> frozenset[str]:
    return frozenset(IMPORT_CHANNEL + one.name for one in imports)
