"""A new reference sample: alerts of the last nights, drawn by a hash of their ids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.times import night_of
from fink_ad.errors import TooFewAlerts
from fink_ad.features import FeatureTable
from fink_ad.forest.model import PROVISIONAL_ROWS
from fink_ad.pipeline.models import TrainingRows
from fink_ad.retrain.recompute import KeptFeatures
from fink_ad.store import KeptFor, Store
from fink_ad.store.sampling import stable_hash

__all__ = ["draw_reference"]

_AFTER_ALL = 99_999_999


def draw_reference(
    store: Store,
    survey: str,
    population: str,
    kept: KeptFeatures,
    size: int,
    n_nights: int | None,
) -> TrainingRows:
    """Draw the alerts a new model is measured against, in order of alert id.

    Whole nights are sampled alike, whatever was kept of them: the `size` alerts of the last
    `n_nights` nights whose ids have the smallest hash. Where the history has too few with the
    features of today, as after a provider was added, the reference reservoir fills up.

    Parameters
    ----------
    kept : KeptFeatures
        Kept alerts with the features of today; the reservoir is among them.
    size : int
        Alerts of the sample; fewer if there are not as many.
    n_nights : int or None
        Nights with scored alerts that are drawn from, the newest; None for all.

    Raises
    ------
    TooFewAlerts
        If there are too few for a model that is not provisional.
    """
    nights = store.nights(survey, _AFTER_ALL)
    chosen = nights if n_nights is None else nights[-n_nights:]
    found = store.read_features(
        survey, population, kept.table.schema.hash, limit=size, nights=chosen
    )
    parts = []
    if found is not None:
        when = night_of(found.mjd_utc, survey)
        parts.append(
            TrainingRows(found.features, found.alert_id, found.object_id, found.n_det, when)
        )
    n_missing = size - sum(map(len, parts))
    if n_missing:
        drawn = np.concatenate([np.empty(0, np.int64), *(part.alert_ids for part in parts)])
        parts.append(_from_reservoir(store, survey, population, kept, drawn, n_missing))
    rows = TrainingRows.join(parts, size)
    if len(rows) < PROVISIONAL_ROWS:
        raise TooFewAlerts(
            f"{len(rows)} {survey} {population} alerts are too few for a new model, which takes "
            f"{PROVISIONAL_ROWS}: run more nights first"
        )
    return rows


def _from_reservoir(
    store: Store,
    survey: str,
    population: str,
    kept: KeptFeatures,
    drawn: NDArray[np.int64],
    n_wanted: int,
) -> TrainingRows:
    """Return reference alerts that were not drawn yet, those of smallest hash."""
    index = store.kept_index(survey, population)
    in_reservoir = (index.kept_for & int(KeptFor.REFERENCE)) != 0
    rows = np.flatnonzero(in_reservoir & ~np.isin(index.alert_id, drawn))
    rows = rows[np.isin(index.alert_id[rows], kept.alert_ids)]  # kept since: next time
    best = np.argsort(stable_hash(survey, index.alert_id[rows], "history"))[:n_wanted]
    rows = np.sort(rows[best])
    return TrainingRows(
        FeatureTable(kept.table.schema, kept.lookup(index.alert_id[rows])[1]),
        index.alert_id[rows],
        index.object_id[rows],
        index.n_det[rows],
        index.night[rows],
    )
