"""Reviewers: who may answer, and who has a model of their own."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from fink_ad.errors import StoreError
from fink_ad.store.records import ROLES, ReviewerRecord, Role
from fink_ad.store.repository.part import StorePart, record_of
from fink_ad.store.tables import Reviewer
from fink_ad.store.upserts import table_of

__all__ = ["Reviewers", "check_operator", "check_reviewer"]


class Reviewers(StorePart):
    """Reviewers in the store."""

    def add_reviewer(
        self, name: str, role: Role | None = None, personal: bool | None = None
    ) -> ReviewerRecord:
        """Add a person who may label, or let one who may no longer; names are unique.

        Parameters
        ----------
        role : str, optional
            One of `ROLES`: by default what it was, for a new person ``reviewer``.
        personal : bool, optional
            Whether a model of their own learns from them: by default as it was, at first not.

        Raises
        ------
        StoreError
            If the name is empty, is somebody else's but for capitals, which a sign-in could not
            tell apart, or the role is none of `ROLES`.
        """
        if not name.strip():
            raise StoreError("a reviewer needs a name")
        changes = _changes(role, personal)
        with self.database.writing("reviewers") as connection:
            if _by_name(connection, name) is None:
                _check_unlike_others(connection, name)
                row = {"active": True, "role": "reviewer", "personal": False} | changes
                connection.execute(
                    insert(Reviewer).values(name=name, created_at=self._clock(), **row)
                )
            else:
                _change(connection, name, changes | {"active": True})
            return _found(connection, name)

    def add_first_reviewer(self, name: str) -> ReviewerRecord:
        """Make the first person to come an operator.

        Raises
        ------
        StoreError
            If the name is empty, or somebody else came first.
        """
        if not name.strip():
            raise StoreError("a reviewer needs a name")
        with self.database.writing("reviewers") as connection:
            if connection.execute(select(Reviewer.id).limit(1)).scalar() is not None:
                raise StoreError("somebody reviews here already: an operator may add you")
            row = {"name": name, "role": "operator", "personal": False, "active": True}
            connection.execute(insert(Reviewer).values(created_at=self._clock(), **row))
            return _found(connection, name)

    def change_reviewer(
        self, name: str, *, role: Role | None = None, personal: bool | None = None
    ) -> ReviewerRecord:
        """Give a person another role, or a model of their own; what is not given stays.

        Raises
        ------
        StoreError
            If there is no such reviewer or role.
        """
        changes = _changes(role, personal)
        with self.database.writing("reviewers") as connection:
            _found(connection, name)
            if changes:
                _change(connection, name, changes)
            return _found(connection, name)

    def retire_reviewer(self, name: str) -> None:
        """Let a person label no longer; the answers given stay.

        Raises
        ------
        StoreError
            If there is no such reviewer.
        """
        with self.database.writing("reviewers") as connection:
            _found(connection, name)
            _change(connection, name, {"active": False})

    def find_reviewer(self, name: str) -> ReviewerRecord:
        """Return a reviewer by name, active or not.

        Raises
        ------
        StoreError
            If there is none of that name; the message names those there are.
        """
        with self.database.reading() as connection:
            return _found(connection, name)

    def reviewers(self) -> tuple[ReviewerRecord, ...]:
        """Return everybody who may or might label, by name."""
        query = select(table_of(Reviewer)).order_by(Reviewer.name)
        with self.database.reading() as connection:
            return tuple(record_of(ReviewerRecord, row) for row in connection.execute(query))


def check_reviewer(connection: Connection, reviewer_id: int) -> None:
    """Raise a StoreError unless a reviewer is known and active."""
    query = select(Reviewer.name, Reviewer.active).where(Reviewer.id == reviewer_id)
    found = connection.execute(query).one_or_none()
    if found is None:
        raise StoreError(f"reviewer {reviewer_id} is unknown and may not label")
    if not found.active:
        raise StoreError(
            f"reviewer {found.name!r} is retired and may not label; fink-ad reviewers add lets "
            "them back"
        )


def check_operator(connection: Connection, reviewer_id: int) -> None:
    """Raise a StoreError unless a reviewer is an operator, and active."""
    query = select(Reviewer.name, Reviewer.active, Reviewer.role).where(Reviewer.id == reviewer_id)
    found = connection.execute(query).one_or_none()
    if found is None or not found.active or found.role != "operator":
        who = f"reviewer {reviewer_id}" if found is None else repr(found.name)
        raise StoreError(f"{who} is no operator (any more): nothing was changed")


def _changes(role: Role | None, personal: bool | None) -> dict[str, object]:
    if role is not None and role not in ROLES:
        raise StoreError(f"role {role!r} is not one of {', '.join(ROLES)}")
    given = {"role": role, "personal": personal}
    return {name: value for name, value in given.items() if value is not None}


def _change(connection: Connection, name: str, changes: dict[str, object]) -> None:
    connection.execute(update(Reviewer).where(Reviewer.name == name).values(changes))


def _by_name(connection: Connection, name: str) -> ReviewerRecord | None:
    row = connection.execute(select(table_of(Reviewer)).where(Reviewer.name == name)).one_or_none()
    return None if row is None else record_of(ReviewerRecord, row)


def _check_unlike_others(connection: Connection, name: str) -> None:
    for other in connection.execute(select(Reviewer.name)).scalars():
        if other.casefold() == name.casefold():
            raise StoreError(f"{name!r} is {other!r} but for capitals: write it as it is known")


def _found(connection: Connection, name: str) -> ReviewerRecord:
    found = _by_name(connection, name)
    if found is None:
        names = list(connection.execute(select(Reviewer.name).order_by(Reviewer.name)).scalars())
        known = f"there are {', '.join(map(repr, names))}" if names else "there are none yet"
        raise StoreError(f"no reviewer {name!r}; {known}")
    return found
