"""Which model ranks, what it brought, and what was decided about others."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from fink_ad.review import decision_table, ranking_state, yield_table
from fink_ad.ui.figures import yield_figure
from fink_ad.ui.lists import choose_list
from fink_ad.ui.session import Session, session
from fink_ad.ui.text import ago, escaped


def models() -> None:
    """Draw the page."""
    seat = session()
    if not choose_list(seat):
        st.info("There is no model yet: the first one is grown when alerts come in.")
        return
    _in_force(seat)
    left, right = st.columns(2)
    with left:
        _yield(seat)
    with right:
        _decisions(seat)


def _in_force(seat: Session) -> None:
    store, now = seat.desk.store, datetime.now(UTC)
    active = store.active_model(seat.survey, seat.population)
    if active is None:
        return
    state = ranking_state(store, seat.reviewer, seat.survey, seat.population)
    places = st.columns(4)
    places[0].metric("Revision in force", active.revision.id[:10])
    places[1].metric("Answers it learned from", f"{active.revision.n_labels:,}")
    places[2].metric("In force", ago(active.activated_at, now))
    places[3].metric("Objects ranked", f"{state.n_objects:,}")
    whose = "Your own ranking is shown to you. " if state.personal else ""
    young = "It is provisional: grown on few alerts. " if active.model.provisional else ""
    st.caption(
        f"{whose}{young}Trees {escaped(active.model.id[:10])}, grown on {active.model.n_rows:,} "
        "reference alerts."
    )


def _yield(seat: Session) -> None:
    st.markdown("**Anomalies among each 20 answers**")
    found = yield_table(seat.desk.store, seat.survey, seat.population)
    if found.empty:
        st.caption("Nothing was answered here yet.")
        return
    st.plotly_chart(
        yield_figure(found), key="yield", height=300, config={"displayModeBar": False}, alt="yield"
    )
    st.caption("Ranked: drawn by the ranking. Random: drawn by chance, as a check.")


def _decisions(seat: Session) -> None:
    st.markdown("**Decisions**")
    decided = decision_table(seat.desk.store, seat.survey, seat.population)
    if decided.empty:
        st.caption("No new model has asked to be let in yet; `fink-ad retrain` makes one.")
        return
    st.dataframe(decided, hide_index=True, height=330, alt="decisions about models, latest first")
    if seat.reviewer.role == "operator":
        st.caption("Go back to the model before with `fink-ad models rollback`.")


models()
