"""Which revision is in force, since when, and the way back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select

from fink_ad.errors import StoreError
from fink_ad.store.records import ActiveModel, Decision, Lease, NewDecision, NewFeatures
from fink_ad.store.repository.decisions import add_decision
from fink_ad.store.repository.kept import give_features
from fink_ad.store.repository.leases import check_lease
from fink_ad.store.repository.models import revision_and_model
from fink_ad.store.repository.part import StorePart
from fink_ad.store.repository.reviewers import check_operator
from fink_ad.store.tables import Activation, Revision
from fink_ad.store.upserts import table_of

__all__ = ["Activations"]


class Activations(StorePart):
    """Revisions put in force, one after the other; a rollback is another activation."""

    def activate_model(
        self,
        revision_id: str,
        lease: Lease | None = None,
        reviewer_id: int | None = None,
        *,
        replaces: str | None = None,
    ) -> None:
        """Make a revision the one in force for its survey, population and reviewer.

        Activating what is in force already changes nothing.

        Parameters
        ----------
        lease : Lease, optional
            Must still be in force when the activation is stored.
        reviewer_id : int, optional
            Whose model it becomes, if it is a reviewer's own weights on shared trees; by
            default the one of the model.
        replaces : str, optional
            The revision that must be in force until then: a model that came into force while
            the revision of another one was being made stays.

        Raises
        ------
        LeaseLost
            If the lease is not in force any more; then nothing changes.
        StoreError
            If the revision is not known, or belongs to another reviewer, or another one than
            it was to replace is in force; then nothing changes.
        """
        with self.database.writing("activation") as connection:
            check_lease(connection, lease, self._clock())
            if replaces is not None:
                _check_replaced(connection, revision_id, reviewer_id, replaces)
            self._activate(connection, revision_id, reviewer_id)

    def promote(
        self,
        decision: NewDecision,
        lease: Lease | None = None,
        features: NewFeatures | None = None,
        operator_id: int | None = None,
    ) -> Decision:
        """Put the contender of a decision in force and note the decision: both or neither.

        Parameters
        ----------
        features : NewFeatures, optional
            Kept alerts get these at the same moment, if the contender knows others.
        operator_id : int, optional
            The reviewer who decided, who must be an operator still when this is stored.

        Raises
        ------
        LeaseLost
            If the lease is not in force any more; then nothing changes.
        StoreError
            If the verdict is not ``promoted``, the revision is not known or is another
            survey's, population's or reviewer's, or who decided is no operator.
        """
        if decision.verdict != "promoted":
            raise StoreError(
                f"revision {decision.contender!r} was {decision.verdict}: it stays out of force"
            )
        with self.database.writing("activation", "alerts") as connection:
            check_lease(connection, lease, self._clock())
            if operator_id is not None:
                check_operator(connection, operator_id)
            whose = self._activate(connection, decision.contender, decision.reviewer_id)
            decided = (decision.survey, decision.population, decision.reviewer_id)
            if whose != decided:
                raise StoreError(
                    f"revision {decision.contender!r} is of {whose}, the decision of {decided}"
                )
            if features is not None:
                give_features(connection, features)
            return add_decision(connection, decision, self._clock())

    def active_model(
        self, survey: str, population: str, reviewer_id: int | None = None
    ) -> ActiveModel | None:
        """Return the revision in force, the shared one or a reviewer's own, or None."""
        with self.database.reading() as connection:
            current = _current(connection, survey, population, reviewer_id)
            if current is None:
                return None
            return ActiveModel(
                *revision_and_model(connection, current.revision_id), current.activated_at
            )

    def activation_position(self) -> int:
        """Return the number of the latest activation: another one says that models changed."""
        query = select(func.coalesce(func.max(Activation.id), 0))
        with self.database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def earlier_model(
        self, survey: str, population: str, reviewer_id: int | None = None
    ) -> ActiveModel | None:
        """Return the last revision in force of another model, of other trees; None without one."""
        with self.database.reading() as connection:
            current = _current(connection, survey, population, reviewer_id)
            target = None if current is None else _earlier(connection, current, whole=True)
            if target is None:
                return None
            found = revision_and_model(connection, target.revision_id)
        return ActiveModel(*found, target.activated_at)

    def rollback_model(
        self,
        survey: str,
        population: str,
        reviewer_id: int | None = None,
        by: str | None = None,
        *,
        whole: bool = False,
        lease: Lease | None = None,
        features: NewFeatures | None = None,
        operator_id: int | None = None,
    ) -> ActiveModel:
        """Return to the revision that was in force before, and before that if called again.

        Parameters
        ----------
        by : str, optional
            Who wants it: the rollback is then noted as a decision.
        whole : bool
            Skip the revisions of the same model: return to `earlier_model`.
        lease : Lease, optional
            Must still be in force when the rollback is stored.
        features : NewFeatures, optional
            Kept alerts get these at the same moment, if the earlier model knows others.
        operator_id : int, optional
            The reviewer who wants it, who must be an operator still when this is stored.

        Raises
        ------
        LeaseLost
            If the lease is not in force any more; then nothing changes.
        StoreError
            If no other was in force before, or who wants it is no operator.
        """
        whose = (survey, population, reviewer_id)
        now = self._clock()
        with self.database.writing("activation", "alerts") as connection:
            check_lease(connection, lease, now)
            if operator_id is not None:
                check_operator(connection, operator_id)
            current = _current(connection, *whose)
            target = None if current is None else _earlier(connection, current, whole)
            if current is None or target is None:
                raise StoreError(f"no earlier {survey} {population} model to return to")
            self._append(connection, whose, target.revision_id, target.previous)
            if features is not None:
                give_features(connection, features)
            if by is not None:
                decision = NewDecision(
                    contender=target.revision_id,
                    incumbent=current.revision_id,
                    survey=survey,
                    population=population,
                    reviewer_id=reviewer_id,
                    verdict="rolled back",
                    by=by,
                )
                add_decision(connection, decision, now)
            found = revision_and_model(connection, target.revision_id)
        return ActiveModel(*found, now)

    def _activate(
        self, connection: Connection, revision_id: str, reviewer_id: int | None
    ) -> tuple[str, str, int | None]:
        """Put a revision in force unless it is; return whose it is."""
        _, model = revision_and_model(connection, revision_id)
        if model.reviewer_id is not None and reviewer_id not in (None, model.reviewer_id):
            raise StoreError(
                f"revision {revision_id!r} belongs to reviewer {model.reviewer_id}, not to"
                f" {reviewer_id}"
            )
        whose = (model.survey, model.population, reviewer_id or model.reviewer_id)
        current = _current(connection, *whose)
        if current is None or current.revision_id != revision_id:
            self._append(connection, whose, revision_id, current.id if current else None)
        return whose

    def _append(
        self,
        connection: Connection,
        whose: tuple[str, str, int | None],
        revision_id: str,
        previous: int | None,
    ) -> None:
        survey, population, reviewer_id = whose
        connection.execute(
            insert(Activation).values(
                survey=survey,
                population=population,
                reviewer_id=reviewer_id,
                revision_id=revision_id,
                previous=previous,
                activated_at=self._clock(),
            )
        )


def _check_replaced(
    connection: Connection, revision_id: str, reviewer_id: int | None, replaces: str
) -> None:
    _, model = revision_and_model(connection, revision_id)
    owner = reviewer_id or model.reviewer_id
    current = _current(connection, model.survey, model.population, owner)
    if current is None or current.revision_id != replaces:
        raise StoreError(
            f"revision {revision_id!r} was made to follow {replaces!r}, which is not in force any"
            " more; make one of the model in force"
        )


def _current(
    connection: Connection, survey: str, population: str, reviewer_id: int | None
) -> Row[Any] | None:
    whose: ColumnElement[bool] = Activation.reviewer_id.is_not_distinct_from(reviewer_id)
    query = (
        select(table_of(Activation))
        .where(Activation.survey == survey, Activation.population == population, whose)
        .order_by(Activation.id.desc())
        .limit(1)
    )
    return connection.execute(query).one_or_none()


def _earlier(connection: Connection, current: Row[Any], whole: bool) -> Row[Any] | None:
    """Return the activation before one; with `whole` the last one before of another model."""
    model_of = (
        select(table_of(Activation), Revision.model_id)
        .join(Revision, Revision.id == Activation.revision_id)
        .where(Activation.survey == current.survey, Activation.population == current.population)
        .where(Activation.reviewer_id.is_not_distinct_from(current.reviewer_id))
    )
    all_of = {row.id: row for row in connection.execute(model_of)}
    earlier = all_of.get(current.previous)
    while whole and earlier is not None and earlier.model_id == all_of[current.id].model_id:
        earlier = all_of.get(earlier.previous)
    return earlier
