"""A small street that a test kills: source, duplicates, history, store.

Usage: ``python street.py HOME DATABASE_URL [DIE_AFTER_WRITING]``. With the last argument the
process kills itself between the history part and the ledger entry of that batch.
"""

import os
import signal
import sys
from pathlib import Path

import conftest as make
import numpy as np

from fink_ad.sources.contracts import DeadLetter, InputRange
from fink_ad.store import CountKey, KeptFor, SeenAlerts, Store

N_BATCHES, SIZE, NIGHT = 24, 25, 20260322


def ids_of(batch: int) -> np.ndarray:
    """Twenty-five ids, two of them again from two batches ago."""
    ids = np.arange(batch * SIZE, (batch + 1) * SIZE)
    ids[:2] += 10 - 2 * SIZE if batch > 1 else 0
    return ids


def run(store: Store, die_after_writing: int | None) -> None:
    store.remove_orphans()
    seen = SeenAlerts(store.alert_ids)
    for batch in range(store.done("files").get("a.avro", 0) // (SIZE + 1), N_BATCHES):
        ranges = (InputRange("a.avro", batch * (SIZE + 1), (batch + 1) * (SIZE + 1)),)
        ids = ids_of(batch)
        fresh = ids[seen.first_time("ztf", np.full(SIZE, NIGHT), ids)].tolist()
        parts = store.history.write("files", ranges, make.make_rows(make.make_alerts(fresh)))
        if batch == die_after_writing:
            os.kill(os.getpid(), signal.SIGKILL)
        counts = {
            CountKey(NIGHT, "ztf", "in"): SIZE,
            CountKey(NIGHT, "ztf", "scored"): len(fresh),
            CountKey(NIGHT, "ztf", "duplicate"): SIZE - len(fresh),
            CountKey(0, "", "in"): 1,
            CountKey(0, "", "dead_letter", "schema"): 1,
        }
        record = make.make_batch(
            fresh,
            ranges=ranges,
            parts=parts,
            counts=counts,
            candidates=tuple(make.make_candidate(one) for one in fresh[::10]),
            kept=make.make_kept(fresh[::5], KeptFor.REFERENCE),
            dead_letters=(DeadLetter("a.avro", ranges[0].stop - 1, "schema", "", "", b"x"),),
            reservoir_size=30,
        )
        store.commit_batch(record)
        print(batch, flush=True)  # noqa: T201  tells the test how far it is


if __name__ == "__main__":
    with Store.open(Path(sys.argv[1]), sys.argv[2]) as opened:
        run(opened, int(sys.argv[3]) if len(sys.argv) > 3 else None)
