"""Parts of the page that draw themselves again every few seconds, without the rest of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import streamlit as st

from fink_ad.ui.faults import told_in_words
from fink_ad.ui.session import Session

__all__ = ["refreshing"]

_Part = Callable[[Session], None]


def refreshing(every_s: float) -> Callable[[_Part], _Part]:
    """Let a part of the page draw itself again, for as long as its reader may review.

    The page does not run meanwhile, so that what it does for all its parts is done here: it asks
    who may look, and tells in words what goes wrong. Who may look no longer is shown the door.
    """

    def of(draw: _Part) -> _Part:
        @st.fragment(run_every=every_s)
        @wraps(draw)
        def part(seat: Session) -> None:
            with told_in_words():
                everybody = seat.desk.store.reviewers()
                if not any(one.active and one.id == seat.reviewer.id for one in everybody):
                    st.rerun()
                draw(seat)

        return part

    return of
