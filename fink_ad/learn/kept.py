"""The kept alerts of a survey and population at hand: read once, then only what is new."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fink_ad.features import FeatureTable
from fink_ad.forest import Model
from fink_ad.forest.pool import Pool
from fink_ad.forest.sketch import peer_bin
from fink_ad.store import KeptIndex, Store

__all__ = ["KeptAlerts"]


class KeptAlerts:
    """Kept alerts as columns, and those a model can score as a pool of its trees.

    Parameters
    ----------
    store : Store
    survey, population : str
    """

    def __init__(self, store: Store, survey: str, population: str) -> None:
        self._store = store
        self._key = (survey, population)
        self._trees = ""
        self._pool: Pool | None = None
        self._ids = np.empty(0, np.int64)
        self.refresh()

    def refresh(self) -> None:
        """Read anew which alerts are kept; their features may have been computed anew as well."""
        self._raw: tuple[str, NDArray[np.int64], NDArray[np.float64]] | None = None
        self.index: KeptIndex = self._store.kept_index(*self._key)
        self.objects: NDArray[np.int64] = pd.factorize(self.index.object_id)[0].astype(np.int64)

    def pool(self, model: Model, trees: str) -> tuple[NDArray[np.int64], Pool]:
        """Return the alerts with the features of a model, as rows of the index and as a pool.

        Parameters
        ----------
        model : Model
            Has the trees and prepares the values.
        trees : str
            Names trees and reference: models that share them share the pool.
        """
        known = self._ids if self._trees == trees else self._ids[:0]
        wanted = self.index.alert_id[self.index.feature_schema == model.schema.hash]
        new = np.setdiff1d(wanted, known, assume_unique=True)
        kept = np.flatnonzero(np.isin(known, wanted, assume_unique=True))
        if self._pool is None or self._trees != trees or len(new) or len(kept) < len(known):
            self._extend(model, trees, kept, new)
        return np.searchsorted(self.index.alert_id, self._ids), self._pool  # type: ignore[return-value]

    def features(self, model: Model, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the features of rows of the index as extracted, (n_rows, n_columns).

        They are read once as long as no other rows are asked for; a model's own values will
        not do, since there what is missing has been filled in.
        """
        ids = self.index.alert_id[rows]
        schema = model.schema
        if (
            self._raw is None
            or self._raw[0] != schema.hash
            or not np.array_equal(self._raw[1], ids)
        ):
            found, values = self._store.kept_features(*self._key, schema.hash)
            table = np.full((len(ids), len(schema.names)), np.nan)
            there = np.isin(ids, found, assume_unique=True)
            if there.any():
                table[there] = values[np.searchsorted(found, ids[there])]
            self._raw = schema.hash, ids, table
        return self._raw[2]

    def _extend(
        self, model: Model, trees: str, kept: NDArray[np.int64], new: NDArray[np.int64]
    ) -> None:
        """Fetch new alerts only; one that is not kept any more by now is left out."""
        n_columns = len(model.schema.names)
        every = len(new) == len(self.index)
        ids, values = self._store.kept_features(
            *self._key, model.schema.hash, None if every else new
        )
        told = np.isin(ids, new, assume_unique=True)
        ids, values = ids[told], values.reshape(len(ids), n_columns)[told]
        prepared = model.prepare(FeatureTable(model.schema, values))
        bins = peer_bin(self.index.n_det[np.searchsorted(self.index.alert_id, ids)])
        if self._pool is None or self._trees != trees:
            self._pool, self._ids = Pool(model.learner, prepared, bins), ids
        else:
            joined = np.concatenate([self._ids[kept], ids])
            order = np.argsort(joined, kind="stable")
            self._pool, self._ids = (
                self._pool.with_rows(kept, prepared, bins, order),
                joined[order],
            )
        self._trees = trees
