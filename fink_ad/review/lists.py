"""Which lists of candidates there are to review, and how far their ranking has come."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime

from fink_ad.alerts import POPULATIONS, SURVEYS
from fink_ad.store import ReviewerRecord, Store

__all__ = ["RankingState", "ranking_state", "review_lists"]

_LEARNER = "learn"  # the lease that a learner holds while it is at work


def review_lists(store: Store) -> tuple[tuple[str, str], ...]:
    """Return survey and population of everything that has a model, the larger list first."""
    found = []
    for survey, population in itertools.product(SURVEYS, POPULATIONS):
        if store.active_model(survey, population) is not None:
            order = store.latest_order(survey, population)
            found.append((-(order.n_objects if order else 0), survey, population))
    sizes = sorted(found, key=lambda one: one[0])  # stable: transients first where equal
    return tuple((survey, population) for _, survey, population in sizes)


@dataclass(frozen=True)
class RankingState:
    """The ranking in force for a reviewer.

    Attributes
    ----------
    order_id : int or None
        None before the first ranking.
    n_objects : int
        Objects ranked.
    published_at : datetime or None
    up_to_date : bool
        Whether it knows all answers given so far.
    personal : bool
        Whether it is the reviewer's own.
    learner : bool
        Whether a learner is at work that brings it up to date.
    """

    order_id: int | None
    n_objects: int
    published_at: datetime | None
    up_to_date: bool
    personal: bool
    learner: bool


def ranking_state(
    store: Store, reviewer: ReviewerRecord, survey: str, population: str
) -> RankingState:
    """Return how far the ranking that a reviewer is shown has come."""
    order = store.latest_order(survey, population, reviewer.id) if reviewer.personal else None
    personal = order is not None
    order = order or store.latest_order(survey, population)
    now = datetime.now(UTC)
    learner = any(one.name == _LEARNER and one.expires_at > now for one in store.leases())
    if order is None:
        return RankingState(None, 0, None, False, False, learner)
    position = store.label_position(survey, population)
    return RankingState(
        order.id,
        order.n_objects,
        order.published_at,
        order.label_position >= position,
        personal,
        learner,
    )
