"""A thousand pictures of candidates in one process: how long each takes, and what stays behind.

``python -m benchmarks.pictures`` prints the figures. Seconds are given twice: of the clock, which
somebody who asks for an object waits, and of the processor, which other work disturbs less.
Memory is what is resident of the whole process after so many pictures.
"""

from __future__ import annotations

import gc
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from fink_ad.config import Settings
from fink_ad.learn import Learner
from fink_ad.pipeline import run
from fink_ad.review.candidate import Candidate
from fink_ad.review.desk import Desk
from fink_ad.review.pictures import candidate_picture
from fink_ad.simulate import simulate_night, write_night
from fink_ad.sources.files import FilesSource

N_PICTURES, N_CANDIDATES = 1000, 100


def measure(n_pictures: int = N_PICTURES) -> dict[str, float]:
    """Return figures of so many pictures of the strangest objects of a simulated night."""
    with tempfile.TemporaryDirectory() as folder:
        candidates = _candidates(Path(folder))
    candidate_picture(candidates[0])  # fonts are looked for once
    gc.collect()
    gc.freeze()  # as the bot does
    clock, processor, memory = [], [], {}
    for i in range(n_pictures):
        began = time.perf_counter(), time.thread_time()
        candidate_picture(candidates[i % len(candidates)])
        clock.append(time.perf_counter() - began[0])
        processor.append(time.thread_time() - began[1])
        if i + 1 in (100, 500, 1000):
            memory[f"picture {i + 1}, resident MB"] = _resident_mb()
    return {
        "picture, median s": float(np.median(clock)),
        "picture, 95 % s": float(np.quantile(clock, 0.95)),
        "picture, median s of the processor": float(np.median(processor)),
        "picture, 95 % s of the processor": float(np.quantile(processor, 0.95)),
    } | memory


def _candidates(folder: Path) -> list[Candidate]:
    settings = Settings.model_validate({"home": folder / "home", "kept": {"top_share": 0.5}})
    night = simulate_night(20260110, n_objects=1500, stamps="pool")
    with Desk(settings) as desk:
        for path in write_night(folder / "packets", night).alerts:
            run(FilesSource([path], batch_size=1000), desk.store, settings)
        (order, *_) = Learner(desk.store, settings).run_once()
        rows = desk.store.order(order.id).alert_id[:N_CANDIDATES]
        return [desk.look(order.survey, int(one)) for one in rows]


def _resident_mb() -> float:
    """Return the resident memory of this process, as Linux tells it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (resident,) = (line for line in lines if line.startswith("VmRSS:"))
    return int(resident.split()[1]) / 1024


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
