"""Second thoughts: was it answered meanwhile, and show me that one again."""

from __future__ import annotations

from fink_ad.errors import ReviewError
from fink_ad.store import LabelRecord, NewShowing, Showing, Store, standing_labels

__all__ = ["answered_since", "show_again"]


def answered_since(store: Store, showing: Showing) -> LabelRecord | None:
    """Return the reviewer's standing answer about the object since it was drawn, if any.

    It may have come from another window, the terminal or a chat.
    """
    events = store.labels(showing.survey, showing.object_id, showing.reviewer_id)
    standing = [one for one in standing_labels(events) if one.answered_at >= showing.drawn_at]
    return standing[-1] if standing else None


def show_again(store: Store, label: LabelRecord, channel: str, lease_seconds: float) -> Showing:
    """Draw the candidate of an answer once more for its reviewer, as it was drawn then.

    Raises
    ------
    ReviewError
        If it was never drawn (an imported answer), is no longer kept, or somebody else has the
        object in hand.
    """
    drawn = [
        one
        for one in store.showings(label.reviewer_id, label.survey)
        if one.alert_id == label.alert_id
    ]
    if not drawn:
        raise ReviewError(f"{label.object_id!r} was never shown here, so it cannot be shown again")
    last = vars(drawn[-1]) | {"channel": channel}
    new = NewShowing(**{name: last[name] for name in NewShowing.__dataclass_fields__})
    taken = store.take_showing([new], lease_seconds, overlap=True)
    if taken is None:
        raise ReviewError(f"alert {label.alert_id} of {label.object_id!r} is no longer kept")
    return taken
