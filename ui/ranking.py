"""How far the ranking has come, and a word when it has learned."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from fink_ad.review import ranking_state
from fink_ad.ui.refreshing import refreshing
from fink_ad.ui.session import Session
from fink_ad.ui.text import ago, escaped

__all__ = ["announce", "ranking_line", "wait_for_ranking"]

_SECONDS = 3.0


def announce(seat: Session) -> None:
    """Say so if the ranking was relearned since the last look."""
    state = ranking_state(seat.desk.store, seat.reviewer, seat.survey, seat.population)
    if seat.order_id not in (None, state.order_id):
        st.toast("The ranking has learned from the latest answers.", icon=":material/forest:")
    seat.order_id = state.order_id


@refreshing(_SECONDS)
def ranking_line(seat: Session) -> None:
    """Keep a line up to date that says whether the ranking knows all answers."""
    state = ranking_state(seat.desk.store, seat.reviewer, seat.survey, seat.population)
    if state.published_at is None:
        st.caption("no ranking yet")
        return
    if state.order_id != seat.order_id:  # read it now, while nobody waits for it
        seat.desk.queue.state(seat.reviewer, seat.survey, seat.population)
    whose = "your ranking" if state.personal else "ranking"
    behind = "is learning" if state.learner else "waits for a learner"
    known = "knows all answers" if state.up_to_date else behind
    age = ago(state.published_at, datetime.now(UTC))
    st.caption(
        f"{escaped(seat.reviewer.name)} · {whose} {known} · {state.n_objects:,} objects, {age}"
    )


@refreshing(_SECONDS)
def wait_for_ranking(seat: Session) -> None:
    """Look again as soon as there is another ranking."""
    state = ranking_state(seat.desk.store, seat.reviewer, seat.survey, seat.population)
    if state.order_id != seat.order_id:
        st.rerun()
    st.caption("This page looks again by itself.")
