"""The learner: watch for answers, new alerts and new models, and publish what they change."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

import structlog

from fink_ad.alerts import POPULATIONS, SURVEYS
from fink_ad.config import Settings
from fink_ad.errors import FinkAdError, LeaseLost, StoreError
from fink_ad.learn.cache import Cache
from fink_ad.learn.holding import held, own_name
from fink_ad.learn.publish import relearn_and_publish
from fink_ad.learn.whose import Whose
from fink_ad.store import Lease, OrderRecord, Store

__all__ = ["LEASE", "LEASE_SECONDS", "Learner"]

LEASE = "learn"
"""Name of the lease: one learner at a time works on a store."""

LEASE_SECONDS = 15.0
"""How long a learner that died keeps others from starting."""

_LOOK_AROUND_S = 2.0  # seconds between looks for what changes less often than answers
_LONGEST_PAUSE_S = 60.0  # after failures in a row

_log = structlog.get_logger(__name__)


class _Seen(NamedTuple):
    """What an order depends on; another value means another order."""

    label_position: int
    revision: str  # in force; empty for none
    model: str  # the shared one, whose trees are used
    kept: tuple[int, int]
    imports: tuple[tuple[str, bool], ...]  # those somebody trusts, or distrusts


class Learner:
    """Keep the published orders of a store up to date, under a lease.

    At most one order is made at a time, and all that was answered meanwhile goes into the next
    one. What fails for one model is logged and tried again after a pause that doubles; the
    others go on.

    Parameters
    ----------
    store : Store
    settings : Settings
    lease_seconds : float
        How long the lease outlives this process if it is killed.
    """

    def __init__(
        self, store: Store, settings: Settings, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._store = store
        self._settings = settings
        self._lease_seconds = lease_seconds
        self._cache = Cache(store, settings.models_dir)
        self._seen: dict[Whose, _Seen] = {}
        self._served: dict[Whose, float] = {}
        self._read: dict[tuple[str, str], tuple[tuple[int, int], str]] = {}
        self._failures: dict[Whose, tuple[int, float]] = {}
        self._whose: tuple[Whose, ...] = ()
        self._looked_around = float("-inf")

    def run_once(self) -> tuple[OrderRecord, ...]:
        """Bring every order up to date and return those that were published.

        Raises
        ------
        StoreError
            If another learner is at work; it does the same.
        FinkAdError
            The first failure, after all others had their turn.
        """
        lease = self._store.acquire_lease(LEASE, own_name(), self._lease_seconds, "once")
        if lease is None:
            raise StoreError(f"{_who(self._store)} is at work already and publishes every order")
        published, failures = [], []
        with held(self._store, lease, self._lease_seconds):
            for whose in self._all():
                try:
                    record = relearn_and_publish(
                        self._store, self._settings, whose, self._cache, lease
                    )
                except LeaseLost:
                    raise
                except FinkAdError as error:
                    failures.append(error)
                else:
                    published += [] if record is None else [record]
        if failures:
            raise failures[0]
        return tuple(published)

    def run(self, stop: threading.Event) -> None:
        """Wait for the lease, then watch until `stop` is set.

        Who loses the lease, as after having been held up for long, publishes nothing more and
        waits for it anew.
        """
        while (lease := self._wait_for_lease(stop)) is not None:
            self._seen.clear()  # another learner may have been at work
            try:
                self._watch(lease, stop)
            except StoreError as error:
                _log.warning("learner_held_up", error=str(error))

    def _watch(self, lease: Lease, stop: threading.Event) -> None:
        with held(self._store, lease, self._lease_seconds) as lost:
            _log.info("learner_started", holder=lease.holder)
            while not stop.is_set():
                if lost.is_set():
                    raise LeaseLost(f"{_who(self._store)} took over while this one was held up")
                if not self.step(lease):
                    stop.wait(self._settings.learn.poll_seconds)
        _log.info("learner_stopped", holder=lease.holder)

    def step(self, lease: Lease) -> bool:
        """Look for changes and publish one order at the most; tell whether one was due.

        Raises
        ------
        LeaseLost
            If another has the lease. One that only ran out, since nothing renewed it in time,
            is renewed, and what was due is due again.
        """
        try:
            due = self._due()
        except StoreError as error:
            _log.error("store_failed", error=str(error))
            return False
        if due is None:
            return False
        whose, seen = due
        self._served[whose] = time.monotonic()
        self._refresh(whose, seen)
        start = time.perf_counter()
        try:
            record = relearn_and_publish(self._store, self._settings, whose, self._cache, lease)
        except LeaseLost:
            self._store.renew_lease(lease, self._lease_seconds)
            return True
        except FinkAdError as error:
            self._pause(whose, error)
            return True
        self._failures.pop(whose, None)
        revision = seen.revision if record is None else record.revision_id
        self._seen[whose] = seen._replace(revision=revision)
        if record is not None:
            _log.info(
                "order_published",
                **whose._asdict(),
                order=record.id,
                n_objects=record.n_objects,
                seconds=round(time.perf_counter() - start, 3),
            )
        return True

    def _due(self) -> tuple[Whose, _Seen] | None:
        """Return whose order is out of date and not paused: who had a turn longest ago."""
        now = time.monotonic()
        around = now - self._looked_around >= _LOOK_AROUND_S
        if around:
            self._whose, self._looked_around = self._all(), now
        for whose in sorted(self._whose, key=lambda one: self._served.get(one, 0.0)):
            if self._failures.get(whose, (0, now))[1] > now:
                continue
            known = self._seen.get(whose)
            position = self._store.label_position(whose.survey, whose.population)
            if known is None or around:
                seen = self._look(whose, position)
            else:
                seen = known._replace(label_position=position)
            if seen != known:
                self._looked_around = float("-inf") if around else self._looked_around
                return whose, seen
        return None

    def _refresh(self, whose: Whose, seen: _Seen) -> None:
        """Read anew which alerts are kept if there are others, or others' features, by now."""
        key, state = (whose.survey, whose.population), (seen.kept, seen.model)
        if self._read.setdefault(key, state) != state:
            self._cache.kept(whose).refresh()
            self._read[key] = state

    def _look(self, whose: Whose, position: int) -> _Seen:
        store = self._store
        shared = store.active_model(whose.survey, whose.population)
        own = store.active_model(*whose)
        return _Seen(
            position,
            "" if own is None else own.revision.id,
            "" if shared is None else shared.model.id,
            store.kept_state(whose.survey, whose.population),
            tuple(
                (one.name, one.trusted_at is not None)
                for one in store.label_imports()
                if one.trusted_at is not None or one.distrusted_at is not None
            ),
        )

    def _all(self) -> tuple[Whose, ...]:
        """Return whose orders there are to be: the shared ones first."""
        shared = [
            Whose(survey, population)
            for survey in SURVEYS
            for population in POPULATIONS
            if self._store.active_model(survey, population) is not None
        ]
        reviewers = [one.id for one in self._store.reviewers() if one.active and one.personal]
        own = [whose._replace(reviewer_id=one) for whose in shared for one in reviewers]
        return (*shared, *own)

    def _pause(self, whose: Whose, error: FinkAdError) -> None:
        n_failures = self._failures.get(whose, (0, 0.0))[0] + 1
        pause = min(2.0 ** min(n_failures, 10), _LONGEST_PAUSE_S)  # no overflow after weeks
        self._failures[whose] = n_failures, time.monotonic() + pause
        _log.error("relearning_failed", **whose._asdict(), error=str(error), again_in_seconds=pause)

    def _wait_for_lease(self, stop: threading.Event) -> Lease | None:
        holder, told = own_name(), False
        while not stop.is_set():
            try:
                lease = self._store.acquire_lease(LEASE, holder, self._lease_seconds, "watching")
                if lease is not None:
                    return lease
                if not told:
                    _log.warning("learner_waits", holder=_who(self._store))
                    told = True
            except StoreError as error:  # the database is away, maybe for a moment
                _log.error("store_failed", error=str(error))
            stop.wait(1.0)
        return None


def _who(store: Store) -> str:
    holders = [lease.holder for lease in store.leases() if lease.name == LEASE]
    return f"learner {holders[0]}" if holders else "another learner"
