"""Put a model in force, or go back to the one before: for operators, who confirm it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from fink_ad.errors import FinkAdError
from fink_ad.retrain import promote_model, rollback_model
from fink_ad.ui.session import Session, session
from fink_ad.ui.text import escaped

__all__ = ["decide_row"]


def decide_row(seat: Session, revisions: Mapping[str, str]) -> None:
    """Offer to change the model in force, to operators only.

    Parameters
    ----------
    revisions : mapping of str to str
        Revisions and what each is, that in force first.
    """
    if seat.reviewer.role != "operator":
        st.caption("Operators can go back to an earlier model here, or put another in force.")
        return
    in_force, *others = revisions
    earlier = seat.desk.store.earlier_model(seat.survey, seat.population)
    with st.container(horizontal=True):
        if st.button("Go back ...", key="roll_back", disabled=earlier is None) and earlier:
            _confirm_rollback(seat.survey, seat.population, earlier.revision.id)
        chosen = st.selectbox(
            "Other model",
            others,
            key="other_model",
            format_func=lambda one: f"{one[:12]} ({revisions[one]})",
            label_visibility="collapsed",
            placeholder="no other model",
            width=330,
        )
        if st.button("Put in force ...", key="promote", disabled=chosen is None) and chosen:
            _confirm_promotion(chosen, in_force)


@st.dialog("Go back to the model before?")
def _confirm_rollback(survey: str, population: str, earlier: str) -> None:
    st.markdown(
        f"**{earlier[:12]}** will rank the {escaped(survey)} {escaped(population)} candidates of "
        "everybody again. Answers given since are kept, and it learns them."
    )
    _confirm("Go back", _roll_back, survey, population)


@st.dialog("Put this model in force?")
def _confirm_promotion(revision: str, in_force: str) -> None:
    st.markdown(
        f"**{revision[:12]}** will rank everybody's candidates instead of **{in_force[:12]}**, "
        "whatever was decided about it before. You can go back."
    )
    _confirm("Put in force", _promote, revision)


def _confirm(label: str, action: Callable[..., None], *arguments: str) -> None:
    if st.button(label, key="confirm", type="primary", on_click=action, args=arguments):
        st.rerun()  # the whole page, not the dialog alone


def _roll_back(survey: str, population: str) -> None:
    seat = session()
    desk, me = seat.desk, seat.reviewer
    try:
        found = rollback_model(desk.store, desk.settings, survey, population, me.name, me.id)
    except FinkAdError as error:
        st.toast(escaped(error), icon=":material/error:")
        return
    st.toast(f"{found.revision.id[:12]} is in force again.")


def _promote(revision: str) -> None:
    seat = session()
    desk, me = seat.desk, seat.reviewer
    try:
        promote_model(desk.store, desk.settings, revision, me.name, me.id)
    except FinkAdError as error:
        st.toast(escaped(error), icon=":material/error:")
        return
    st.toast(f"{revision[:12]} is in force.")
