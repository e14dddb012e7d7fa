"""Old alerts get the features of today: computed anew from the alerts that are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import POPULATIONS
from fink_ad.config import Settings
from fink_ad.errors import ModelError
from fink_ad.features import Context, FeatureSchema, FeatureTable
from fink_ad.pipeline.describe import providers_of
from fink_ad.pipeline.tables import side_tables
from fink_ad.store import NewFeatures, Store, pack_features, unpack_alerts

__all__ = ["KeptFeatures", "current_schema", "features_of_kept", "new_features"]

_CHUNK = 1000
"""Kept alerts unpacked at a time; their stamps come along."""


@dataclass(frozen=True, eq=False)
class KeptFeatures:
    """All kept alerts of a survey and population with features of one schema, by alert id.

    Attributes
    ----------
    table : FeatureTable
        One row per alert.
    alert_ids : (n,) int64
        Sorted.
    recomputed : (n,) bool
        Which rows the store has with another schema still.
    """

    table: FeatureTable
    alert_ids: NDArray[np.int64]
    recomputed: NDArray[np.bool_]

    def lookup(self, alert_ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return which of some alerts are kept, sorted, and their features, as the store does."""
        rows = np.flatnonzero(np.isin(self.alert_ids, alert_ids))
        return self.alert_ids[rows], self.table.values[rows]


def current_schema(settings: Settings, survey: str, population: str) -> FeatureSchema:
    """Return the features that the installed providers compute.

    Raises
    ------
    ModelError
        If a provider cannot be loaded: a model must not learn to do without it.
    """
    providers = providers_of(Context(dict(settings.provider)))
    if providers.broken:
        raise ModelError(
            f"provider {', '.join(providers.broken)} is broken: a new model would do without "
            "it for good; see fink-ad plugins"
        )
    return providers.extractor.schema(survey, population)


def features_of_kept(
    store: Store, settings: Settings, survey: str, population: str, *, anew: bool = False
) -> KeptFeatures:
    """Return today's features of all kept alerts; the store is not changed.

    Stored features of today's schema are taken as they are; others are computed from the
    alerts, with the side tables of today.

    Parameters
    ----------
    anew : bool
        Compute all of them, as after a provider changed without changing its version.

    Raises
    ------
    FinkAdError
        If a provider is broken, or kept alerts or side tables cannot be read.
    """
    schema = current_schema(settings, survey, population)
    index = store.kept_index(survey, population)
    stale = (index.feature_schema != schema.hash) | anew
    values = np.full((len(index.alert_id), len(schema.columns)), np.nan)
    ids, stored = store.kept_features(survey, population, schema.hash)
    if len(ids):
        places = np.searchsorted(index.alert_id, ids)
        known = index.alert_id[np.minimum(places, len(index.alert_id) - 1)] == ids
        values[places[known]] = stored[known]
    context = Context(dict(settings.provider), tables=side_tables(settings))
    for rows in _chunks(np.flatnonzero(stale)):
        values[rows] = _extract(store, survey, population, index.alert_id[rows], context)
    return KeptFeatures(FeatureTable(schema, values), index.alert_id, stale)


def new_features(survey: str, kept: KeptFeatures) -> NewFeatures:
    """Return what the store is to be told of kept alerts: the features it does not have yet."""
    rows = np.flatnonzero(kept.recomputed)
    return NewFeatures(
        survey,
        kept.alert_ids[rows].tolist(),
        kept.table.schema.hash,
        pack_features(kept.table.values[rows]),
    )


def _extract(
    store: Store, survey: str, population: str, alert_ids: NDArray[np.int64], context: Context
) -> NDArray[np.float64]:
    """Return the features of some kept alerts, (n, n_columns); NaN for what is gone since."""
    extractor = providers_of(context).extractor
    values = np.full((len(alert_ids), len(extractor.schema(survey, population).columns)), np.nan)
    records = store.kept(survey, alert_ids.tolist())
    if not records:
        return values
    batch = unpack_alerts([record.alert for record in records])
    # A filter may have routed them when they came; where they were routed is where they stay.
    code = np.full(len(batch), POPULATIONS.index(population), np.int8)
    table = extractor.extract(batch.with_population(code), context).table
    found = np.array([record.alert_id for record in records], np.int64)
    values[np.searchsorted(alert_ids, found)] = table.values
    return values


def _chunks(rows: NDArray[np.int64]) -> Iterable[NDArray[np.int64]]:
    return (rows[first : first + _CHUNK] for first in range(0, len(rows), _CHUNK))
