"""What models make of the kept alerts: their orders of objects, alone and side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.features import FeatureTable
from fink_ad.forest import Model
from fink_ad.forest.comparison import Comparison, compare_scores
from fink_ad.store import Store

__all__ = ["comparable_revisions", "compare_orders", "object_scores"]


def object_scores(store: Store, model: Model) -> pd.Series[float]:
    """Return the score of every object by its strangest kept alert, strangest first.

    Only alerts with features of the model's own schema have one.
    """
    index = store.kept_index(model.survey, model.population)
    ids, values = store.kept_features(model.survey, model.population, model.schema.hash)
    if not len(ids):
        return pd.Series(np.empty(0), index=pd.Index([], name="object_id"))
    rows = np.searchsorted(index.alert_id, ids)  # an alert kept since then has no row yet
    known = rows < len(index)
    known[known] = index.alert_id[rows[known]] == ids[known]
    rows = rows[known]
    scores = model.score(FeatureTable(model.schema, values[known]), index.n_det[rows])
    every = pd.Series(scores, index=pd.Index(index.object_id[rows], name="object_id"))
    best = every.groupby(level=0).max()
    return best.sort_values(ascending=False, kind="stable")


def compare_orders(
    first: pd.Series[float], second: pd.Series[float], top: int = 20
) -> tuple[Comparison, pd.DataFrame]:
    """Compare two orders of `object_scores`.

    Returns
    -------
    Comparison
        How far they agree.
    pandas.DataFrame
        The top lists side by side: ``place``, the objects ``first`` and ``second`` have there,
        and beside each where the other has it.

    Raises
    ------
    ModelError
        If they have fewer than two objects in common.
    """
    both = pd.concat([first, second], axis=1, keys=["first", "second"])
    if both.empty:
        raise ModelError("neither model has an alert it can score")
    scores = both["first"].to_numpy(np.float64), both["second"].to_numpy(np.float64)
    found = compare_scores(*scores, top)
    names = both.index.to_numpy()
    places = [_places(column) for column in scores]
    rows_first, rows_second = found.tops
    table = pd.DataFrame(
        {
            "place": np.arange(1, len(rows_first) + 1),
            "first": names[rows_first],
            "second has it at": places[1][rows_first],
            "second": names[rows_second],
            "first has it at": places[0][rows_second],
        }
    )
    return found, table


def comparable_revisions(store: Store, survey: str, population: str) -> dict[str, str]:
    """Return revisions of shared models worth a look, with what each is, that in force first."""
    found: dict[str, str] = {}
    active = store.active_model(survey, population)
    if active is not None:
        found[active.revision.id] = "in force"
        found.setdefault(active.model.id, "its forest before any answer")
    earlier = store.earlier_model(survey, population)
    if earlier is not None:
        found.setdefault(earlier.revision.id, "in force before")
    for one in reversed(store.decisions(survey, population)):
        if one.reviewer_id is None:
            found.setdefault(one.contender, one.verdict)
            if one.incumbent:
                found.setdefault(one.incumbent, "in force earlier")
    return found


def _places(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the place of each score, 1 = the highest; NaN come last."""
    places = np.empty(len(scores), np.int64)
    places[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return places
