"""The review screen: one candidate, all that is needed to judge it, one key to answer."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fink_ad.errors import FinkAdError
from fink_ad.review import Candidate
from fink_ad.ui.answering import answer_row, row_without_candidate
from fink_ad.ui.curve import curve_chart
from fink_ad.ui.evidence import evidence
from fink_ad.ui.lists import choose_list
from fink_ad.ui.panels import header_html
from fink_ad.ui.ranking import announce, ranking_line, wait_for_ranking
from fink_ad.ui.session import CHANNEL, NOTHING, Session, session
from fink_ad.ui.text import escaped
from fink_ad.ui.tour import tour


def review() -> None:
    """Draw the screen; what can be answered comes last."""
    seat = session()
    if seat.tour_step is not None:
        tour(seat.tour_step)
        return
    head, corner = st.columns([0.8, 0.2])
    with corner:
        there_is_one = choose_list(seat)
    if not there_is_one:
        st.info(
            "Nothing to review yet: no alerts have come in. `fink-ad run --source files PATH...` "
            "reads some, and `fink-ad demo` makes some up."
        )
        return
    announce(seat)
    candidate = _in_hand(seat)
    if candidate is None or seat.showing is None:
        _say_nothing_left(seat)
        return
    seat.guard.begin(seat.showing.id)
    head.html(header_html(candidate, datetime.now(UTC)))
    with corner:
        ranking_line(seat)
    extras = _draw(seat, candidate)
    answer_row(seat, seat.showing, extras)
    if not seat.helping:
        seat.guard.finish(seat.showing.id, monotonic())
    if seat.shown_at is None:
        seat.shown_at = datetime.now(UTC)
        seat.desk.store.mark_shown(seat.showing.id, seat.shown_at)
        seat.desk.look_ahead(seat.reviewer, seat.survey, seat.population)


def _in_hand(seat: Session) -> Candidate | None:
    """Return the candidate in hand, or take up the next that can be shown.

    Raises
    ------
    FinkAdError
        If one after the other cannot: then it is not they that are at fault.
    """
    queue = seat.desk.queue
    for last in (False, False, True):
        if seat.candidate is not None:
            break
        taken = queue.next(seat.reviewer, seat.survey, seat.population, channel=CHANNEL)
        if not taken:
            break
        try:
            seat.take_up(taken[0])
        except FinkAdError as error:
            if last:
                raise
            queue.skip(taken[0])
            name = escaped(taken[0].object_id)
            st.toast(f"{name} is left out, it cannot be shown: {escaped(error)}")
    return seat.candidate


def _say_nothing_left(seat: Session) -> None:
    state = seat.desk.queue.state(seat.reviewer, seat.survey, seat.population)
    seat.guard.begin(NOTHING)
    st.info(escaped(state.reason))
    wait_for_ranking(seat)
    row_without_candidate(seat)
    if not seat.helping:
        seat.guard.finish(NOTHING, monotonic())


def _draw(seat: Session, candidate: Candidate) -> DeltaGenerator:
    """Draw the candidate; return the place under its light curve."""
    left, right = st.columns([0.58, 0.42])
    with left:
        picked = curve_chart(seat, candidate)
        below = st.container(horizontal=True, gap="small", vertical_alignment="bottom")
    with right:
        evidence(seat, candidate, picked)
    return below


review()
