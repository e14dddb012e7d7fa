"""The learner as it runs: one at a time, awake to changes, hard to stop by one failure."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fink_ad.errors import LeaseLost, ModelError, StoreError
from fink_ad.learn import Learner, Whose, ensure_learner, launch
from fink_ad.learn.launch import LOG_NAME, LONGEST_LOG
from fink_ad.learn.watch import LEASE
from fink_ad.pipeline import run
from fink_ad.sources.files import FilesSource
from fink_ad.store import NewLabel, OrderRecord, Store

FINK_AD = [sys.executable, "-c", "from fink_ad.cli import main; main()"]
PATIENCE_S = 30.0


def until(found: Callable[[], object], what: str) -> object:
    end = time.monotonic() + PATIENCE_S
    while not (value := found()):
        assert time.monotonic() < end, f"waited too long for {what}"
        time.sleep(0.02)
    return value


def steps(learner: Learner, store: Store, n_most: int = 20) -> int:
    """Step until nothing is due; returns how many orders were due."""
    lease = store.acquire_lease(LEASE, "test", 60)
    assert lease is not None
    learner._looked_around = float("-inf")  # as if two seconds had passed
    for n in range(n_most):
        if not learner.step(lease):
            return n
    raise AssertionError("there is no end")


def test_only_what_changed_is_published(home: Path, hand) -> None:
    with Store.open(home) as store:
        learner = Learner(store, hand.settings(home))
        assert steps(learner, store) == 2  # both populations
        assert steps(learner, store) == 0
        other = store.latest_order("ztf", "solar_system")
        first = store.latest_order(*hand.key)
        hand.answer(store, ["anomaly", "ordinary", "bogus"])
        assert steps(learner, store) == 1  # three answers, one order
        second = store.latest_order(*hand.key)
        assert first is not None
        assert second is not None
        assert second.label_position == first.label_position + 3
        assert store.latest_order("ztf", "solar_system") == other
        # Another revision in force, as after `models rollback`.
        store.activate_model(first.revision_id)
        assert steps(learner, store) == 1
        # A reviewer who is to have a model.
        vera = store.change_reviewer("vera", personal=True)
        assert steps(learner, store) == 2
        assert store.latest_order(*hand.key, vera.id) is not None


def test_what_fails_for_one_does_not_stop_the_others(home: Path, hand) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        active = store.active_model(*hand.key)
        assert active is not None
        folder = settings.models_dir / active.revision.id
        folder.rename(home / "aside")
        learner = Learner(store, settings)
        assert steps(learner, store) == 2
        assert store.latest_order(*hand.key) is None
        assert store.latest_order("ztf", "solar_system") is not None
        assert steps(learner, store) == 0  # it is not tried again at once
        with pytest.raises(ModelError, match="there is no model folder"):
            other_learner(store, settings).run_once()
        (home / "aside").rename(folder)
        learner._failures.clear()  # as if the pause were over
        assert steps(learner, store) == 1
        assert store.latest_order(*hand.key) is not None


def other_learner(store: Store, settings) -> Learner:
    """A learner for which the lease of the test is free."""
    (lease,) = store.leases()
    store.release_lease(lease)
    return Learner(store, settings)


def test_who_loses_the_lease_stops(home: Path, hand) -> None:
    with Store.open(home) as store:
        learner = Learner(store, hand.settings(home))
        lost = store.acquire_lease(LEASE, "asleep", 0.01)
        time.sleep(0.05)
        assert lost is not None
        assert store.acquire_lease(LEASE, "awake", 60) is not None
        with pytest.raises(LeaseLost):
            learner.step(lost)
        assert store.latest_order(*hand.key) is None


def test_a_lease_that_ran_out_and_nobody_took_is_renewed(home: Path, hand) -> None:
    """As after a laptop slept: the clock went on, and nothing could renew it."""
    with Store.open(home) as store:
        learner = Learner(store, hand.settings(home))
        lease = store.acquire_lease(LEASE, "asleep", 0.01)
        assert lease is not None
        time.sleep(0.05)
        assert learner.step(lease)
        assert store.latest_order(*hand.key) is None
        for _ in range(2):
            assert learner.step(lease)
        assert store.latest_order(*hand.key) is not None


def test_a_learner_that_lost_the_lease_waits_until_it_is_free(home: Path, hand) -> None:
    stop = threading.Event()
    with Store.open(home) as store:
        learner = Learner(store, hand.settings(home), lease_seconds=0.3)
        working = threading.Thread(target=learner.run, args=(stop,))
        working.start()
        until(lambda: store.latest_order("ztf", "solar_system"), "the last order")
        # As if it had been held up for so long that another one took its place.
        (held,) = store.leases()
        store.release_lease(held)
        other = store.acquire_lease(LEASE, "elsewhere:1:x", 60)
        assert other is not None
        before = store.latest_order(*hand.key)
        hand.answer(store, ["anomaly"])
        time.sleep(0.8)  # long enough to notice, and to publish if it did not
        assert working.is_alive()
        assert [lease.holder for lease in store.leases()] == ["elsewhere:1:x"]
        assert store.latest_order(*hand.key) == before
        store.release_lease(other)
        until(lambda: store.latest_order(*hand.key) != before, "the order after the answer")
        stop.set()
        working.join(PATIENCE_S)
        assert not working.is_alive()
        assert store.leases() == ()


def test_who_waited_longest_is_next(home: Path, hand) -> None:
    """Answers that never cease do not keep the others waiting."""
    with Store.open(home) as store:
        vera = store.add_reviewer("vera", personal=True)
        learner = Learner(store, hand.settings(home))
        lease = store.acquire_lease(LEASE, "test", 60)
        assert lease is not None
        for place in range(4):  # shared and personal, of two populations
            hand.answer(store, ["anomaly" if place % 2 else "ordinary"], first=place)
            assert learner.step(lease)
        for survey, population in (hand.key, ("ztf", "solar_system")):
            assert store.latest_order(survey, population) is not None
            assert store.latest_order(survey, population, vera.id) is not None


def test_failures_without_end_are_tried_again_without_end(home: Path, hand) -> None:
    with Store.open(home) as store:
        learner = Learner(store, hand.settings(home))
        for _ in range(1100):
            learner._pause(Whose(*hand.key), ModelError("the folder is gone"))
        assert learner._failures[Whose(*hand.key)][1] <= time.monotonic() + 60


def test_a_new_personal_model_ranks_what_was_kept_last(home: Path, hand, nights) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        learner = Learner(store, settings)
        steps(learner, store)
        vera = store.add_reviewer("vera", personal=True)
        run(FilesSource([nights[1]]), store, settings)
        steps(learner, store)
        shared, own = store.latest_order(*hand.key), store.latest_order(*hand.key, vera.id)
        assert shared is not None
        assert own is not None
        assert own.n_objects == shared.n_objects


def test_one_learner_at_a_time(home: Path, hand) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        lease = store.acquire_lease(LEASE, "elsewhere:1:x", 60)
        assert lease is not None
        with pytest.raises(StoreError, match="learner elsewhere:1:x is at work already"):
            Learner(store, settings).run_once()
        stop = threading.Event()
        waiting = threading.Thread(target=Learner(store, settings).run, args=(stop,))
        waiting.start()
        time.sleep(0.2)
        assert store.latest_order(*hand.key) is None
        store.release_lease(lease)
        until(lambda: store.latest_order(*hand.key), "the one that waited")
        stop.set()
        waiting.join(PATIENCE_S)
        assert not waiting.is_alive()
        assert store.leases() == ()


def test_a_lease_outlives_long_work(home: Path, hand) -> None:
    with Store.open(home) as store:
        stop = threading.Event()
        learner = Learner(store, hand.settings(home), lease_seconds=0.3)
        working = threading.Thread(target=learner.run, args=(stop,))
        working.start()
        (held,) = until(store.leases, "the lease")  # type: ignore[misc]
        time.sleep(0.8)
        assert store.acquire_lease(LEASE, "another", 1) is None
        assert [lease.term for lease in store.leases()] == [held.term]
        stop.set()
        working.join(PATIENCE_S)


@pytest.fixture
def launched(home: Path, hand) -> Iterator[Callable[..., subprocess.Popen[bytes] | None]]:
    children: list[subprocess.Popen[bytes]] = []

    def launch(**more: object) -> subprocess.Popen[bytes] | None:
        child = ensure_learner(hand.settings(home, **more))
        children.extend([child] if child else [])
        return child

    yield launch
    for child in children:
        assert child.stdin is not None
        child.stdin.close()
        child.kill()
        child.wait()


def test_a_child_learns_and_ends_with_its_parent(home: Path, hand, launched) -> None:
    child = launched(models={"shared": {"where": "n_det > 3"}})
    assert child is not None
    with Store.open(home) as store:
        until(lambda: store.latest_order(*hand.key), "the first order")
        assert launched() is None  # one is enough
        hand.answer(store, ["anomaly"])

        def taught() -> OrderRecord | None:
            record = store.latest_order(*hand.key)
            return record if record is not None and record.label_position == 1 else None

        record = until(taught, "the order that knows the answer")
        assert isinstance(record, OrderRecord)
        # The child has the settings of its parent.
        assert store.order(record.id).n_det.min() > 3
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(PATIENCE_S) == 0
        assert store.leases() == ()
    assert (home / LOG_NAME).read_text() == ""


def test_a_long_log_makes_room(home: Path, launched) -> None:
    long = b"x" * (LONGEST_LOG + 1)
    (home / LOG_NAME).write_bytes(long)
    assert launched() is not None
    assert (home / LOG_NAME).stat().st_size < LONGEST_LOG
    assert (home / f"{LOG_NAME}.1").read_bytes() == long


def test_a_killed_learner_is_replaced(home: Path, hand, launched) -> None:
    first = launched()
    assert first is not None
    with Store.open(home) as store:
        until(lambda: store.latest_order(*hand.key), "the first order")
        first.kill()
        first.wait()
        assert len(store.leases()) == 1  # it had no time to give it back
        second = launched()
        assert second is not None
        assert second.poll() is None


def test_whoever_needs_a_learner_sees_to_it_that_there_is_one(
    home: Path, hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "LOOK_SECONDS", 0.1)
    with Store.open(home) as store:
        with launch.learner_beside(hand.settings(home)) as first:
            assert first is not None
            until(lambda: store.latest_order(*hand.key), "the first order")
            (before,) = store.leases()
            first.kill()
            store.release_lease(before)  # it runs out by itself, but later
            until(lambda: holders(store) - {before.holder}, "another learner")
        assert store.leases() == ()


def holders(store: Store) -> set[str]:
    return {lease.holder for lease in store.leases()}


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_signals_end_it_in_order(home: Path, hand, sent: signal.Signals, code: int) -> None:
    environment = os.environ | {"FINK_AD_HOME": str(home)}
    with (
        Store.open(home) as store,
        subprocess.Popen([*FINK_AD, "learn"], env=environment, stderr=subprocess.PIPE) as child,
    ):
        until(lambda: store.latest_order(*hand.key), "the first order")
        child.send_signal(sent)
        assert child.wait(PATIENCE_S) == code
        assert store.leases() == ()


def test_once_says_what_it_did(home: Path) -> None:
    command = [*FINK_AD, "--home", str(home), "learn", "--once"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "ztf transient, shared:" in done.stdout


def test_once_says_why_it_published_nothing(home: Path, hand) -> None:
    """The first ranking of both models is refused: nothing but artefacts is at the top."""
    command = [*FINK_AD, "--home", str(home), "learn", "--once"]
    with Store.open(home) as store:
        index = store.kept_index(*hand.key)
        bodies = store.kept_index("ztf", "solar_system")
        vera = store.add_reviewer("vera").id
        said = ("bogus", "test", datetime.now(UTC))
        ids = [*index.alert_id.tolist(), *bodies.alert_id.tolist()]
        store.add_labels([NewLabel("ztf", one, vera, *said) for one in ids])
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "no new ranking passed the checks" in done.stdout


def test_once_without_a_model_publishes_nothing(tmp_path: Path, hand) -> None:
    with Store.open(tmp_path) as store:
        assert Learner(store, hand.settings(tmp_path)).run_once() == ()
