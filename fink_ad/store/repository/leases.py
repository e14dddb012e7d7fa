"""Leases: one process at a time does a piece of work, and whoever is late cannot write."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from fink_ad.errors import LeaseLost, StoreError
from fink_ad.store.records import Lease
from fink_ad.store.repository.part import StorePart, record_of
from fink_ad.store.tables import Lease as LeaseRow
from fink_ad.store.upserts import table_of

__all__ = ["Leases", "check_lease"]


class Leases(StorePart):
    """Leases in the store.

    A lease has a term that grows whenever the work changes hands (a fencing number): a holder
    that slept through the end of its lease finds its writes refused.
    """

    def acquire_lease(self, name: str, holder: str, seconds: float, note: str = "") -> Lease | None:
        """Take a piece of work for some time; None if another holder's lease has not expired.

        Parameters
        ----------
        name : str
            The work, for example ``learn``.
        holder : str
            Names this process and no other. The same holder gets a new term, so that what it
            did not finish before comes too late.
        note : str
            What people shall read about the holder.

        Raises
        ------
        StoreError
            If the holder has no name or the time is not positive.
        """
        if not holder:
            raise StoreError(f"a lease of {name!r} needs a holder with a name")
        now = self._clock()
        ends = _end(now, seconds)
        with self.database.writing(f"lease {name}") as connection:
            current = _current(connection, name)
            others = current is not None and current.holder not in ("", holder)
            if current is not None and others and current.expires_at > now:
                return None
            lease = Lease(name, holder, current.term + 1 if current else 1, now, now, ends, note)
            if current is None:
                connection.execute(insert(LeaseRow).values(vars(lease)))
            else:
                _change(connection, current, **vars(lease))
        return lease

    def renew_lease(self, lease: Lease, seconds: float) -> Lease:
        """Hold on to a piece of work; also after the time was over, if nobody took it.

        Raises
        ------
        LeaseLost
            If another holder has it, or it was released.
        """
        now = self._clock()
        renewed = replace(lease, renewed_at=now, expires_at=_end(now, seconds))
        with self.database.writing(f"lease {lease.name}") as connection:
            current = _current(connection, lease.name)
            if current is None or current.term != lease.term:
                raise _lost(lease, current)
            _change(connection, lease, renewed_at=renewed.renewed_at, expires_at=renewed.expires_at)
        return renewed

    def release_lease(self, lease: Lease) -> None:
        """Give a piece of work back; if it was lost already, nothing changes."""
        now = self._clock()
        with self.database.writing(f"lease {lease.name}") as connection:
            _change(connection, lease, holder="", term=lease.term + 1, expires_at=now)

    def leases(self) -> tuple[Lease, ...]:
        """Return who holds what, by name; one whose time is over was not given back."""
        query = select(table_of(LeaseRow)).where(LeaseRow.holder != "").order_by(LeaseRow.name)
        with self.database.reading() as connection:
            return tuple(record_of(Lease, row) for row in connection.execute(query))


def check_lease(connection: Connection, lease: Lease | None, now: datetime) -> None:
    """Raise unless a lease, if one is given, is in force until the transaction ends.

    Raises
    ------
    LeaseLost
        If it has expired, was released, or another holder has it.
    """
    if lease is None:
        return
    current = _current(connection, lease.name, hold=True)
    if current is None or current.term != lease.term or current.expires_at <= now:
        raise _lost(lease, current)


def _current(connection: Connection, name: str, hold: bool = False) -> Lease | None:
    query = select(table_of(LeaseRow)).where(LeaseRow.name == name)
    if hold:
        query = query.with_for_update(read=True)
    row = connection.execute(query).one_or_none()
    return None if row is None else record_of(Lease, row)


def _change(connection: Connection, lease: Lease, **values: object) -> None:
    of_term = (LeaseRow.name == lease.name, LeaseRow.term == lease.term)
    connection.execute(update(LeaseRow).where(*of_term).values(values))


def _end(now: datetime, seconds: float) -> datetime:
    if not seconds > 0:
        raise StoreError(f"a lease of {seconds} seconds makes no sense; use more than 0")
    return now + timedelta(seconds=seconds)


def _lost(lease: Lease, current: Lease | None) -> LeaseLost:
    if current is None or not current.holder:
        what = "was released"
    elif current.term != lease.term:
        what = f"is held by {current.holder!r} since {current.acquired_at:%Y-%m-%d %H:%M:%S} UTC"
    else:
        what = f"expired at {current.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    return LeaseLost(f"lease {lease.name!r} of {lease.holder!r} {what}; acquire it again")
