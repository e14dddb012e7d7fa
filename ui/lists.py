"""Which list is looked at: a survey and a population."""

from __future__ import annotations

import streamlit as st

from fink_ad.ui.session import Session, session

__all__ = ["choose_list"]


def choose_list(seat: Session) -> bool:
    """Let the reader choose among the lists there are; nobody has to. False if there is none."""
    lists = seat.desk.lists()
    if not lists:
        return False
    if (seat.survey, seat.population) not in lists:
        seat.look_at(*lists[0])
    if len(lists) > 1:
        # The list in the key lets another box take its place once another is chosen: this one
        # would keep the focus, and take the keys that answer for words to look for.
        key = f"list_{seat.survey}_{seat.population}"
        st.selectbox(
            "List",
            lists,
            key=key,
            index=lists.index((seat.survey, seat.population)),
            format_func=lambda one: f"{one[0].upper()} {one[1].replace('_', ' ')}",
            label_visibility="collapsed",
            width=260,
            on_change=_look_at,
            args=(key,),
        )
    return True


def _look_at(key: str) -> None:
    seat = session()
    seat.look_at(*st.session_state[key])
    seat.put_down()
