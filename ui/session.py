"""What one session remembers between the runs of the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import uuid4

import streamlit as st

from fink_ad.review import Candidate, Desk, FluxKind, ReviewerRecord, Showing, history
from fink_ad.ui.figures import Scale
from fink_ad.ui.guard import Guard

__all__ = ["CHANNEL", "NOTHING", "Session", "enter", "session"]

CHANNEL = "page"
"""Where answers given here say they came from."""

NOTHING = 0
"""Stands for a showing where there is none: nothing is left to be answered."""

_KEY = "session"


@dataclass
class Session:
    """One reviewer at one screen.

    Attributes
    ----------
    survey, population : str
        Whose candidates are reviewed; empty before the first look.
    showing, candidate : Showing, Candidate or None
        What is in hand.
    shown_at : datetime or None
        When it was first completely on the screen.
    tags : set of str
        Chosen for the answer to come.
    note : str
        Written for the answer to come, as it was when the box was left.
    n_notes : int
        How many boxes for notes there were: each is left once, and serves one candidate.
    helping : bool
        Whether the help lies over the candidate.
    token : str
        Names this session in the answers it gives.
    scale, flux, limits, models, folded
        How light curves are drawn; models and folded where there is something to do it with.
    order_id : int or None
        The ranking that was in force at the last look.
    tour_step : int or None
        Where a newcomer is on the tour; None when it is over.
    """

    desk: Desk
    reviewer: ReviewerRecord
    guard: Guard
    survey: str = ""
    population: str = ""
    showing: Showing | None = None
    candidate: Candidate | None = None
    shown_at: datetime | None = None
    tags: set[str] = field(default_factory=set)
    note: str = ""
    n_notes: int = 0
    helping: bool = False
    token: str = field(default_factory=lambda: uuid4().hex)
    scale: Scale = "magnitude"
    flux: FluxKind = "difference"
    limits: bool = True
    models: bool = False
    folded: bool = False
    order_id: int | None = None
    tour_step: int | None = None

    def look_at(self, survey: str, population: str) -> None:
        """Look at a list of candidates; another one has a ranking of its own, which is no news."""
        if (survey, population) != (self.survey, self.population):
            self.survey, self.population, self.order_id = survey, population, None

    def put_down(self) -> None:
        """Forget the candidate in hand, and all that was chosen for it."""
        self.showing = self.candidate = self.shown_at = None
        self.tags, self.note = set(), ""
        self.n_notes += 1
        self.guard.clear()

    def take_up(self, showing: Showing) -> None:
        """Take a candidate in hand."""
        self.put_down()
        self.candidate = self.desk.candidate(showing)
        self.showing = showing


def enter(desk: Desk, reviewer: ReviewerRecord) -> None:
    """Make the session of a reviewer, or bring what it knows of them up to date."""
    known = st.session_state.get(_KEY)
    if known is None or known.reviewer.id != reviewer.id or known.desk is not desk:
        guard = Guard(desk.settings.ui.guard_seconds)
        is_new = desk.settings.ui.tour and not history(desk.store, reviewer, 1)
        st.session_state[_KEY] = Session(desk, reviewer, guard, tour_step=0 if is_new else None)
    else:
        known.reviewer = reviewer


def session() -> Session:
    """Return the session that `enter` made."""
    return cast(Session, st.session_state[_KEY])
