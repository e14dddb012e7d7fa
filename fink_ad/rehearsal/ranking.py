"""How a model ranks the objects of a night, whatever was in force when they came."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.forest import Model
from fink_ad.store import Store

__all__ = ["NightRanking", "rank_night"]


@dataclass(frozen=True, eq=False)
class NightRanking:
    """The objects of a night, strangest first, each with its strangest alert.

    Attributes
    ----------
    object_ids : (n,) object array of str
    alert_ids : (n,) int64
    scores : (n,) float64
        Higher = stranger.
    """

    object_ids: NDArray[np.object_]
    alert_ids: NDArray[np.int64]
    scores: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.object_ids)

    def without(self, objects: Collection[str]) -> NightRanking:
        """Return the ranking of all others, as of those that nobody answered yet."""
        left = ~np.isin(self.object_ids, list(objects))
        return NightRanking(self.object_ids[left], self.alert_ids[left], self.scores[left])

    def ranks(self, objects: Collection[str]) -> dict[str, int]:
        """Return the ranks of those objects that gave an alert, 1 for the strangest."""
        places = np.flatnonzero(np.isin(self.object_ids, list(objects)))
        return {self.object_ids[place]: place + 1 for place in places.tolist()}


def rank_night(store: Store, model: Model, night: int) -> NightRanking:
    """Rank the objects of a night by a model, whatever model was in force when they came.

    Parameters
    ----------
    store : Store
        Its history has the features of the night's alerts; those with features of another
        schema are left out.
    model : Model
        Scores alerts of its survey and population.
    night : int
        ``YYYYMMDD``.
    """
    rows = store.read_features(model.survey, model.population, model.schema.hash, nights=[night])
    if rows is None:
        nothing = np.empty(0, np.int64)
        return NightRanking(np.empty(0, object), nothing, nothing.astype(np.float64))
    scores = model.score(rows.features, rows.n_det)
    order = np.lexsort((rows.alert_id, -scores))
    _, first = np.unique(rows.object_id[order].astype(np.str_), return_index=True)
    best = order[np.sort(first)]
    return NightRanking(rows.object_id[best], rows.alert_id[best], scores[best])
