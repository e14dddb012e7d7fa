"""Candidates: the strangest alerts, as a query."""

from __future__ import annotations

from sqlalchemy import and_, func, select

from fink_ad.store.records import CandidateRecord, CandidateView
from fink_ad.store.repository.part import StorePart, columns_of, record_of
from fink_ad.store.tables import Candidate, HistoryPart, KeptAlert, Ledger
from fink_ad.store.upserts import table_of

__all__ = ["Candidates"]

_GLANCE = ("mjd_utc", "ra_deg", "dec_deg", "band", "n_det", "broker_classes")


class Candidates(StorePart):
    """Candidates in the store."""

    def latest_revision(self, survey: str, population: str, night: int | None = None) -> str | None:
        """Return the model revision that scored last, on a night or ever; None if none did."""
        wanted = [HistoryPart.survey == survey, HistoryPart.population == population]
        if night is not None:
            wanted.append(HistoryPart.night == night)
        query = (
            select(HistoryPart.model_revision)
            .join(Ledger, Ledger.batch_key == HistoryPart.batch_key)
            .where(*wanted)
            .order_by(Ledger.committed_at.desc(), HistoryPart.name.desc())
            .limit(1)
        )
        with self.database.reading() as connection:
            return connection.execute(query).scalar()

    def candidate_nights(self, survey: str, population: str) -> tuple[tuple[int, str], ...]:
        """Return the nights and model revisions that have candidates, the latest night first."""
        query = (
            select(Candidate.night, Candidate.model_revision)
            .distinct()
            .where(Candidate.survey == survey, Candidate.population == population)
            .order_by(Candidate.night.desc(), Candidate.model_revision)
        )
        with self.database.reading() as connection:
            return tuple((night, model) for night, model in connection.execute(query))

    def candidates(
        self,
        top: int | None = 20,
        night: int | None = None,
        model: str | None = None,
        survey: str | None = None,
        population: str | None = None,
        object_id: str | None = None,
        best_per_object: bool = True,
    ) -> tuple[CandidateView, ...]:
        """Return the candidates of highest score, strangest first.

        Parameters
        ----------
        top : int or None
            At most so many; None for all.
        night, model, survey, population, object_id : optional
            Only those; `model` is a model revision. Scores of different models do not compare:
            name survey and population, or the model, for a meaningful order.
        best_per_object : bool
            Only the alert of highest score of each object.
        """
        wanted = {
            Candidate.night: night,
            Candidate.model_revision: model,
            Candidate.survey: survey,
            Candidate.population: population,
            Candidate.object_id: object_id,
        }
        strangest_first = (Candidate.score.desc(), Candidate.alert_id, Candidate.model_revision)
        place = func.row_number().over(
            partition_by=(Candidate.survey, Candidate.object_id), order_by=strangest_first
        )
        kept = table_of(KeptAlert)
        same_alert = and_(
            KeptAlert.survey == Candidate.survey, KeptAlert.alert_id == Candidate.alert_id
        )
        ranked = (
            select(
                *columns_of(Candidate, CandidateRecord),
                *(kept.c[name] for name in _GLANCE),
                place.label("place"),
            )
            .join(KeptAlert, same_alert)
            .where(*(column == value for column, value in wanted.items() if value is not None))
            .subquery()
        )
        query = select(*(column for column in ranked.c if column.name != "place"))
        if best_per_object:
            query = query.where(ranked.c.place == 1)
        query = query.order_by(
            ranked.c.score.desc(), ranked.c.survey, ranked.c.alert_id, ranked.c.model_revision
        ).limit(top)
        with self.database.reading() as connection:
            return tuple(record_of(CandidateView, row) for row in connection.execute(query))
