"""The worker: alerts through the street as their files come, as long as it runs."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

import structlog

from fink_ad.config import Settings
from fink_ad.errors import LeaseLost, StoreError
from fink_ad.learn.holding import held
from fink_ad.pipeline import RunSummary
from fink_ad.pipeline.run import Street
from fink_ad.sources.following import FollowedFolders
from fink_ad.store import Lease, Store
from fink_ad.telemetry import Metrics, NoMetrics

__all__ = ["LEASE", "follow"]

LEASE = "worker"
"""Name of the lease: one worker at a time follows folders for a store."""

LEASE_SECONDS = 15.0

_LOOK_SHARE = 10  # a look at very many files takes a tenth of the time at the most
_LONGEST_PAUSE = 60.0
_SLICE = 0.1  # seconds between looks whether to stop

_NO_METRICS = NoMetrics()

_log = structlog.get_logger(__name__)


def follow(
    source: FollowedFolders,
    store: Store,
    settings: Settings,
    should_stop: Callable[[], bool],
    *,
    on_batch: Callable[[RunSummary], None] = lambda summary: None,
    summary: RunSummary | None = None,
    metrics: Metrics = _NO_METRICS,
) -> RunSummary:
    """Take the files of folders through the street as they come, until told to stop.

    The home folder is taken in turns: between its files others may run, retry dead letters or
    purge; what they did is taken into account. Models that come into force, and catalogues, are
    loaded between batches. While the store cannot be used, it is tried again, after a pause that
    doubles up to a minute.

    Parameters
    ----------
    should_stop : callable
        Asked between batches and several times a second in between; what is stored then counts.
    on_batch, summary, metrics
        As of `fink_ad.pipeline.run`.

    Returns
    -------
    RunSummary
        Counts since it began.

    Raises
    ------
    StoreError
        If another worker follows folders for this home already, or one elsewhere took over
        while this one was held up.
    ModelError
        If the model in force cannot score what is extracted.
    """
    summary = RunSummary() if summary is None else summary
    with store.sole_worker():
        lease = _wait_for_lease(source, store, should_stop)
        if lease is None:
            return summary
        with held(store, lease, LEASE_SECONDS) as lost:
            rounds = _Rounds(
                source, store, settings, lambda: should_stop() or lost.is_set(), summary, metrics
            )
            rounds.go_on(on_batch)
            if lost.is_set():
                raise LeaseLost("another worker took over while this one was held up")
    return summary


class _Rounds:
    """Look, read, wait; and what is kept from one round to the next."""

    def __init__(
        self,
        source: FollowedFolders,
        store: Store,
        settings: Settings,
        should_stop: Callable[[], bool],
        summary: RunSummary,
        metrics: Metrics,
    ) -> None:
        self._source, self._store, self._settings = source, store, settings
        self._should_stop = should_stop
        self._summary, self._metrics = summary, metrics
        self._street: Street | None = None
        self._turn = 0

    def go_on(self, on_batch: Callable[[RunSummary], None]) -> None:
        failures = 0
        while not self._should_stop():
            began = time.monotonic()
            n_files = self._source.look()
            pause = max(self._settings.run.poll_seconds, _LOOK_SHARE * (time.monotonic() - began))
            if n_files:
                try:
                    self._round(on_batch)
                    failures = 0
                except StoreError as error:  # locked by a run, or the database is away
                    failures += 1
                    pause *= 2.0 ** min(failures, 10)
                    _log.warning("worker_waits", why=str(error))
            if not (self._source.is_behind and failures == 0):
                self._wait(min(pause, _LONGEST_PAUSE))

    def _round(self, on_batch: Callable[[RunSummary], None]) -> None:
        """Take what was found through the street, in one turn."""
        street, self._street = self._street, None  # after a failure it is not to be used
        with self._store.writing_run() as turn:
            if street is None or turn != self._turn + 1:
                street = Street(
                    self._source, self._store, self._settings, self._summary, self._metrics
                )
            done = self._store.done(self._source.name, self._source.partitions())
            street.walk(done, on_batch, self._should_stop)
        if not self._summary.interrupted:
            self._source.settle()
            self._street, self._turn = street, turn

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        # In slices: a signal only leaves a note that somebody has to read.
        while not self._should_stop() and (left := until - time.monotonic()) > 0:
            time.sleep(min(_SLICE, left))


def _wait_for_lease(
    source: FollowedFolders, store: Store, should_stop: Callable[[], bool]
) -> Lease | None:
    """Take the lease; None if told to stop before.

    Its holder is this home on this machine, where there is one worker at a time: after one that
    died, the next begins at once.
    """
    holder = f"{socket.gethostname()}:{store.history.home.absolute()}"
    note = f"process {os.getpid()}, following {', '.join(source.folders)}"
    told = False
    while not should_stop():
        try:
            lease = store.acquire_lease(LEASE, holder, LEASE_SECONDS, note)
            if lease is not None:
                return lease
            if not told:
                _log.warning("worker_waits", why="another worker is at work on this database")
                told = True
        except StoreError as error:  # the database is away, maybe for a moment
            _log.error("store_failed", error=str(error))
        time.sleep(_SLICE * 10)
    return None
