"""Decisions about revisions that might come into force, with their grounds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from fink_ad.errors import StoreError
from fink_ad.store.records import VERDICTS, Decision, NewDecision
from fink_ad.store.repository.part import StorePart, record_of
from fink_ad.store.tables import Decision as DecisionRow
from fink_ad.store.tables import Revision
from fink_ad.store.upserts import table_of

__all__ = ["Decisions", "add_decision"]

_SAME = ("contender", "incumbent", "verdict", "by")


class Decisions(StorePart):
    """Decisions in the store; `Store.promote` notes one and acts on it at once."""

    def add_decision(self, decision: NewDecision) -> Decision:
        """Note a decision that changes nothing, for example that a contender stays out.

        One that says what the latest about this model says already is not noted again: who
        looks often, and decides the same each time, leaves one. The one that stands is returned.

        Raises
        ------
        StoreError
            If the verdict is none of `VERDICTS`, or a revision is not known.
        """
        with self.database.writing("decisions") as connection:
            return _as_before(connection, decision) or add_decision(
                connection, decision, self._clock()
            )

    def decisions(
        self, survey: str | None = None, population: str | None = None
    ) -> tuple[Decision, ...]:
        """Return what was decided, in that order."""
        query = select(table_of(DecisionRow)).order_by(DecisionRow.id)
        if survey is not None:
            query = query.where(DecisionRow.survey == survey)
        if population is not None:
            query = query.where(DecisionRow.population == population)
        with self.database.reading() as connection:
            return tuple(record_of(Decision, row) for row in connection.execute(query))


def add_decision(connection: Connection, decision: NewDecision, now: datetime) -> Decision:
    """Note a decision in a transaction that may also act on it."""
    if decision.verdict not in VERDICTS:
        raise StoreError(f"verdict {decision.verdict!r} is not one of {', '.join(VERDICTS)}")
    for revision in (decision.contender, decision.incumbent):
        known = select(Revision.id).where(Revision.id == revision)
        if revision is not None and connection.execute(known).scalar() is None:
            raise StoreError(f"no model revision {revision!r} in the store; register it first")
    table = table_of(DecisionRow)
    row = vars(decision) | {"decided_at": now}
    stored = connection.execute(insert(table).values(row).returning(*table.c)).one()
    return record_of(Decision, stored)


def _as_before(connection: Connection, decision: NewDecision) -> Decision | None:
    """Return the latest decision about a survey's, population's and reviewer's if it is this."""
    table = table_of(DecisionRow)
    latest = (
        select(table)
        .where(
            table.c.survey == decision.survey,
            table.c.population == decision.population,
            table.c.reviewer_id.is_not_distinct_from(decision.reviewer_id),
        )
        .order_by(table.c.id.desc())
        .limit(1)
    )
    row = connection.execute(latest).one_or_none()
    if row is None:
        return None
    found = record_of(Decision, row)
    same = all(getattr(found, name) == getattr(decision, name) for name in _SAME)
    return found if same else None
