"""Kept alerts: who is kept, for what, and until when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    delete,
    func,
    select,
    update,
)

from fink_ad.errors import StoreError
from fink_ad.store.records import KeptFor, KeptRecord, NewFeatures
from fink_ad.store.repository.part import StorePart, columns_of, record_of
from fink_ad.store.repository.showings import is_on_show
from fink_ad.store.repository.stamps import (
    stamps_bound,
    trim_stamps,
    without_late_stamps,
)
from fink_ad.store.sampling import reservoir_key
from fink_ad.store.tables import KeptAlert
from fink_ad.store.upserts import upsert

__all__ = ["Kept", "give_features", "keep_alerts", "mark_kept"]

_CHUNK = 1000  # databases limit how many values a statement may have


class Kept(StorePart):
    """Kept alerts in the store."""

    def kept(self, survey: str, alert_ids: Iterable[int]) -> tuple[KeptRecord, ...]:
        """Return kept alerts by id, sorted by id; those not kept are missing."""
        ids = sorted({int(one) for one in alert_ids})
        columns = columns_of(KeptAlert, KeptRecord)
        found: list[KeptRecord] = []
        with self.database.reading() as connection:
            for first in range(0, len(ids), _CHUNK):
                query = select(*columns).where(
                    KeptAlert.survey == survey, KeptAlert.alert_id.in_(ids[first : first + _CHUNK])
                )
                rows = connection.execute(query.order_by(KeptAlert.alert_id))
                found += (_kept_record(row) for row in rows)
        return tuple(found)

    def kept_state(self, survey: str, population: str) -> tuple[int, int]:
        """Return how many alerts are kept and the largest id: cheap, and tells of new ones."""
        query = select(func.count(), func.coalesce(func.max(KeptAlert.alert_id), 0)).where(
            KeptAlert.survey == survey, KeptAlert.population == population
        )
        with self.database.reading() as connection:
            n_kept, largest = connection.execute(query).one()
        return int(n_kept), int(largest)

    def latest_alerts(
        self, survey: str, population: str, object_ids: Collection[str]
    ) -> dict[str, int]:
        """Return the latest kept alert of each object that has one, by object."""
        names = sorted(object_ids)
        # By object alone: with the population SQLite takes an index that finds half of all alerts.
        query = (
            select(KeptAlert.object_id, KeptAlert.alert_id, KeptAlert.population)
            .where(KeptAlert.survey == survey)
            .order_by(KeptAlert.mjd_utc.nulls_first(), KeptAlert.alert_id)
        )
        latest: dict[str, int] = {}
        with self.database.reading() as connection:
            for first in range(0, len(names), _CHUNK):
                here = KeptAlert.object_id.in_(names[first : first + _CHUNK])
                rows = connection.execute(query.where(here))
                latest |= {row[0]: int(row[1]) for row in rows if row[2] == population}
        return latest

    def object_alerts(self, object_id: str, survey: str | None = None) -> tuple[KeptRecord, ...]:
        """Return all kept alerts of an object, oldest first."""
        query = select(*columns_of(KeptAlert, KeptRecord)).where(KeptAlert.object_id == object_id)
        if survey is not None:
            query = query.where(KeptAlert.survey == survey)
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(KeptAlert.mjd_utc, KeptAlert.alert_id))
            return tuple(_kept_record(row) for row in rows)

    def reference(self, survey: str, population: str) -> tuple[KeptRecord, ...]:
        """Return the reference reservoir, in the order of its keys."""
        query = (
            select(*columns_of(KeptAlert, KeptRecord))
            .where(*_reservoir(survey, population))
            .order_by(KeptAlert.sample_key)
        )
        with self.database.reading() as connection:
            return tuple(_kept_record(row) for row in connection.execute(query))

    def reservoir_admits(
        self, survey: str, population: str, alert_ids: NDArray[np.int64], size: int = 10_000
    ) -> NDArray[np.bool_]:
        """Tell which alerts would enter the reference reservoir as it stands, (n,).

        The reservoir is the `size` alerts of smallest key. Its bound only ever sinks, so that
        alerts turned away here could not have stayed.
        """
        with self.database.reading() as connection:
            bound = _reservoir_bound(connection, survey, population, size)
        if bound is None:
            return np.ones(len(alert_ids), np.bool_)
        return reservoir_key(survey, alert_ids) < bound


def keep_alerts(
    connection: Connection,
    records: Sequence[KeptRecord],
    reservoir_size: int,
    n_stamps: int,
    now: datetime,
) -> None:
    """Keep alerts; one kept already gains the new reasons, and stamps if it had none.

    The reservoir keeps its size; stamps stay with the best `n_stamps` of a night, the random
    share, the labelled and the watched. Both bounds only ever tighten, so that the order and the
    size of the batches leave no trace.
    """
    nights = sorted({(record.survey, record.population, record.night) for record in records})
    before = {night: stamps_bound(connection, night, n_stamps) for night in nights}
    records = [without_late_stamps(record, before, n_stamps) for record in records]
    for survey in {record.survey for record in records}:
        own = [record for record in records if record.survey == survey]
        ids = np.array([record.alert_id for record in own], np.int64)
        keys = reservoir_key(survey, ids).tolist()
        rows = [
            vars(record)
            | {
                "kept_for": int(record.kept_for),
                "sample_key": key if record.kept_for & KeptFor.REFERENCE else None,
            }
            for record, key in zip(own, keys, strict=True)
        ]
        upsert(
            connection,
            KeptAlert,
            rows,
            lambda old, new: {
                "kept_for": old.kept_for.bitwise_or(new.kept_for),
                "sample_key": func.coalesce(old.sample_key, new.sample_key),
                "stamps": func.coalesce(old.stamps, new.stamps),
            },
        )
    for night, bound in before.items():
        trim_stamps(connection, night, n_stamps, bound)
    reservoirs = {(r.survey, r.population) for r in records if r.kept_for & KeptFor.REFERENCE}
    for survey, population in sorted(reservoirs):
        _trim_reservoir(connection, survey, population, reservoir_size, now)


def give_features(connection: Connection, new: NewFeatures) -> None:
    """Give kept alerts their features in another schema."""
    rows = [
        {"of": int(alert_id), "new": values}
        for alert_id, values in zip(new.alert_ids, new.features, strict=True)
    ]
    if rows:
        statement = (
            update(KeptAlert)
            .where(KeptAlert.survey == new.survey, KeptAlert.alert_id == bindparam("of"))
            .values(feature_schema=new.feature_schema, features=bindparam("new"))
        )
        connection.execute(statement, rows)


def mark_kept(
    connection: Connection, survey: str, alert_ids: Collection[int], reason: KeptFor
) -> None:
    """Add a reason to keep alerts; rows that have it are not written, blobs and all."""
    connection.execute(
        update(KeptAlert)
        .where(
            KeptAlert.survey == survey,
            KeptAlert.alert_id.in_(alert_ids),
            KeptAlert.kept_for.bitwise_and(int(reason)) == 0,
        )
        .values(kept_for=KeptAlert.kept_for.bitwise_or(int(reason)))
    )


def _kept_record(row: Row[Any]) -> KeptRecord:
    record = record_of(KeptRecord, row)
    return replace(record, kept_for=KeptFor(record.kept_for))


def _reservoir(survey: str, population: str) -> tuple[ColumnElement[bool], ...]:
    return (
        KeptAlert.survey == survey,
        KeptAlert.population == population,
        KeptAlert.sample_key.is_not(None),
    )


def _reservoir_bound(connection: Connection, survey: str, population: str, size: int) -> int | None:
    """Return the largest key of a full reservoir, else None."""
    if size < 1:
        raise StoreError(f"a reservoir of {size} reference alerts makes no sense; use 1 or more")
    query = (
        select(KeptAlert.sample_key)
        .where(*_reservoir(survey, population))
        .order_by(KeptAlert.sample_key)
        .offset(size - 1)
        .limit(1)
    )
    return connection.execute(query).scalar()


def _trim_reservoir(
    connection: Connection, survey: str, population: str, size: int, now: datetime
) -> None:
    bound = _reservoir_bound(connection, survey, population, size)
    if bound is None:
        return
    surplus = (*_reservoir(survey, population), KeptAlert.sample_key > bound)
    connection.execute(
        update(KeptAlert)
        .where(*surplus)
        .values(kept_for=KeptAlert.kept_for - int(KeptFor.REFERENCE), sample_key=None)
    )
    # One that a reviewer has in hand stays until the next time.
    connection.execute(
        delete(KeptAlert).where(
            KeptAlert.survey == survey,
            KeptAlert.population == population,
            KeptAlert.kept_for == 0,
            ~is_on_show(now),
        )
    )
