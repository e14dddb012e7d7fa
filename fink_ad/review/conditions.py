"""Conditions of subscriptions: what they may speak of, and of which alerts they hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fink_ad.alerts.positions import galactic
from fink_ad.errors import ConfigError, ReviewError
from fink_ad.expressions import Expression, parse
from fink_ad.forest import Model
from fink_ad.review.desk import Desk
from fink_ad.store import KeptRecord, unpack_features
from fink_ad.store.records.notifications import SHARED, NewSubscription

__all__ = ["COLUMNS", "check_condition", "holding"]

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
    active = desk.store.active_model(wish.survey, wish.population)
    revision = order.revision_id if order else active.revision.id if active else ""
    model = desk.model(revision)
    if model is None:
        return
    try:
        parse(wish.where).check_names([*COLUMNS, *model.schema.names])
    except ConfigError as error:
        raise ReviewError(f"{error}; for example {_EXAMPLE}") from error


def holding(
    where: str, kept: Sequence[KeptRecord], one_in: ArrayLike, model: Model | None
) -> NDArray[np.bool_]:
    """Return of which alerts a condition holds, (n_alerts,).

    Parameters
    ----------
    where : str
    kept : sequence of n_alerts KeptRecord
    one_in : (n_alerts,) array
        Their rarity, "1 in so many".
    model : Model or None
        What ranked them. A condition on features holds of no alert that has those of another
        schema: what cannot be asked cannot hold.

    Raises
    ------
    ConfigError
        If the condition cannot be read.
    """
    condition = parse(where)
    rarities = np.asarray(one_in, float)
    ours = np.array([model is not None and one.feature_schema == model.schema.hash for one in kept])
    holds = np.zeros(len(kept), bool)
    for named, rows in ((model, np.flatnonzero(ours)), (None, np.flatnonzero(~ours))):
        if rows.size:
            some = [kept[row] for row in rows.tolist()]
            holds[rows] = _holding(condition, some, rarities[rows], named)
    return holds


def _holding(
    condition: Expression,
    kept: Sequence[KeptRecord],
    one_in: NDArray[np.float64],
    model: Model | None,
) -> NDArray[np.bool_]:
    columns: dict[str, ArrayLike] = {
        name: np.array([getattr(one, name) for one in kept])
        for name in ("ra_deg", "dec_deg", "night", "n_det", "mjd_utc", "score")
    }
    columns["one_in"] = one_in
    columns["band"] = np.array([one.band for one in kept], object)
    columns["l_deg"], columns["b_deg"] = galactic(columns["ra_deg"], columns["dec_deg"])
    if model is not None:
        features = unpack_features([one.features for one in kept])
        columns |= dict(zip(model.schema.names, features.T, strict=True))
    try:
        return condition.evaluate(columns, [one.tags for one in kept])
    except ConfigError:  # of a model with other features
        return np.zeros(len(kept), bool)
