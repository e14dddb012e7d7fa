"""What was answered about what was shown, and where in the order that stood."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from fink_ad.store.records import AnsweredShowing
from fink_ad.store.repository.labels import latest_answers
from fink_ad.store.repository.part import StorePart, records_of
from fink_ad.store.tables import Showing

__all__ = ["AnsweredShowings"]


class AnsweredShowings(StorePart):
    """Answers joined with showings in the database: there are as many as people ever gave."""

    def answered_showings(
        self,
        survey: str,
        population: str,
        reviewer_ids: Collection[int],
        without: Collection[str] = (),
    ) -> tuple[AnsweredShowing, ...]:
        """Return the latest answers that have a showing before them, the earliest first.

        An answer belongs to the last showing of the same alert to the same reviewer that is no
        later than the answer.

        Parameters
        ----------
        reviewer_ids : collection of int
            Whose answers.
        without : collection of str
            Channels whose answers do not count; see `Labels.latest_labels`.
        """
        label = latest_answers(survey, population, reviewer_ids, without).order_by(None).subquery()
        last = func.row_number().over(
            partition_by=label.c.id, order_by=(Showing.drawn_at.desc(), Showing.id.desc())
        )
        pairs = (
            select(
                label.c.id,
                label.c.answered_at,
                label.c.answer,
                Showing.draw,
                Showing.place,
                Showing.order_size,
                last.label("back"),
            )
            .join_from(
                label,
                Showing,
                (Showing.reviewer_id == label.c.reviewer_id)
                & (Showing.survey == label.c.survey)
                & (Showing.alert_id == label.c.alert_id)
                & (Showing.population == label.c.population)
                & (Showing.drawn_at <= label.c.answered_at),
            )
            .subquery()
        )
        query = (
            select(pairs.c.answer, pairs.c.draw, pairs.c.place, pairs.c.order_size)
            .where(pairs.c.back == 1)
            .order_by(pairs.c.answered_at, pairs.c.id)
        )
        with self.database.reading() as connection:
            return records_of(AnsweredShowing, connection.execute(query))
