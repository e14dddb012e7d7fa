"""Answers to candidates that came by themselves: nobody drew them from the queue."""

from __future__ import annotations

from datetime import UTC, datetime

from fink_ad.review.labels import checked_answer, record
from fink_ad.store import LabelRecord, NewLabel, ReviewerRecord, Showing, Store, standing_labels

__all__ = ["answer_message"]


def answer_message(
    store: Store,
    reviewer: ReviewerRecord,
    survey: str,
    alert_id: int,
    answer: str,
    *,
    showing_id: int = 0,
    channel: str,
    shown_at: datetime,
    revision: str = "",
    token: str,
) -> LabelRecord:
    """Store the answer to a message about an alert, as `labels.record` does.

    The message belongs to a showing of the reviewer's, or to none, where it was sent unasked or
    to several people. The same answer given twice in a row counts once.

    Parameters
    ----------
    showing_id : int
        0 if the message belongs to none.
    shown_at : datetime.datetime
        When the message was sent.
    revision : str
        Model revision under which the alert was sent, if it belongs to no showing.
    token : str
        Name of this answer, see `labels.record`.

    Raises
    ------
    ReviewError
        If the answer is none.
    StoreError
        If the reviewer may not label, or the alert is no longer kept.
    """
    standing = _standing(store, reviewer, survey, alert_id)
    if standing is not None and standing.answer == answer:
        return standing
    # The clock of the chat service may be ahead of ours.
    shown_at = min(shown_at, datetime.now(UTC))
    showing = _own_showing(store, reviewer, survey, alert_id, showing_id)
    if showing is not None:
        return record(store, showing, answer, channel=channel, shown_at=shown_at, token=token)
    return store.add_label(
        NewLabel(
            survey=survey,
            alert_id=alert_id,
            reviewer_id=reviewer.id,
            answer=checked_answer(answer),
            channel=channel,
            answered_at=datetime.now(UTC),
            shown_at=shown_at,
            model_revision=revision,
            token=token,
        )
    )


def _standing(
    store: Store, reviewer: ReviewerRecord, survey: str, alert_id: int
) -> LabelRecord | None:
    """Return the reviewer's last answer about an alert, unless it was taken back."""
    standing = standing_labels(store.labels(survey, reviewer_id=reviewer.id))
    return next((one for one in reversed(standing) if one.alert_id == alert_id), None)


def _own_showing(
    store: Store, reviewer: ReviewerRecord, survey: str, alert_id: int, showing_id: int
) -> Showing | None:
    if not showing_id:
        return None
    for one in store.showings(reviewer.id, survey):
        if one.id == showing_id and one.alert_id == alert_id:
            return one
    return None
