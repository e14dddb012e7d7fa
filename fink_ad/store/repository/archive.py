"""The history as the ledger knows it: only parts of stored batches count."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, func, select

from fink_ad.store.history_queries import (
    BestScores,
    HistoryRows,
    best_scores,
    read_alert_ids,
    read_rows,
)
from fink_ad.store.repository.part import StorePart
from fink_ad.store.tables import HistoryPart, Ledger

__all__ = ["Archive"]


class Archive(StorePart):
    """Scores and features of all alerts."""

    def remove_orphans(self) -> int:
        """Delete history parts of runs that died before they were stored; return how many.

        To be called once before a run; it does nothing while another process is writing.
        """
        return self.history.remove_orphans(self._parts)

    def alert_ids(self, survey: str, night: int) -> NDArray[np.int64]:
        """Return the ids of all alerts of a night, scored or filtered, (n,)."""
        parts = self._parts(HistoryPart.survey == survey, HistoryPart.night == night)
        return read_alert_ids(self.history.home, parts)

    def nights(self, survey: str, before: int) -> tuple[int, ...]:
        """Return the nights with scored alerts that were over when night `before` began.

        Sorted; the last three of them are what a rarity is told against.
        """
        query = (
            select(HistoryPart.night)
            .distinct()
            .where(HistoryPart.survey == survey, HistoryPart.population != "")
            .where(HistoryPart.night < before)
            .order_by(HistoryPart.night)
        )
        with self.database.reading() as connection:
            return tuple(connection.execute(query).scalars())

    def reference_scores(
        self, survey: str, population: str, model_revision: str, night: int, n_nights: int
    ) -> BestScores:
        """Return what the scores of a night are compared with, the same however often one asks.

        These are the best scores, as `night_best_scores` gives them, of the last `n_nights`
        nights before it, as they stood when the first alert of the night was stored under this
        revision: a run that was stopped and goes on compares as if it had never been stopped.
        """
        begun = (
            select(func.min(Ledger.committed_at))
            .join(HistoryPart, HistoryPart.batch_key == Ledger.batch_key)
            .where(HistoryPart.survey == survey, HistoryPart.population == population)
            .where(HistoryPart.model_revision == model_revision, HistoryPart.night == night)
        )
        earlier = [HistoryPart.survey == survey, HistoryPart.night < night]
        with self.database.reading() as connection:
            begun_at = connection.execute(begun).scalar()
            if begun_at is not None:
                stored = select(Ledger.batch_key).where(Ledger.committed_at < begun_at)
                earlier.append(HistoryPart.batch_key.in_(stored))
            nights = (
                select(HistoryPart.night)
                .distinct()
                .where(HistoryPart.population != "", *earlier)
                .order_by(HistoryPart.night.desc())
                .limit(n_nights)
            )
            last = list(connection.execute(nights).scalars())
        parts = self._parts(
            HistoryPart.population == population,
            HistoryPart.model_revision == model_revision,
            HistoryPart.night.in_(last),
            *earlier,
        )
        return best_scores(self.history.home, parts)

    def night_best_scores(
        self, survey: str, population: str, model_revision: str, nights: Sequence[int]
    ) -> BestScores:
        """Return one value per object and night: its best score under a model revision."""
        parts = self._parts(
            HistoryPart.survey == survey,
            HistoryPart.population == population,
            HistoryPart.model_revision == model_revision,
            HistoryPart.night.in_(nights),
        )
        return best_scores(self.history.home, parts)

    def read_features(
        self,
        survey: str,
        population: str,
        feature_schema: str,
        limit: int | None = None,
        nights: Sequence[int] | None = None,
    ) -> HistoryRows | None:
        """Return scored alerts with features of one schema, sorted by id; None if there are none.

        Parameters
        ----------
        feature_schema : str
            Hash of the schema.
        limit : int, optional
            At most so many: a sample that does not depend on the order of the stream.
        nights : sequence of int, optional
            Only these.
        """
        wanted = [
            HistoryPart.survey == survey,
            HistoryPart.population == population,
            HistoryPart.feature_schema == feature_schema,
        ]
        if nights is not None:
            wanted.append(HistoryPart.night.in_(nights))
        return read_rows(self.history.home, self._parts(*wanted), survey, limit)

    def _parts(self, *where: ColumnElement[bool]) -> list[str]:
        query = select(HistoryPart.name).where(*where).order_by(HistoryPart.name)
        with self.database.reading() as connection:
            return list(connection.execute(query).scalars())
