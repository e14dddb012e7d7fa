"""Conditions on what a model ranks: which one holds for whom, and whether it can be met."""

from __future__ import annotations

from fink_ad.config import Settings
from fink_ad.errors import ConfigError
from fink_ad.expressions import Expression, parse
from fink_ad.features import FeatureSchema
from fink_ad.learn.relearn import reviewer_name
from fink_ad.learn.whose import Whose
from fink_ad.store import Store

__all__ = ["ALERT_COLUMNS", "check_condition", "condition_of", "condition_problem"]

ALERT_COLUMNS = (
    *("ra_deg", "dec_deg", "l_deg", "b_deg", "n_det", "night", "mjd_utc", "band"),
    *("score", "one_in"),
)
"""What a condition may look at besides tags and the features of the model."""


def condition_of(store: Store, settings: Settings, whose: Whose) -> Expression | None:
    """Return which alerts a model ranks; None for all.

    It is written in ``[models.<reviewer>]`` for a personal model; without that, and for the
    shared one, in ``[models.shared]``.
    """
    chosen = settings.models.get("shared")
    if whose.reviewer_id is not None:
        chosen = settings.models.get(reviewer_name(store, whose.reviewer_id), chosen)
    if chosen is None or not chosen.where or chosen.population not in ("", whose.population):
        return None
    return parse(chosen.where)


def check_condition(where: Expression, schema: FeatureSchema) -> None:
    """Refuse a condition on columns that the alerts of a model do not have.

    Raises
    ------
    ConfigError
        Naming the column, and the nearest one there is.
    """
    where.check_names([*ALERT_COLUMNS, *schema.names])


def condition_problem(store: Store, settings: Settings, whose: Whose, schema: FeatureSchema) -> str:
    """Say why a model cannot rank by its condition; empty if it can."""
    where = condition_of(store, settings, whose)
    if where is not None:
        try:
            check_condition(where, schema)
        except ConfigError as error:
            return str(error)
    return ""
