"""All kept alerts of a population at once, column by column: fast, and without their blobs."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Double, Row, Select, Text, select, type_coerce

from fink_ad.store.blobs import unpack_features
from fink_ad.store.kept_index import KeptIndex
from fink_ad.store.repository.part import StorePart
from fink_ad.store.tables import KeptAlert
from fink_ad.store.upserts import table_of

__all__ = ["KeptColumns"]

_CHUNK = 10_000

# As the driver gives them, without a Python call for every value.
_PLAIN = {"mjd_utc": Double(), "ra_deg": Double(), "dec_deg": Double(), "tags": Text()}
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
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(table.c.alert_id)).all()
        told = zip(*rows, strict=True) if rows else ((),) * len(names)
        told_of: dict[str, Any] = dict(zip(names, told, strict=True))
        tags_of = {text: tuple(json.loads(text)) for text in set(told_of["tags"])}
        told_of["tags"] = map(tags_of.__getitem__, told_of["tags"])
        columns: dict[str, Any] = {
            # NULL becomes NaN on the way to floating point.
            name: np.array(column, _NUMBERS[name])
            if name in _NUMBERS
            else np.fromiter(column, np.object_, len(rows))
            for name, column in told_of.items()
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
        with self.database.reading() as connection:
            if alert_ids is None:
                rows = list(connection.execute(query.order_by(table.c.alert_id)))
            else:
                rows = _of_alerts(connection, query, np.unique(alert_ids).tolist())
        ids, blobs = zip(*rows, strict=True) if rows else ((), ())
        return np.array(ids, np.int64), unpack_features(blobs)


def _of_alerts(connection: Connection, query: Select[Any], ids: list[int]) -> list[Row[Any]]:
    rows: list[Row[Any]] = []
    for first in range(0, len(ids), _CHUNK):
        some = query.where(KeptAlert.alert_id.in_(ids[first : first + _CHUNK]))
        rows += connection.execute(some.order_by(KeptAlert.alert_id))
    return rows
