"""Keep a lease in force while work goes on."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from fink_ad.errors import LeaseLost, StoreError
from fink_ad.store import Lease, Store

__all__ = ["at_work", "held", "own_name"]

HEARTBEAT_SECONDS = 30.0
"""A process without a sign for so long is taken for dead."""

_log = structlog.get_logger(__name__)


def own_name() -> str:
    """Return a name that no other process and no other call has: host, process, and a number."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


@contextmanager
def at_work(store: Store, name: str, note: str = "") -> Iterator[None]:
    """Let everybody see that this process is at work, while it is; others may do the same work.

    A second process of the kind takes the name with a number, and so on.
    """
    holder = own_name()
    names = (name if n == 1 else f"{name} {n}" for n in itertools.count(1))
    leases = (store.acquire_lease(one, holder, HEARTBEAT_SECONDS, note) for one in names)
    lease = next(one for one in leases if one is not None)
    with held(store, lease, HEARTBEAT_SECONDS):
        yield


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
