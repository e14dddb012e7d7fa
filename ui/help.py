"""The keys, told in a window over the candidate; while it is open nothing can be answered."""

from __future__ import annotations

import streamlit as st

from fink_ad.ui.session import Session, session

__all__ = ["help_button"]

_HELP = """
| key | does |
|---|---|
| **Y** **N** **B** **U** | answer: anomaly, ordinary, bogus, unsure |
| **S** | skip: say nothing about it |
| **Z** | take the last answer back, and see its candidate again |
| **1** to **6** | tag the answer to come |
| **M** **D** **L** | magnitudes or flux, difference or total flux, limits on or off |
| **O** **P** | model curves on or off, fold or unfold: where there is something to |

Keys do nothing while you write a note: **Enter** or **Tab** leaves it. Nothing is answered while
this window or *Last answers* is open; **Esc** closes both. An answer counts once the candidate has
been on the screen for a moment; a faster key is refused and says so. The ranking learns from each
answer by itself.
"""


def help_button(seat: Session) -> None:
    """Draw the button, and the window as long as it is open."""
    st.button("Help", key="help", shortcut="h", on_click=_open)
    if seat.helping:
        _window()


def _open() -> None:
    seat = session()
    seat.helping = True
    seat.guard.clear()


def _closed() -> None:
    session().helping = False


@st.dialog("Keys", on_dismiss=_closed)
def _window() -> None:
    st.markdown(_HELP)
    if st.button("Take the tour", key="tour", on_click=_take_tour):
        st.rerun()  # the whole page, not the dialog alone


def _take_tour() -> None:
    seat = session()
    seat.helping, seat.tour_step = False, 0
