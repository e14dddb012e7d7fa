"""Conditions of subscriptions: what they may speak of."""

from __future__ import annotations

from fink_ad.errors import ConfigError, ReviewError
from fink_ad.expressions import parse
from fink_ad.review.desk import Desk
from fink_ad.store.records.notifications import SHARED, NewSubscription

__all__ = ["COLUMNS", "check_condition"]

COLUMNS = (
    "ra_deg",
    "dec_deg",
    "l_deg",
    "b_deg",
    "n_det",
    "night",
    "mjd_utc",
    "score",
    "one_in",
    "band",
)
"""What a condition may speak of besides the features of the model."""

_EXAMPLE = 'where="abs(b_deg) > 30 and n_det > 5"'


def check_condition(desk: Desk, wish: NewSubscription) -> None:
    """Refuse a condition that speaks of what there is not: it would never hold, and nobody knew.

    Raises
    ------
    ReviewError
        If it names neither one of `COLUMNS` nor a feature of the model that ranks. As long as
        there is no model, any name may be one of its features.
    """
    if not wish.where:
        return
    whose = None if wish.model == SHARED else wish.reviewer_id
    order = desk.store.latest_order(wish.survey, wish.population, whose)
    model = None if order is None else desk.model(order.revision_id)
    if model is None:
        return
    try:
        parse(wish.where).check_names([*COLUMNS, *model.schema.names])
    except ConfigError as error:
        raise ReviewError(f"{error}; for example {_EXAMPLE}") from error
