"""Which revisions nobody will ask for again."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Row, select

from fink_ad.store.repository.part import StorePart
from fink_ad.store.tables import Activation, Decision, Model, Revision
from fink_ad.store.upserts import table_of

__all__ = ["N_REVISIONS", "Superseded"]

N_REVISIONS = 20
"""How many revisions stay that were in force last, of one model, the one in force included."""


class Superseded(StorePart):
    """Retention of revisions: there is one for every answer, and few are needed again."""

    def superseded_revisions(self) -> tuple[str, ...]:
        """Return the ids of the revisions whose folders may go, in no order.

        Needed are, for the shared and for every personal model of a survey and population,

        - the `N_REVISIONS` that were in force last: orders and candidates on a screen name them;
        - all that rollbacks to earlier models lead to.

        And of all models

        - the first revision, which has the trees and the reference;
        - whatever a decision was about, so that it can be looked at, and promoted.

        All others may go. The store goes on knowing them.
        """
        activations = (
            select(table_of(Activation), Revision.model_id)
            .join(Revision, Revision.id == Activation.revision_id)
            .order_by(Activation.id)
        )
        by_whose: dict[tuple[str, str, int | None], list[Row[Any]]] = defaultdict(list)
        with self.database.reading() as connection:
            # The revisions are read first: one that is made meanwhile is not among them.
            known = set(connection.execute(select(Revision.id)).scalars())
            needed = set(connection.execute(select(Model.id)).scalars())
            decided = connection.execute(select(Decision.contender, Decision.incumbent))
            needed |= {name for pair in decided for name in pair if name is not None}
            for row in connection.execute(activations):
                by_whose[row.survey, row.population, row.reviewer_id].append(row)
        for events in by_whose.values():
            needed |= _last_in_force(events) | _ways_back(events)
        return tuple(known - needed)


def _last_in_force(events: list[Row[Any]]) -> set[str]:
    latest = dict.fromkeys(event.revision_id for event in reversed(events))
    return set(list(latest)[:N_REVISIONS])


def _ways_back(events: list[Row[Any]]) -> set[str]:
    """Return what `Activations.rollback_model` leads to, called again and again."""
    by_id = {event.id: event for event in events}
    found = set()
    event = events[-1]
    while event.previous is not None:
        earlier = by_id[event.previous]
        if earlier.model_id != event.model_id:
            found.add(earlier.revision_id)
        event = earlier
    return found
