"""The last answers, and how one is taken back and its candidate seen again."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from fink_ad.errors import FinkAdError
from fink_ad.review import LabelRecord, history, show_again
from fink_ad.ui.session import CHANNEL, Session, session
from fink_ad.ui.taking_back import take_back
from fink_ad.ui.text import ago, escaped

__all__ = ["are_last_answers_open", "change", "last_answers"]


def last_answers(seat: Session, showing_id: int) -> None:
    """Offer the last ten answers given here to be changed, in a list that opens on a click."""
    given = history(seat.desk.store, seat.reviewer, 10, standing=True, imported=False)
    with st.popover(
        f"Last answers ({len(given)})",
        disabled=not given,
        key=_key(showing_id),
        on_change=_looked_away,
    ):
        for place, one in enumerate(given):
            _one_answer(place, one.label)


def are_last_answers_open(showing_id: int) -> bool:
    """Say whether the list lies over a candidate."""
    return bool(st.session_state.get(_key(showing_id), False))


def change(label_id: int | None) -> None:
    """Take an answer back, by default the last, and its candidate in hand again.

    What was in hand stays leased: it comes next, once this is answered.
    """
    seat = session()
    label = take_back(seat, label_id)
    if label is None:
        return
    try:
        lease_seconds = 60 * seat.desk.settings.queue.lease_minutes
        seat.take_up(show_again(seat.desk.store, label, CHANNEL, lease_seconds))
        seat.look_at(label.survey, label.population)
    except FinkAdError as error:
        st.toast(escaped(error))


def _key(showing_id: int) -> str:
    # The showing in the key lets the list be shut over the next candidate.
    return f"last_answers_{showing_id}"


def _looked_away() -> None:
    session().guard.clear()


def _one_answer(place: int, label: LabelRecord) -> None:
    said, button = st.columns([0.75, 0.25])
    age = ago(label.answered_at, datetime.now(UTC))
    said.markdown(f"**{escaped(label.object_id)}** {escaped(label.answer)} · {age}")
    button.button("Change", key=f"change_{place}", on_click=change, args=(label.id,))
