"""Which model ranks, what it brought, how others would rank, and who decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import streamlit as st

from fink_ad.errors import FinkAdError
from fink_ad.review import (
    ActiveModel,
    comparable_revisions,
    compare_orders,
    decision_table,
    precision_table,
    ranking_state,
    version_table,
    yield_table,
)
from fink_ad.ui.deciding import decide_row
from fink_ad.ui.figures import yield_figure
from fink_ad.ui.lists import choose_list
from fink_ad.ui.session import Session, session
from fink_ad.ui.tables import show_table
from fink_ad.ui.text import ago, escaped


def models() -> None:
    """Draw the page."""
    seat = session()
    active = None
    if choose_list(seat):
        active = seat.desk.store.active_model(seat.survey, seat.population)
    if active is None:
        st.info("There is no model yet: the first one is grown when alerts come in.")
        return
    _in_force(seat, active)
    revisions = comparable_revisions(seat.desk.store, seat.survey, seat.population)
    left, right = st.columns(2)
    with left:
        _yield(seat, active)
        _precision(seat)
    with right:
        show_table("Versions", version_table(seat.desk.store, seat.survey, seat.population))
        decide_row(seat, revisions)
        _compare(seat, revisions)
    _decisions(seat)


def _in_force(seat: Session, active: ActiveModel) -> None:
    now = datetime.now(UTC)
    state = ranking_state(seat.desk.store, seat.reviewer, seat.survey, seat.population)
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


def _yield(seat: Session, active: ActiveModel) -> None:
    st.markdown("**Anomalies among each 20 answers**")
    order = seat.desk.order_of(active.model.id)
    static = [] if order is None else order.index.tolist()
    found = yield_table(seat.desk.store, seat.survey, seat.population, static)
    if found.empty:
        st.caption("Nothing was answered here yet.")
        return
    st.plotly_chart(
        yield_figure(found), key="yield", height=260, config={"displayModeBar": False}, alt="yield"
    )
    n_known, n_would = int(found["known"].sum()), 20 * len(found)
    why = (
        "The forest before any answer cannot be read, so it has no curve."
        if order is None
        else f"Static: the order of the forest before any answer. Of its first {n_would:,} objects "
        f"{n_known:,} were answered; parts of which fewer than half were are left out, and "
        "those that were are no random choice."
    )
    st.caption(
        "Ranked: drawn by the ranking. Random: drawn by chance, as a check. Unsure answers, and "
        f"draws that only check whether people agree, are left out. {why}"
    )


def _precision(seat: Session) -> None:
    table = precision_table(seat.desk.store, seat.survey, seat.population)
    share = st.column_config.NumberColumn(format="percent")
    show_table(
        "Anomalies among the first 10 and 30 places, by day of drawing",
        table[::-1],
        "Nothing that was drawn has been answered yet.",
        {"night": "day (UTC)", "at 10": share, "at 30": share},
    )


def _decisions(seat: Session) -> None:
    figure = st.column_config.NumberColumn
    show_table(
        "Decisions",
        decision_table(seat.desk.store, seat.survey, seat.population),
        "No new model has asked to be let in yet; `fink-ad retrain` makes one.",
        {
            "answers": figure(help="answers that both models were judged by"),
            "precision": figure(format="%.3f", help="average precision of the new model"),
            "of the old": figure(format="%.3f", help="average precision of the one in force"),
            "of counts": figure(
                format="%.3f", help="of rankings that see number of detections and age only"
            ),
        },
    )


def _compare(seat: Session, revisions: Mapping[str, str]) -> None:
    st.markdown("**Two models side by side**")
    if len(revisions) < 2:
        st.caption("There is one model only, and no answer has shaped it yet.")
        return
    chosen = [
        place.selectbox(
            "Model",
            list(revisions),
            index=number,
            key=f"compare_{number}",
            format_func=lambda one: f"{one[:12]} ({revisions[one]})",
            label_visibility="collapsed",
        )
        for number, place in enumerate(st.columns(2))
    ]
    orders = [seat.desk.order_of(revision) for revision in chosen]
    if orders[0] is None or orders[1] is None:
        st.caption("The folder of one of them is not there any more, or is damaged.")
        return
    try:
        found, table = compare_orders(orders[0], orders[1])
    except FinkAdError as error:
        st.caption(escaped(error))
        return
    st.caption(
        f"{found.n_common} of the first {len(table)} objects in common; rank correlation "
        f"{found.rank_correlation:.3f} over {found.n_alerts:,} objects."
    )
    st.dataframe(table, hide_index=True, height=260, alt="the first objects of both models")


models()
