"""Keep a lease in force while work goes on."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from fink_ad.errors import LeaseLost, StoreError
from fink_ad.store import Lease, Store

__all__ = ["held", "own_name"]

_log = structlog.get_logger(__name__)


def own_name() -> str:
    """Return a name that no other process and no other call has: host, process, and a number."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


@contextmanager
def held(store: Store, lease: Lease, seconds: float) -> Iterator[threading.Event]:
    """Renew a lease from a thread of its own while work goes on, and give it back after.

    A process that dies stops renewing, and the lease is free `seconds` later. What must not
    happen after the lease was lost is done in a transaction that checks it.

    Yields
    ------
    threading.Event
        Set when the lease turns out to be lost.
    """
    done, lost = threading.Event(), threading.Event()

    def renew() -> None:
        while not done.wait(seconds / 3):
            try:
                store.renew_lease(lease, seconds)
            except LeaseLost as error:
                _log.warning("lease_lost", lease=lease.name, error=str(error))
                lost.set()
                return
            except StoreError as error:  # the database is away, maybe for a moment
                _log.warning("lease_not_renewed", lease=lease.name, error=str(error))

    heartbeat = threading.Thread(target=renew, name=f"lease {lease.name}", daemon=True)
    heartbeat.start()
    try:
        yield lost
    finally:
        done.set()
        heartbeat.join()
        store.release_lease(lease)
