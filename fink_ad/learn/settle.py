"""Settle what reviewers disagree on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from fink_ad.forest.training import TARGETS
from fink_ad.store import LabelRecord

__all__ = ["settle"]


def settle(labels: Sequence[LabelRecord]) -> tuple[LabelRecord, ...]:
    """Settle what reviewers disagree on: at most one answer per object is left.

    ``unsure`` is no vote. ``ordinary`` and ``bogus`` vote together against ``anomaly``; the
    majority of reviewers wins, and a tie leaves the object out. Of those who won, the latest
    answer stands for all.

    Parameters
    ----------
    labels : sequence of LabelRecord
        The latest answer of each reviewer about each object.
    """
    votes: dict[str, list[LabelRecord]] = defaultdict(list)
    for label in labels:
        if label.answer in TARGETS:
            votes[label.object_id].append(label)
    settled = []
    for of_object in votes.values():
        verdict = sum(TARGETS[label.answer] for label in of_object)
        winners = [label for label in of_object if TARGETS[label.answer] * verdict > 0]
        if winners:
            settled.append(max(winners, key=lambda label: (label.answered_at, label.id)))
    return tuple(settled)
