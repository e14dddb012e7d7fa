"""Hold a lease while working, renewing it from a thread of its own."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from fink_ad.errors import LeaseHeld, StoreError
from fink_ad.store import Lease, Store

__all__ = ["own_name", "turn"]

_log = structlog.get_logger(__name__)


def own_name() -> str:
    """Return a name that no other process and no other call has: host, process, and a number."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


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
    done = threading.Event()

    def renew() -> None:
        while not done.wait(seconds / 3):
            try:
                store.renew_lease(lease, seconds)
            except StoreError as error:  # lost, or the database is away for a moment
                _log.warning("lease_not_renewed", lease=name, error=str(error))

    heartbeat = threading.Thread(target=renew, name=f"lease {name}", daemon=True)
    heartbeat.start()
    try:
        yield lease
    finally:
        done.set()
        heartbeat.join()
        store.release_lease(lease)


def _told(store: Store, name: str) -> str:
    for other in store.leases():
        if other.name == name:
            return (
                f"{name} is at work already: {other.holder}, since "
                f"{other.acquired_at:%Y-%m-%d %H:%M:%S} UTC; wait for it, or if it died until "
                f"{other.expires_at:%H:%M:%S} UTC"
            )
    return f"{name} is at work already; wait for it"
