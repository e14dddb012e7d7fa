"""One of several processes that want the same thing.

Usage: ``python rival.py HOME DATABASE_URL WHAT NAME [ID]``. Prints ``ready``, waits for a line,
then fights for a lease, a showing or a job, and prints what it got. Given ``hold`` it takes a
short lease and sleeps until it is killed.
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import conftest as make

from fink_ad.store import Store

DUE = datetime(2026, 3, 22, tzinfo=UTC)


def fight(store: Store, what: str, name: str, number: int) -> bool:
    if what == "lease":
        return store.acquire_lease("learn", name, 60) is not None
    if what == "showing":
        return store.take_showing([make.make_showing(1, number)], 60) is not None
    return store.start_job("retrain", DUE, name) is not None


if __name__ == "__main__":
    home, url, what, name = sys.argv[1:5]
    with Store.open(Path(home), url) as store:
        print("ready", flush=True)  # noqa: T201
        sys.stdin.readline()
        if what == "hold":
            assert store.acquire_lease("learn", name, 1.0) is not None
            print("holds", flush=True)  # noqa: T201
            time.sleep(60)
        else:
            number = int(sys.argv[5]) if len(sys.argv) > 5 else 0
            print(fight(store, what, name, number), flush=True)  # noqa: T201
