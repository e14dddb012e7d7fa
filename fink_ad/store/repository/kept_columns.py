"""All kept alerts of a population at once, column by column: fast, and without their blobs."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Double, Text, select, type_coerce
from sqlalchemy.types import TypeEngine

from fink_ad.store.blobs import unpack_features
from fink_ad.store.kept_index import KeptIndex
from fink_ad.store.repository.part import StorePart
from fink_ad.store.tables import KeptAlert
from fink_ad.store.upserts import table_of

__all__ = ["KeptColumns"]

_CHUNK = 10_000

# As the driver gives them, without a Python call for every value.
_PLAIN: dict[str, TypeEngine[Any]] = {
    "mjd_utc": Double(),
    "ra_deg": Double(),
    "dec_deg": Double(),
    "score": Double(),
    "tags": Text(),
}
_NUMBERS: dict[str, type[np.generic]] = {
    "alert_id": np.int64,
    "night": np.int32,
    "mjd_utc": np.float64,
    "ra_deg": np.float64,
    "dec_deg": np.float64,
    "n_det": np.int64,
    "score": np.float64,
    "kept_for": np.int64,
}


class KeptColumns(StorePart):
    """Kept alerts in the store, as columns."""

    def kept_index(self, survey: str, population: str) -> KeptIndex:
        """Return what is known of all kept alerts at a glance, sorted by alert id."""
        table = table_of(KeptAlert)
        names = [field.name for field in fields(KeptIndex)]
        plain = [
            type_coerce(table.c[name], _PLAIN[name]) if name in _PLAIN else table.c[name]
            for name in names
        ]
        query = select(*plain).where(table.c.survey == survey, table.c.population == population)
        told: dict[str, list[Any]] = {name: [] for name in names}
        with self.database.reading() as connection:
            # A part at a time: so many rows at once would keep the garbage collector busy.
            for part in connection.execute(query.order_by(table.c.alert_id)).partitions(_CHUNK):
                for name, values in zip(names, zip(*part, strict=True), strict=True):
                    told[name] += values
        tags_of = {text: tuple(json.loads(text)) for text in set(told["tags"])}
        told["tags"] = [tags_of[text] for text in told["tags"]]
        columns: dict[str, Any] = {
            # NULL becomes NaN on the way to floating point.
            name: np.array(column, _NUMBERS[name])
            if name in _NUMBERS
            else np.fromiter(column, np.object_, len(column))
            for name, column in told.items()
        }
        return KeptIndex(**columns)

    def kept_features(
        self,
        survey: str,
        population: str,
        feature_schema: str,
        alert_ids: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the features of kept alerts of one schema, sorted by alert id.

        Parameters
        ----------
        alert_ids : (m,) int64, optional
            Which alerts; by default all.

        Returns
        -------
        alert_id : (n,) int64
            Those that are kept with features of this schema: at most the ones asked for.
        values : (n, n_columns) float64
            The schema tells the columns; without any alert there are none.
        """
        table = table_of(KeptAlert)
        query = select(table.c.alert_id, table.c.features).where(
            table.c.survey == survey,
            table.c.population == population,
            table.c.feature_schema == feature_schema,
        )
        queries = [query]
        if alert_ids is not None:
            wanted = np.unique(alert_ids).tolist()
            queries = [
                query.where(table.c.alert_id.in_(wanted[first : first + _CHUNK]))
                for first in range(0, len(wanted), _CHUNK)
            ]
        ids: list[int] = []
        blobs: list[bytes] = []
        with self.database.reading() as connection:
            for one in queries:
                rows = connection.execute(one.order_by(table.c.alert_id))
                for part in rows.partitions(_CHUNK):
                    some_ids, some_blobs = zip(*part, strict=True)
                    ids += some_ids
                    blobs += some_blobs
        return np.array(ids, np.int64), unpack_features(blobs)
