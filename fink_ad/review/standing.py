"""The answers that stand, and which of them count for whom; read again only after a new one."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from fink_ad.store import IMPORT_CHANNEL, LabelImport, LabelRecord, Store

__all__ = ["Answers", "StandingAnswers"]


@dataclass(frozen=True)
class Answers:
    """Latest answers about each object in a survey and population, as one reviewer goes by them.

    Attributes
    ----------
    own : tuple of LabelRecord
        What the reviewer said, imported or not.
    others : tuple of LabelRecord
        What others said, without the imports that nobody has trusted.
    """

    own: tuple[LabelRecord, ...]
    others: tuple[LabelRecord, ...]


class _Read(NamedTuple):
    """What was read up to the label of a number, without the answers of some channels."""

    position: int
    without: frozenset[str]
    labels: tuple[LabelRecord, ...]


class StandingAnswers:
    """The standing answers of a store. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: dict[tuple[str, str, bool], _Read] = {}
        self._lock = threading.Lock()

    def of(self, survey: str, population: str, reviewer_id: int) -> Answers:
        """Return the answers that stand now for a reviewer."""
        imports = self._store.label_imports()
        untrusted = _channels(one for one in imports if one.trusted_at is None)
        left_out = _channels(one for one in imports if one.distrusted_at is not None)
        trusted = self._latest(survey, population, untrusted, for_all=False)
        if untrusted == left_out:
            own = tuple(label for label in trusted if label.reviewer_id == reviewer_id)
        else:
            own = self._store.latest_labels(survey, population, reviewer_id, without=left_out)
        return Answers(own, tuple(one for one in trusted if one.reviewer_id != reviewer_id))

    def everybody(self, survey: str, population: str) -> tuple[LabelRecord, ...]:
        """Return the latest answers of everybody, imports that nobody has trusted among them."""
        return self._latest(survey, population, frozenset(), for_all=True)

    def _latest(
        self, survey: str, population: str, without: frozenset[str], *, for_all: bool
    ) -> tuple[LabelRecord, ...]:
        key = (survey, population, for_all)
        position = self._store.label_position(survey, population)
        with self._lock:
            before = self._read.get(key)
        found = None
        if before is not None and before.without == without:
            if before.position == position:
                return before.labels
            events = self._store.labels(survey, population=population, after=before.position)
            found = _with_answers(before.labels, events)
        if found is None:
            # Left out before the latest are found: an import must not hide what came before it.
            found = self._store.latest_labels(survey, population, without=without)
        with self._lock:
            self._read[key] = _Read(position, without, found)
        return found


def _channels(imports: Iterable[LabelImport]) -> frozenset[str]:
    return frozenset(IMPORT_CHANNEL + one.name for one in imports)


def _with_answers(
    standing: Iterable[LabelRecord], events: Iterable[LabelRecord]
) -> tuple[LabelRecord, ...] | None:
    """Return the latest answers after some more events, by number; None if the store must tell.

    That is where one was taken back, or came with an import.
    """
    latest = {(one.reviewer_id, one.object_id): one for one in standing}
    for event in events:
        if event.retracts is not None or event.channel.startswith(IMPORT_CHANNEL):
            return None
        key = (event.reviewer_id, event.object_id)
        before = latest.get(key)
        if before is None or (before.answered_at, before.id) < (event.answered_at, event.id):
            latest[key] = event
    return tuple(sorted(latest.values(), key=lambda one: one.id))
