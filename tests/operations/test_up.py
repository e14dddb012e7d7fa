"""`fink-ad up`: a file in the followed folder becomes candidates and an order to review."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fink_ad.scheduler import JOBS
from fink_ad.store import Store

NIGHT = Path(__file__).parents[2] / "data" / "ztf_night_20260301.avro"
SERVICES = ("worker", "scheduler", "learner")


class Up:
    """The program at work, and what it says."""

    def __init__(self, home: Path, folder: Path) -> None:
        only = [word for name in SERVICES for word in ("--only", name)]
        code = "from fink_ad.cli import main; main()"
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "--home", home, "up", *only],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ
            | {
                "FINK_AD_RUN__FOLLOW": json.dumps([str(folder)]),
                "FINK_AD_RUN__POLL_SECONDS": "0.1",
                "FINK_AD_SCHEDULER__JOBS": json.dumps({job.name: "" for job in JOBS}),
            },
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip())

    def waits_for(self, what) -> None:
        until = time.monotonic() + 90
        while not what():
            assert self.process.poll() is None, self.lines
            assert time.monotonic() < until, self.lines
            time.sleep(0.05)

    def has_said(self, text: str) -> bool:
        return any(text in line for line in list(self.lines))

    def pids(self) -> list[int]:
        found = [re.search(r"started, process (\d+)", line) for line in self.lines]
        return [int(one[1]) for one in found if one]

    def ends(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self._reader.join(10)
        return code


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "alerts"
    path.mkdir()
    return path


@pytest.fixture
def up(tmp_path: Path, folder: Path):
    running = Up(tmp_path / "home", folder)
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.wait()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_a_file_dropped_becomes_an_order_to_review_and_one_signal_ends_all(
    up: Up, folder: Path, tmp_path: Path
):
    up.waits_for(lambda: up.has_said("Ctrl-C ends it") and up.has_said(f"following {folder}"))
    shutil.copy(NIGHT, folder / ".night")
    (folder / ".night").rename(folder / "night.avro")
    up.waits_for(lambda: (tmp_path / "home" / "fink_ad.sqlite3").exists())
    with Store.open(tmp_path / "home") as store:
        up.waits_for(lambda: store.candidates(top=1))
        up.waits_for(lambda: store.latest_order("ztf", "transient"))
        assert "worker" in [lease.name for lease in store.leases()]
        counts = store.counts()
    assert sum(n for key, n in counts.items() if key.kind == "in") == 729
    assert up.ends() == 0
    assert up.lines[-1] == "up        | all ended"
    assert not up.has_said("Traceback")
    assert len(up.pids()) == len(SERVICES)
    assert not any(map(is_alive, up.pids()))
    with Store.open(tmp_path / "home") as store:
        assert store.leases() == ()
