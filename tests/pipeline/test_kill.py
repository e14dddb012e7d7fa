"""`fink-ad run`, stopped at any moment and started again, loses and repeats nothing."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

pytestmark = pytest.mark.kill

COMMAND = [sys.executable, "-c", "from fink_ad.cli import main; main()"]


@pytest.fixture(scope="module")
def long_night(packets, later_packets, tmp_path_factory):
    """Two nights in many files, each its own batch, with duplicates and damage among them."""
    folder = tmp_path_factory.mktemp("long")
    bodies = packets.bodies[:600], packets.bodies[:60], later_packets.bodies[:150]
    both = packets.__class__(sum(bodies, ()))
    both.write_parts(folder, 20)
    for path in sorted(folder.iterdir())[::9]:
        path.write_bytes(path.read_bytes()[:-30])
    return folder


def start(home, *arguments):
    environment = os.environ | {"FINK_AD_BATCH_SIZE": "20", "COLUMNS": "80"}
    return subprocess.Popen(
        [*COMMAND, "--home", str(home.path), "run", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def finish(home, *arguments):
    with start(home, "--json", *arguments) as child:
        told, complaints = child.communicate(timeout=120)
    assert child.returncode == 0, complaints
    return json.loads(told)


def stored(home):
    """How many batches are stored so far."""
    with closing(sqlite3.connect(home.path / "fink_ad.sqlite3", timeout=30)) as connection:
        return connection.execute("SELECT count(*) FROM ledger").fetchone()[0]


def wait_for(home, n_batches, child):
    until = time.monotonic() + 60
    while stored(home) < n_batches and child.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture(scope="module")
def calm(trained, long_night, tmp_path_factory):
    """What an undisturbed run leaves."""
    home = trained.copy(tmp_path_factory.mktemp("calm") / "home")
    summary = finish(home, str(long_night))
    assert summary["n_in"] > 700
    assert summary["n_duplicate"] > 0
    assert summary["n_dead_letter"]
    return home.contents()


def test_killed_at_random_moments_it_ends_as_if_undisturbed(trained_home, long_night, calm):
    home = trained_home("home")
    chance = random.Random(8)
    n_killed = 0
    for _ in range(8):
        before = stored(home)
        with start(home, str(long_night)) as child:
            wait_for(home, before + 1, child)
            time.sleep(chance.uniform(0, 0.1))
            child.kill()
            child.communicate()
        n_killed += child.returncode == -signal.SIGKILL
    assert n_killed >= 4
    finish(home, str(long_night))
    assert home.contents() == calm


def test_ctrl_c_ends_between_batches_with_the_counts_so_far(trained_home, long_night, calm):
    home = trained_home("home")
    before = stored(home)
    with start(home, "--json", str(long_night)) as child:
        wait_for(home, before + 2, child)
        child.send_signal(signal.SIGINT)
        told, complaints = child.communicate(timeout=60)
    assert child.returncode == 130, complaints
    assert "Traceback" not in complaints
    assert "Stopping after this batch" in complaints
    first = json.loads(told)
    assert first["interrupted"]
    rest = finish(home, str(long_night))
    assert not rest["interrupted"]
    total = finish_counts(first, rest)
    assert total["n_in"] == total["n_out"] > 700
    assert home.contents() == calm


def finish_counts(*summaries):
    """Packets in, and what became of them, over some runs."""
    return {
        "n_in": sum(one["n_in"] for one in summaries),
        "n_out": sum(
            one["n_scored"]
            + sum(one["n_filtered"].values())
            + one["n_duplicate"]
            + sum(one["n_dead_letter"].values())
            for one in summaries
        ),
    }


def test_ctrl_c_twice_ends_at_once(trained_home, long_night, calm):
    home = trained_home("home")
    before = stored(home)
    with start(home, str(long_night)) as child:
        wait_for(home, before + 2, child)
        child.send_signal(signal.SIGINT)
        assert child.stderr.readline().startswith("Stopping")
        child.send_signal(signal.SIGINT)
        _, complaints = child.communicate(timeout=60)
    # The second one may come when the first has done all already.
    assert child.returncode in (130, -signal.SIGINT), complaints
    assert "Traceback" not in complaints
    finish(home, str(long_night))
    assert home.contents() == calm
