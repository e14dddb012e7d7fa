"""A worker that is killed again and again counts every alert of the files once."""

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

N_KILLS, SIZE = 4, 20


@pytest.fixture(scope="module")
def files(packets):
    """Files by name as they come: alerts, one file twice, and one that is cut short."""
    found = {
        f"{low:03}.avro": packets[low : low + SIZE].container(5) for low in range(0, 200, SIZE)
    }
    found["again.avro"] = found["040.avro"]
    found["cut.avro"] = packets[200 : 200 + SIZE].container(5)[:-30]
    return found


def put(folder, name, content):
    (folder / f".{name}").write_bytes(content)
    (folder / f".{name}").rename(folder / name)


def follow(home, folder):
    code = "from fink_ad.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "--home", home.path, "run", "--follow", folder],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"FINK_AD_BATCH_SIZE": str(SIZE), "FINK_AD_RUN__POLL_SECONDS": "0.05"},
    )


def n_done(home):
    with closing(sqlite3.connect(home.path / "fink_ad.sqlite3", timeout=30)) as connection:
        return connection.execute("SELECT count(DISTINCT partition) FROM ledger").fetchone()[0]


def wait_for(home, n_files, child):
    until = time.monotonic() + 60
    while n_done(home) < n_files:
        assert child.poll() is None, child.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.02)


def effects(home):
    """All that is stored but the names of batches, which depend on when the files came."""
    with home.store() as store:
        letters = [one.reason for one in store.dead_letters()]
        found = store.counts(), store.candidates(top=None), letters
    return *found, home.tables()["kept_alert"], home.by_alert()


def test_killed_at_random_moments_every_alert_counts_once(trained_home, files, tmp_path):
    calm, home = trained_home("calm"), trained_home("home")
    for folder in ("calm_in", "in"):
        (tmp_path / folder).mkdir()
    for name, content in files.items():
        put(tmp_path / "calm_in", name, content)
    assert calm.run(tmp_path / "calm_in", batch_size=SIZE).n_in > 200
    before = n_done(home)
    chance, left = random.Random(4), list(files.items())
    n_killed, came = 0, 0
    for _ in range(N_KILLS):
        with follow(home, tmp_path / "in") as child:
            for name, content in left[came : came + 2]:
                put(tmp_path / "in", name, content)
            came += 2
            wait_for(home, before + came - 1, child)
            time.sleep(chance.uniform(0, 0.05))
            child.kill()
            child.communicate()
        n_killed += child.returncode == -signal.SIGKILL
    assert n_killed == N_KILLS
    with follow(home, tmp_path / "in") as child:
        for name, content in left[came:]:
            put(tmp_path / "in", name, content)
        wait_for(home, before + len(files), child)
        child.terminate()
        _, said = child.communicate(timeout=60)
    assert child.returncode == 0, said
    assert "Traceback" not in said
    assert effects(home) == effects(calm)
