"""Drift of the nights from the references of the models that scored them."""

from __future__ import annotations

from sqlalchemy import select

from fink_ad.store.records import DriftRecord
from fink_ad.store.repository.part import StorePart, record_of
from fink_ad.store.tables import Drift
from fink_ad.store.upserts import table_of, upsert

__all__ = ["Drifts"]


class Drifts(StorePart):
    """Measured drift in the store."""

    def record_drift(self, drift: DriftRecord) -> None:
        """Note the drift of a night; one measured before under the same model is replaced."""
        with self.database.writing() as connection:
            upsert(
                connection,
                Drift,
                [vars(drift)],
                lambda _, new: {name: new[name] for name in ("figures", "alarm", "measured_at")},
            )

    def drift(
        self, survey: str | None = None, population: str | None = None, limit: int = 50
    ) -> tuple[DriftRecord, ...]:
        """Return what was measured, the latest night first."""
        query = select(table_of(Drift)).order_by(
            Drift.night.desc(), Drift.measured_at.desc(), Drift.survey, Drift.population
        )
        if survey is not None:
            query = query.where(Drift.survey == survey)
        if population is not None:
            query = query.where(Drift.population == population)
        with self.database.reading() as connection:
            rows = connection.execute(query.limit(limit))
            return tuple(record_of(DriftRecord, row) for row in rows)
