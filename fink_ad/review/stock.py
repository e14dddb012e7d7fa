"""What a reviewer may still be shown of an order, by what they and others did before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from fink_ad.forest.training import TARGETS
from fink_ad.store import IMPORT_CHANNEL, LabelRecord, Order, Showing

__all__ = ["SKIPPED_FOR", "closing_answers", "gold_objects", "repeatable_rows", "skipped_objects"]

SKIPPED_FOR = timedelta(hours=12)
"""How long a reviewer is not shown again what they gave back unanswered."""

_RECENT = 20  # own answers too fresh in memory to be asked for again


def closing_answers(
    labels: Iterable[LabelRecord], reviewer_id: int, alone: bool
) -> dict[str, LabelRecord]:
    """Return the latest answer about each object that needs no other one, by object.

    A reviewer's own answers do, and unless the reviewer works alone, those of the others that
    are not ``unsure``.
    """
    closing: dict[str, LabelRecord] = {}
    for label in sorted(labels, key=lambda one: (one.answered_at, one.id)):
        if label.reviewer_id == reviewer_id or (not alone and label.answer in TARGETS):
            closing[label.object_id] = label
    return closing


def skipped_objects(
    shown: Iterable[Showing], events: Iterable[LabelRecord], now: datetime
) -> set[str]:
    """Return the objects that a reviewer gave back of late unanswered.

    Parameters
    ----------
    shown : iterable of Showing
        What was drawn for the reviewer, at least what they gave back of late.
    events : iterable of LabelRecord
        Answers of the reviewer since then, also those taken back: who does that wants to look
        again.
    now : datetime
    """
    answered = {event.object_id: event.answered_at for event in events}
    skipped = set()
    for one in shown:
        answer = answered.get(one.object_id)
        unanswered = answer is None or answer < one.drawn_at
        given_back = one.released_at is not None and now < one.released_at + SKIPPED_FOR
        if given_back and unanswered:
            skipped.add(one.object_id)
    return skipped


def repeatable_rows(
    repeated: Collection[str],
    mine: Iterable[LabelRecord],
    order: Order,
    row_of: Mapping[str, int],
) -> list[int]:
    """Return the rows of alerts that a reviewer answered here a while ago, and only once.

    Parameters
    ----------
    repeated : collection of str
        Objects they were asked about again already.
    """
    given = sorted(
        (label for label in mine if not label.channel.startswith(IMPORT_CHANNEL)),
        key=lambda one: (one.answered_at, one.id),
    )
    return sorted(
        row_of[label.object_id]
        for label in given[:-_RECENT]
        if label.object_id in row_of
        and label.object_id not in repeated
        and int(order.alert_id[row_of[label.object_id]]) == label.alert_id
    )


def gold_objects(
    labels: Iterable[LabelRecord], reviewer_id: int, operators: Collection[int]
) -> set[str]:
    """Return the objects that others agree on and a reviewer has not answered.

    At least two of them gave answers that teach, all the same thing; or an operator gave one.
    """
    votes: dict[str, list[LabelRecord]] = defaultdict(list)
    mine = set()
    for label in labels:
        if label.reviewer_id == reviewer_id:
            mine.add(label.object_id)
        elif label.answer in TARGETS:
            votes[label.object_id].append(label)
    gold = set()
    for object_id, given in votes.items():
        agree = len({TARGETS[label.answer] for label in given}) == 1
        if any(label.reviewer_id in operators for label in given) or (agree and len(given) > 1):
            gold.add(object_id)
    return gold - mine
