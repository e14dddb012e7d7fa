"""Showings: what was drawn for whom and why; no two reviewers at one object unasked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from fink_ad.errors import StoreError
from fink_ad.store.records import DRAWS, NewShowing
from fink_ad.store.records import Showing as ShowingRecord
from fink_ad.store.repository.part import StorePart, record_of
from fink_ad.store.repository.reviewers import check_reviewer
from fink_ad.store.tables import KeptAlert, Showing
from fink_ad.store.upserts import table_of

__all__ = ["Showings", "end_leases", "is_on_show"]

_CHUNK = 500  # values in one query


class Showings(StorePart):
    """Showings in the store: a record of every draw, and while it lasts a lease of its object."""

    def take_showing(
        self, choices: Sequence[NewShowing], lease_seconds: float, overlap: bool = False
    ) -> ShowingRecord | None:
        """Take the first choice whose alert is kept and whose object nobody else has in hand.

        A reviewer who has the object in hand already gets the same showing again, leased anew:
        so a restart keeps the place.

        Parameters
        ----------
        choices : sequence of NewShowing
            All for one reviewer, best first. Who asks for several showings leaves out what is
            in hand already.
        lease_seconds : float
            How long the object is the reviewer's alone, unless answered or released before.
        overlap : bool
            Take the first choice even if others have its object in hand.

        Returns
        -------
        Showing or None
            None if no choice is left.

        Raises
        ------
        StoreError
            If the choices are for several reviewers or of an unknown draw, or the reviewer is
            unknown or retired.
        """
        if not choices:
            return None
        reviewer_id = _check_choices(choices)
        now = self._clock()
        until = now + timedelta(seconds=lease_seconds)
        with self.database.writing("showings") as connection:
            check_reviewer(connection, reviewer_id)
            mine, others = _in_hand(connection, reviewer_id, now)
            for choice in choices:
                thing = (choice.survey, choice.object_id)
                if thing in mine:
                    leased = {"leased_until": until}
                    connection.execute(
                        update(Showing).where(Showing.id == mine[thing]).values(leased)
                    )
                    return _one(connection, mine[thing])
                if (thing in others and not overlap) or not _is_kept(connection, choice):
                    continue
                row = vars(choice) | {
                    "drawn_at": now,
                    "leased_until": until,
                    "latest_alert_id": _latest_alert(connection, choice),
                }
                new = insert(Showing).values(row).returning(Showing.id)
                return _one(connection, connection.execute(new).scalar_one())
        return None

    def mark_shown(self, showing_id: int, shown_at: datetime | None = None) -> ShowingRecord:
        """Write down when a candidate was on the screen as a whole; the first time stays.

        Raises
        ------
        StoreError
            If there is no such showing.
        """
        at = shown_at or self._clock()
        with self.database.writing("showings") as connection:
            connection.execute(
                update(Showing)
                .where(Showing.id == showing_id, Showing.shown_at.is_(None))
                .values(shown_at=at)
            )
            return _one(connection, showing_id)

    def release_showing(self, showing_id: int, by: int | None = None) -> ShowingRecord:
        """Give a showing back: others may be shown the object from now on; the first time stays.

        That it was given back is remembered also when its lease had ended before.

        Parameters
        ----------
        by : int, optional
            The reviewer who says so.

        Raises
        ------
        StoreError
            If there is no such showing, or that reviewer is unknown or retired.
        """
        now = self._clock()
        with self.database.writing("showings") as connection:
            if by is not None:
                check_reviewer(connection, by)
            connection.execute(
                update(Showing)
                .where(Showing.id == showing_id, Showing.released_at.is_(None))
                .values(released_at=now)
            )
            connection.execute(
                update(Showing)
                .where(Showing.id == showing_id, Showing.leased_until > now)
                .values(leased_until=now)
            )
            return _one(connection, showing_id)

    def showings(
        self,
        reviewer_id: int | None = None,
        survey: str | None = None,
        since: datetime | None = None,
    ) -> tuple[ShowingRecord, ...]:
        """Return what was drawn, in that order; `since` is the earliest time of drawing."""
        where = [] if since is None else [Showing.drawn_at >= since]
        return self._select(reviewer_id, survey, *where)

    def showings_at_hand(
        self, reviewer_id: int, survey: str, since: datetime
    ) -> tuple[ShowingRecord, ...]:
        """Return what a reviewer has in hand, or gave back at some time or later."""
        in_hand = Showing.leased_until > self._clock()
        return self._select(reviewer_id, survey, in_hand | (Showing.released_at >= since))

    def showings_of(
        self, reviewer_id: int, survey: str, alert_ids: Collection[int]
    ) -> dict[int, ShowingRecord]:
        """Return the last showing to a reviewer of each alert that has one."""
        found: dict[int, ShowingRecord] = {}
        ids = sorted(alert_ids)
        for first in range(0, len(ids), _CHUNK):
            here = Showing.alert_id.in_(ids[first : first + _CHUNK])
            found |= {one.alert_id: one for one in self._select(reviewer_id, survey, here)}
        return found

    def repeated_objects(self, reviewer_id: int, survey: str) -> frozenset[str]:
        """Return the objects that a reviewer was asked about a second time, to compare."""
        query = select(Showing.object_id).where(
            Showing.reviewer_id == reviewer_id,
            Showing.survey == survey,
            Showing.draw == "repeat",
        )
        with self.database.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def count_showings(
        self, reviewer_id: int, survey: str | None = None, object_id: str | None = None
    ) -> int:
        """Return how many candidates were drawn for a reviewer so far, of an object if named."""
        query = select(func.count()).where(Showing.reviewer_id == reviewer_id)
        if survey is not None:
            query = query.where(Showing.survey == survey)
        if object_id is not None:
            query = query.where(Showing.object_id == object_id)
        with self.database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def open_showings(
        self, reviewer_id: int, survey: str, population: str
    ) -> tuple[ShowingRecord, ...]:
        """Return what a reviewer has in hand: leased, neither answered nor released."""
        return self._select(
            reviewer_id,
            survey,
            Showing.population == population,
            Showing.leased_until > self._clock(),
        )

    def objects_in_hand(self, survey: str, population: str, not_of: int) -> frozenset[str]:
        """Return the objects that reviewers have in hand, all but one of them."""
        query = select(Showing.object_id).where(
            Showing.leased_until > self._clock(),
            Showing.survey == survey,
            Showing.population == population,
            Showing.reviewer_id != not_of,
        )
        with self.database.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def _select(
        self, reviewer_id: int | None, survey: str | None, *where: ColumnElement[bool]
    ) -> tuple[ShowingRecord, ...]:
        query = select(table_of(Showing)).where(*where).order_by(Showing.id)
        if reviewer_id is not None:
            query = query.where(Showing.reviewer_id == reviewer_id)
        if survey is not None:
            query = query.where(Showing.survey == survey)
        with self.database.reading() as connection:
            return tuple(record_of(ShowingRecord, row) for row in connection.execute(query))


def end_leases(
    connection: Connection, answered: Collection[tuple[int, str, str]], now: datetime
) -> None:
    """End leases of objects that were answered, by reviewer, survey and object."""
    query = select(Showing.id, Showing.reviewer_id, Showing.survey, Showing.object_id)
    held = connection.execute(query.where(Showing.leased_until > now))
    ended = [row.id for row in held if (row.reviewer_id, row.survey, row.object_id) in answered]
    if ended:
        connection.execute(update(Showing).where(Showing.id.in_(ended)).values(leased_until=now))


def is_on_show(now: datetime) -> ColumnElement[bool]:
    """Tell of a kept alert, in a query of them, whether a reviewer has it in hand."""
    return (
        select(Showing.id)
        .where(
            Showing.survey == KeptAlert.survey,
            Showing.alert_id == KeptAlert.alert_id,
            Showing.leased_until > now,
        )
        .exists()
    )


def _check_choices(choices: Sequence[NewShowing]) -> int:
    """Return the one reviewer they are for."""
    reviewers = {choice.reviewer_id for choice in choices}
    if len(reviewers) > 1:
        raise StoreError(
            f"choices for reviewers {sorted(reviewers)}; take one reviewer's at a time"
        )
    unknown = {choice.draw for choice in choices}.difference(DRAWS)
    if unknown:
        raise StoreError(f"draw {min(unknown)!r} is not one of {', '.join(DRAWS)}")
    return choices[0].reviewer_id


def _in_hand(
    connection: Connection, reviewer_id: int, now: datetime
) -> tuple[dict[tuple[str, str], int], set[tuple[str, str]]]:
    """Return the objects a reviewer has in hand, with the showings, and those others have."""
    query = select(Showing.id, Showing.survey, Showing.object_id, Showing.reviewer_id)
    mine: dict[tuple[str, str], int] = {}
    others = set()
    for row in connection.execute(query.where(Showing.leased_until > now).order_by(Showing.id)):
        if row.reviewer_id == reviewer_id:
            mine[row.survey, row.object_id] = row.id
        else:
            others.add((row.survey, row.object_id))
    return mine, others


def _is_kept(connection: Connection, choice: NewShowing) -> bool:
    query = select(KeptAlert.alert_id).where(
        KeptAlert.survey == choice.survey, KeptAlert.alert_id == choice.alert_id
    )
    return connection.execute(query).scalar() is not None


def _latest_alert(connection: Connection, choice: NewShowing) -> int | None:
    # By object alone: with the population SQLite takes an index that finds half of all alerts.
    query = (
        select(KeptAlert.alert_id, KeptAlert.population)
        .where(KeptAlert.survey == choice.survey, KeptAlert.object_id == choice.object_id)
        .order_by(KeptAlert.mjd_utc.desc().nulls_last(), KeptAlert.alert_id.desc())
    )
    alerts = connection.execute(query)
    return next((int(row[0]) for row in alerts if row[1] == choice.population), None)


def _one(connection: Connection, showing_id: int) -> ShowingRecord:
    query = select(table_of(Showing)).where(Showing.id == showing_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise StoreError(f"no showing {showing_id}")
    return record_of(ShowingRecord, row)
