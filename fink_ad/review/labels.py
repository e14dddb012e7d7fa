"""Answers of reviewers: give one, take one back, look at one's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fink_ad.errors import ReviewError
from fink_ad.store import (
    ANSWERS,
    IMPORT_CHANNEL,
    Answer,
    LabelRecord,
    NewLabel,
    ReviewerRecord,
    Showing,
    Store,
    standing_labels,
)

__all__ = ["Given", "checked_answer", "checked_note", "checked_tags", "history", "record", "undo"]

_BLANK = re.compile(r"[^\S\n]")
_MAX_TAGS, _TAG_LENGTH, _NOTE_LENGTH = 10, 50, 2000


@dataclass(frozen=True)
class Given:
    """An answer that was given, and whether it was taken back."""

    label: LabelRecord
    undone: bool


def record(
    store: Store,
    showing: Showing,
    answer: str,
    *,
    tags: Sequence[str] = (),
    note: str = "",
    channel: str = "",
    shown_at: datetime | None = None,
    answered_at: datetime | None = None,
    token: str = "",
) -> LabelRecord:
    """Store a reviewer's answer about a candidate they were shown.

    Parameters
    ----------
    answer : str
        One of `fink_ad.store.ANSWERS`. Who skips gives none: release the showing instead.
    channel : str
        Where the answer came from; that of the showing by default.
    shown_at, answered_at : datetime, optional
        When the candidate was shown as a whole (by default as the showing says), and when the
        answer was given (by default now).
    token : str
        The sender's own name for this answer: sent again with it, it is stored once.

    Raises
    ------
    ReviewError
        If the answer is none, was given before the candidate was shown, or tags or note are
        too long or hold characters that do not print.
    StoreError
        If the reviewer may not label, the alert is no longer kept, the token belongs to another
        answer, or the reviewer has answered about the object since it was drawn.
    """
    chosen = checked_answer(answer)
    shown_at = shown_at or showing.shown_at
    answered_at = answered_at or datetime.now(UTC)
    if shown_at is not None and answered_at < shown_at:
        raise ReviewError(
            f"{showing.object_id!r} was answered at {answered_at} and shown only at {shown_at};"
            " check the clock"
        )
    return store.add_label(
        NewLabel(
            survey=showing.survey,
            alert_id=showing.alert_id,
            reviewer_id=showing.reviewer_id,
            answer=chosen,
            channel=channel or showing.channel,
            answered_at=answered_at,
            shown_at=shown_at,
            model_revision=showing.model_revision,
            tags=checked_tags(tags),
            note=checked_note(note),
            token=token,
        ),
        drawn_at=showing.drawn_at,
    )


def undo(
    store: Store,
    reviewer: ReviewerRecord,
    label_id: int | None = None,
    channel: str = "terminal",
    *,
    by_operator: bool = False,
) -> LabelRecord:
    """Take back an answer of the reviewer's own, by default the last they gave themselves.

    Imported answers are taken back by their number only.

    Parameters
    ----------
    by_operator : bool
        Somebody who runs the place takes it back for the reviewer, who may be retired.

    Returns
    -------
    LabelRecord
        The answer that counts no longer.

    Raises
    ------
    ReviewError
        If there is nothing to take back.
    StoreError
        If the reviewer is retired and no operator asks.
    """
    standing = standing_labels(store.labels(reviewer_id=reviewer.id))
    if label_id is None:
        wanted = [one for one in standing if not one.channel.startswith(IMPORT_CHANNEL)][-1:]
    else:
        wanted = [one for one in standing if one.id == label_id]
    if not wanted:
        which = "to take back" if label_id is None else f"{label_id} to take back"
        raise ReviewError(f"{reviewer.name!r} has no answer {which}; see fink-ad labels list")
    store.retract_label(wanted[0].id, reviewer.id, channel, by_operator)
    return wanted[0]


def history(
    store: Store,
    reviewer: ReviewerRecord,
    limit: int = 10,
    *,
    standing: bool = False,
    imported: bool = True,
) -> tuple[Given, ...]:
    """Return the last answers of a reviewer, latest first; those taken back are marked.

    Parameters
    ----------
    standing : bool
        Leave out those taken back.
    imported : bool
        Tell those that came from a file, too.
    """
    return tuple(
        Given(label, undone)
        for label, undone in store.last_answers(
            reviewer.id, limit, standing=standing, imported=imported
        )
    )


def checked_answer(answer: str) -> Answer:
    """Return the answer of this name.

    Raises
    ------
    ReviewError
        If it is none.
    """
    for one in ANSWERS:
        if one == answer:
            return one
    raise ReviewError(f"{answer!r} is no answer; answer {', '.join(ANSWERS)}")


def checked_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Return tags without blanks around, empty ones and repetitions.

    Raises
    ------
    ReviewError
        If they are too many, or one is too long or holds characters that do not print.
    """
    kept = tuple(dict.fromkeys(" ".join(tag.split()) for tag in tags if tag.strip()))
    if len(kept) > _MAX_TAGS:
        raise ReviewError(f"{len(kept)} tags are too many; {_MAX_TAGS} is most")
    for tag in kept:
        if len(tag) > _TAG_LENGTH or not tag.isprintable():
            raise ReviewError(
                f"tag {tag[:_TAG_LENGTH]!r} is no tag: {_TAG_LENGTH} characters, all "
                "of which print, is most"
            )
    return kept


def checked_note(note: str) -> str:
    """Return a note without blanks around, its line ends as here, other blanks as spaces.

    Raises
    ------
    ReviewError
        If it is too long or holds characters that do not print.
    """
    note = _BLANK.sub(" ", note.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(note) > _NOTE_LENGTH:
        raise ReviewError(f"a note of {len(note)} characters is too long; {_NOTE_LENGTH} is most")
    if not note.replace("\n", "").isprintable():
        raise ReviewError("a note holds characters that do not print; write it in plain text")
    return note
