"""Which list is looked at: a survey and a population."""

from __future__ import annotations

import streamlit as st

from fink_ad.ui.session import Session

__all__ = ["choose_list"]


def choose_list(seat: Session) -> bool:
    """Let the reader choose among the lists there are; nobody has to. False if there is none."""
    lists = seat.desk.lists()
    if not lists:
        return False
    if (seat.survey, seat.population) not in lists:
        seat.survey, seat.population = lists[0]
    if len(lists) > 1:
        chosen = st.selectbox(
            "List",
            lists,
            index=lists.index((seat.survey, seat.population)),
            format_func=lambda one: f"{one[0].upper()} {one[1].replace('_', ' ')}",
            label_visibility="collapsed",
            width=260,
        )
        if chosen != (seat.survey, seat.population):
            seat.survey, seat.population = chosen
            seat.put_down()
    return True
