"""Take a lease for a piece of work, or say who has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fink_ad.errors import LeaseHeld
from fink_ad.learn.holding import held, own_name
from fink_ad.store import Lease, Store

__all__ = ["LEASE", "turn"]

LEASE = "retrain"
"""Whoever holds it makes, promotes or takes back shared models."""


@contextmanager
def turn(
    store: Store, name: str, seconds: float, *, holder: str = "", note: str = ""
) -> Iterator[Lease]:
    """Hold a lease for as long as the work takes.

    A process that dies stops renewing, and the lease is free `seconds` later. What must not
    happen after the lease was lost is done in a transaction that checks it.

    Raises
    ------
    LeaseHeld
        If somebody else holds it; the message says who, since when, and until when.
    """
    lease = store.acquire_lease(name, holder or own_name(), seconds, note)
    if lease is None:
        raise LeaseHeld(_told(store, name))
    with held(store, lease, seconds):
        yield lease


def _told(store: Store, name: str) -> str:
    for other in store.leases():
        if other.name == name:
            return (
                f"{name} is at work already: {other.holder}, since "
                f"{other.acquired_at:%Y-%m-%d %H:%M:%S} UTC; wait for it, or if it died until "
                f"{other.expires_at:%H:%M:%S} UTC"
            )
    return f"{name} is at work already; wait for it"
