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
from fink_ad.review import Showing, answered_since, record
from fink_ad.ui.help import help_button
from fink_ad.ui.last_answers import are_last_answers_open, change, last_answers
from fink_ad.ui.session import CHANNEL, NOTHING, Session, session
from fink_ad.ui.text import escaped

__all__ = ["answer_row", "row_without_candidate"]

_ANSWERS = (
    ("anomaly", "Anomaly", "y"),
    ("ordinary", "Ordinary", "n"),
    ("bogus", "Bogus", "b"),
    ("unsure", "Unsure", "u"),
)


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
        _note(seat, showing)
        last_answers(seat, showing.id)
    with st.bottom, st.container(horizontal=True, gap="small", key="answers"):
        for answer, label, key in _ANSWERS:
            st.button(
                label,
                key=f"answer_{answer}_{showing.id}",
                shortcut=key,
                type="primary" if answer == "anomaly" else "secondary",
                disabled=seat.helping,
                on_click=_answer,
                args=(showing.id, answer),
            )
        st.button(
            "Skip",
            key=f"skip_{showing.id}",
            shortcut="s",
            disabled=seat.helping,
            on_click=_skip,
            args=(showing.id,),
        )
        _undo_and_help(seat, showing.id)


def row_without_candidate(seat: Session) -> None:
    """Draw what can be done where all is answered: think again, and read how."""
    with st.bottom, st.container(horizontal=True, gap="small", key="answers"):
        _undo_and_help(seat, NOTHING)
        last_answers(seat, NOTHING)


def _undo_and_help(seat: Session, showing_id: int) -> None:
    st.button(
        "Undo",
        key=f"undo_{showing_id}",
        shortcut="z",
        disabled=seat.helping,
        on_click=_undo_last,
        args=(showing_id,),
    )
    help_button(seat)


def _note(seat: Session, showing: Showing) -> None:
    """Draw the note of the answer to come, which the session keeps while other pages are seen."""
    key = _note_key(seat, showing)
    st.session_state.setdefault(key, seat.note)
    st.text_input(
        "note",
        key=key,
        max_chars=2000,
        placeholder="Note (Enter ends it)",
        label_visibility="collapsed",
        on_change=_keep_note,
        args=(showing.id, key),
    )


def _note_key(seat: Session, showing: Showing) -> str:
    return f"note_{showing.id}_{seat.n_notes}"


def _keep_note(showing_id: int, key: str) -> None:
    """Keep a note that was left, and let another box take its place, without the focus.

    So the keys speak to the page again after Enter, which leaves the focus where it is.
    """
    seat = session()
    if seat.showing is not None and seat.showing.id == showing_id:
        seat.note = str(st.session_state[key])
        seat.n_notes += 1


def _answer(showing_id: int, answer: str) -> None:
    """Store an answer, if it is about what was seen and nothing was said about it meanwhile."""
    seat = session()
    showing = seat.showing
    if showing is None or _refused(seat, showing_id):
        return
    try:
        meanwhile = answered_since(seat.desk.store, showing)
        if meanwhile is None:
            record(
                seat.desk.store,
                showing,
                answer,
                tags=sorted(seat.tags),
                note=str(st.session_state.get(_note_key(seat, showing), seat.note)),
                channel=CHANNEL,
                shown_at=seat.shown_at,
                answered_at=datetime.now(UTC),
                # Of this session alone: what another window stored and took back is no answer.
                token=f"showing {showing.id} {seat.token}",
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
    seat.put_down()


def _skip(showing_id: int) -> None:
    seat = session()
    if seat.showing is None or _refused(seat, showing_id):
        return
    try:
        seat.desk.queue.skip(seat.showing)
    except FinkAdError as error:
        st.toast(escaped(error), icon=":material/error:")
        return
    seat.put_down()


def _undo_last(showing_id: int) -> None:
    if not _refused(session(), showing_id):
        change(None)


def _refused(seat: Session, showing_id: int) -> bool:
    """Say so if a key cannot count: it is not about what is seen."""
    if seat.helping or are_last_answers_open(showing_id):
        covered = "the help" if seat.helping else "the list of last answers"
        refused = f"close {covered} first (Esc): it covers the candidate; nothing was stored"
    else:
        refused = seat.guard.refusal(showing_id, monotonic()) or ""
    if refused:
        st.toast(refused, icon=":material/speed:")
    return bool(refused)


def _switch_tag(showing_id: int, tag: str) -> None:
    seat = session()
    if seat.showing is not None and seat.showing.id == showing_id:
        seat.tags ^= {tag}
