"""Answer, skip, undo: the last row of the review screen, drawn when all else is there.

Every button has the showing in its key, so that a press says which candidate was on the screen of
the browser, however late it comes to the server. With keys that stay the same, a press waiting
behind others was measured to answer the next candidate, which nobody had seen.
"""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fink_ad.errors import FinkAdError
from fink_ad.review import (
    Given,
    LabelRecord,
    Showing,
    answered_since,
    history,
    record,
    show_again,
)
from fink_ad.ui.session import CHANNEL, Session, session
from fink_ad.ui.taking_back import take_back
from fink_ad.ui.text import ago, escaped

__all__ = ["answer_row"]

_ANSWERS = (
    ("anomaly", "Anomaly", "y"),
    ("ordinary", "Ordinary", "n"),
    ("bogus", "Bogus", "b"),
    ("unsure", "Unsure", "u"),
)
_NOTE = "note"
_HELP = """
| key | does |
|---|---|
| **Y** **N** **B** **U** | answer: anomaly, ordinary, bogus, unsure |
| **S** | skip: say nothing about it |
| **Z** | take the last answer back, and see its candidate again |
| **1** to **6** | tag the answer to come |
| **M** **D** **L** | magnitudes or flux, difference or total flux, limits on or off |
| **O** **P** | model curves on or off, fold or unfold: where there is something to |

Keys do nothing while you write a note. An answer counts once the candidate has been on the screen
for a moment; a faster key is refused and says so. The ranking learns from each answer by itself.
"""


def answer_row(seat: Session, showing: Showing, extras: DeltaGenerator) -> None:
    """Draw tags, note and last answers into a place, and last of all the buttons with keys."""
    with extras:
        for number, tag in enumerate(seat.desk.settings.ui.tags, start=1):
            chosen = tag in seat.tags
            st.button(
                escaped(tag),
                key=f"tag_{number}_{showing.id}",
                shortcut=str(number),
                type="primary" if chosen else "secondary",
                icon=":material/check:" if chosen else None,
                on_click=_switch_tag,
                args=(showing.id, tag),
            )
        st.text_input(
            "note", key=_NOTE, max_chars=2000, placeholder="Note", label_visibility="collapsed"
        )
        _last_answers(seat)
    with st.bottom, st.container(horizontal=True, gap="small", key="answers"):
        for answer, label, key in _ANSWERS:
            st.button(
                label,
                key=f"answer_{answer}_{showing.id}",
                shortcut=key,
                type="primary" if answer == "anomaly" else "secondary",
                on_click=_answer,
                args=(showing.id, answer),
            )
        for label, key, action in (("Skip", "s", _skip), ("Undo", "z", _undo_last)):
            st.button(
                label,
                key=f"{label.lower()}_{showing.id}",
                shortcut=key,
                on_click=action,
                args=(showing.id,),
            )
        st.button("Help", key="help", shortcut="h", on_click=_help)


def _last_answers(seat: Session) -> None:
    given = [one for one in history(seat.desk.store, seat.reviewer, 10) if not one.undone]
    with st.popover(f"Last answers ({len(given)})", disabled=not given):
        for place, one in enumerate(given):
            _one_answer(place, one)


def _one_answer(place: int, given: Given) -> None:
    said, change = st.columns([0.75, 0.25])
    label = given.label
    age = ago(label.answered_at, datetime.now(UTC))
    said.markdown(f"**{escaped(label.object_id)}** {escaped(label.answer)} · {age}")
    change.button("Change", key=f"change_{place}", on_click=_change, args=(label.id,))


def _answer(showing_id: int, answer: str) -> None:
    """Store an answer, if it is about what was seen and nothing was said about it meanwhile."""
    seat = session()
    showing = _current(seat, showing_id)
    if showing is None:
        return
    try:
        meanwhile = answered_since(seat.desk.store, showing)
        if meanwhile is None:
            record(
                seat.desk.store,
                showing,
                answer,
                tags=sorted(seat.tags),
                note=st.session_state.get(_NOTE, ""),
                channel=CHANNEL,
                shown_at=seat.shown_at,
                answered_at=datetime.now(UTC),
                token=f"showing {showing.id}",
            )
            st.toast(f"{answer}: {escaped(showing.object_id)}")
        else:
            st.toast(
                f"You answered {escaped(showing.object_id)} elsewhere already: "
                f"{escaped(meanwhile.answer)}. Nothing was stored now."
            )
    except FinkAdError as error:
        st.toast(f"Not stored: {escaped(error)}", icon=":material/error:")
        return
    _go_on(seat)


def _skip(showing_id: int) -> None:
    seat = session()
    showing = _current(seat, showing_id)
    if showing is None:
        return
    try:
        seat.desk.queue.skip(showing)
    except FinkAdError as error:
        st.toast(escaped(error), icon=":material/error:")
        return
    _go_on(seat)


def _undo_last(showing_id: int) -> None:
    if _current(session(), showing_id) is not None:
        _change(None)


def _change(label_id: int | None) -> None:
    """Take an answer back and its candidate in hand again."""
    seat = session()
    label = take_back(seat, label_id)
    if label is not None:
        _see_again(seat, label)


def _see_again(seat: Session, label: LabelRecord) -> None:
    try:
        lease_seconds = 60 * seat.desk.settings.queue.lease_minutes
        showing = show_again(seat.desk.store, label, CHANNEL, lease_seconds)
        if seat.showing is not None and seat.showing.id != showing.id:
            seat.desk.store.release_showing(seat.showing.id)
        seat.take_up(showing)
        seat.survey, seat.population = showing.survey, showing.population
    except FinkAdError as error:
        st.toast(escaped(error))


def _current(seat: Session, showing_id: int) -> Showing | None:
    """Return the candidate in hand if it may be answered; say why not otherwise."""
    refused = seat.guard.refusal(showing_id, monotonic())
    if refused is None:
        return seat.showing
    st.toast(refused, icon=":material/speed:")
    return None


def _go_on(seat: Session) -> None:
    seat.put_down()
    st.session_state[_NOTE] = ""


def _switch_tag(showing_id: int, tag: str) -> None:
    seat = session()
    if seat.showing is not None and seat.showing.id == showing_id:
        seat.tags ^= {tag}


@st.dialog("Keys")
def _help() -> None:
    st.markdown(_HELP)
    if st.button("Take the tour", key="tour", on_click=_take_tour):
        st.rerun()  # the whole page, not the dialog alone


def _take_tour() -> None:
    session().tour_step = 0
