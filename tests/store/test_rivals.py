"""Processes and threads that want the same thing: one gets it."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from fink_ad.errors import LeaseLost
from fink_ad.store import Store

RIVAL = Path(__file__).with_name("rival.py")


def start(home: Path, url: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(RIVAL), str(home), url, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)


def say(child: subprocess.Popen[str], line: str) -> None:
    assert child.stdin is not None
    child.stdin.write(line + "\n")
    child.stdin.flush()


def hear(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_two_processes_fight(store: Store, home: Path, database_url: str, make):
    store.commit_batch(make.batch([1]))
    people = [store.add_reviewer(name).id for name in ("Maria", "John")]
    for what in ("lease", "showing", "job"):
        with ExitStack() as stack:
            rivals = [
                stack.enter_context(start(home, database_url, what, f"{what} {one}", str(one)))
                for one in people
            ]
            assert [hear(one) for one in rivals] == ["ready", "ready"]
            for one in rivals:
                say(one, "go")
            assert sorted(hear(one) for one in rivals) == ["False", "True"], what
    assert len(store.leases()) == len(store.showings()) == len(store.job_runs()) == 1


def test_threads_fight_for_a_lease(store: Store):
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda n: store.acquire_lease("learn", f"thread {n}", 60), range(16)))
    (winner,) = [one for one in got if one is not None]
    assert store.leases() == (winner,)


def test_threads_fight_for_objects(store: Store, make):
    store.commit_batch(make.batch(list(range(1, 8))))
    people = [store.add_reviewer(f"reviewer {n}").id for n in range(7)]

    def take(reviewer_id: int):
        return store.take_showing([make.showing(one, reviewer_id) for one in range(1, 8)], 60)

    with ThreadPoolExecutor(7) as pool:
        got = list(pool.map(take, people))
    assert len({one.object_id for one in got}) == 7


def test_a_killed_holder_is_followed(store: Store, home: Path, database_url: str, make):
    with start(home, database_url, "hold", "the first") as child:
        assert hear(child) == "ready"
        say(child, "go")
        assert hear(child) == "holds"
        child.kill()
    (dead,) = store.leases()
    assert store.acquire_lease("learn", "the second", 60) is None
    deadline = time.monotonic() + 10
    while (mine := store.acquire_lease("learn", "the second", 60)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (mine.holder, mine.term) == ("the second", dead.term + 1)
    with pytest.raises(LeaseLost, match="held by 'the second'"):
        store.renew_lease(dead, 60)


def test_writers_take_turns_and_none_starves(store: Store, make):
    """Answers come through at once while orders are published without a pause."""
    store.commit_batch(make.batch([1]))
    store.register_model(make.model())
    with ThreadPoolExecutor(2) as pool:
        publishing = [pool.submit(store.publish_order, make.new_order(2000)) for _ in range(40)]
        waited = []
        for n in range(20):
            begun = time.monotonic()
            assert store.acquire_lease(f"work {n}", "me", 60) is not None
            waited.append(time.monotonic() - begun)
        assert all(one.result().n_objects == 2000 for one in publishing)
    assert max(waited) < 5
