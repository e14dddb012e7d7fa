"""Learn from answers how likely a place of the order holds something interesting."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict

import numpy as np

from fink_ad.forest.calibration import Calibration
from fink_ad.learn.answers import doubtful_channels
from fink_ad.learn.whose import Whose
from fink_ad.store import Showing, Store

__all__ = ["calibrate"]


def calibrate(store: Store, whose: Whose) -> Calibration | None:
    """Return how answers went with places in an order, or None while there are too few.

    An answer belongs to the last showing before it of the same alert to the same reviewer. It
    was drawn under a revision that had not seen it. Reviewers with a model of their own are
    judged apart: they saw another order, and have another taste.
    """
    personal = {one.id for one in store.reviewers() if one.personal}
    shown: dict[tuple[int, int], list[Showing]] = defaultdict(list)
    for showing in store.showings(whose.reviewer_id, whose.survey):
        if showing.population != whose.population:
            continue
        if whose.reviewer_id is not None or showing.reviewer_id not in personal:
            shown[showing.reviewer_id, showing.alert_id].append(showing)
    pairs = []
    without = doubtful_channels(store)
    for label in store.latest_labels(whose.survey, whose.population, without=without):
        of_alert = shown.get((label.reviewer_id, label.alert_id), [])
        place = bisect_right(of_alert, label.answered_at, key=lambda one: one.drawn_at)
        if place:
            pairs.append((label.answered_at, label.id, label.answer, of_alert[place - 1]))
    pairs.sort(key=lambda pair: pair[:2])
    return Calibration.learn(
        np.array([one.place / one.order_size for *_, one in pairs], np.float64),
        [answer for _, _, answer, _ in pairs],
        [one.draw for *_, one in pairs],
    )
