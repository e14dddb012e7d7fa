"""Learn from answers how likely a place of the order holds something interesting."""

from __future__ import annotations

import numpy as np

from fink_ad.forest.calibration import Calibration
from fink_ad.learn.answers import doubtful_channels
from fink_ad.learn.whose import Whose
from fink_ad.store import Store

__all__ = ["calibrate"]


def calibrate(store: Store, whose: Whose) -> Calibration | None:
    """Return how answers went with places in an order, or None while there are too few.

    An answer belongs to the last showing before it of the same alert to the same reviewer. It
    was drawn under a revision that had not seen it. Reviewers with a model of their own are
    judged apart: they saw another order, and have another taste.
    """
    if whose.reviewer_id is None:
        reviewers = [one.id for one in store.reviewers() if not one.personal]
    else:
        reviewers = [whose.reviewer_id]
    answered = store.answered_showings(
        whose.survey, whose.population, reviewers, without=doubtful_channels(store)
    )
    return Calibration.learn(
        np.array([one.place / one.order_size for one in answered], np.float64),
        [one.answer for one in answered],
        [one.draw for one in answered],
    )
