"""Twenty reviewers at one page: how long from a key to the next candidate, the learner beside.

Sessions run the page's script without browsers, each answering every five seconds. They take turns
in one thread, and waiting for one's turn counts: what is measured is the time from the key to the
end of the run that stores the answer and draws the next candidate. Drawing in a browser comes on
top. ``python -m benchmarks.review_page`` prints the figures. Seconds are of the clock: on a machine
with other work they are upper bounds.
"""

from __future__ import annotations

import heapq
import json
import os
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from streamlit import config
from streamlit.testing.v1 import AppTest

from fink_ad.config import Settings
from fink_ad.learn import Learner, ensure_learner
from fink_ad.pipeline import run
from fink_ad.simulate import simulate_night, write_night
from fink_ad.sources.files import FilesSource
from fink_ad.store import NewLabel, Store
from fink_ad.ui.state import APP

N_SESSIONS, EVERY_S, N_ANSWERS = 20, 5.0, 12
N_BEFORE = 250  # answers each reviewer has given before


def measure(n_sessions: int = N_SESSIONS, every_s: float = EVERY_S) -> dict[str, float]:
    """Return figures of all answers of all sessions."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        settings = Settings.model_validate({"home": home, "kept": {"top_share": 0.5}})
        _fill(settings, Path(folder), n_sessions)
        os.environ |= {"FINK_AD_HOME": str(home), "FINK_AD_UI__TOUR": "false"}
        config.set_option("server.address", "127.0.0.1")
        learner = ensure_learner(settings)
        seconds = _review(n_sessions, every_s)
        if learner is not None and learner.stdin is not None:
            learner.stdin.close()
            learner.wait()
        with Store.open(home) as store:
            n_labels = len(store.labels()) - n_sessions * N_BEFORE
            n_orders = store.latest_order("ztf", "transient").id
    return {
        "sessions at the page": n_sessions,
        "answers given": len(seconds),
        "answers stored": n_labels,
        "orders published meanwhile": n_orders,
        "key to next candidate, median, s": float(np.median(seconds)),
        "key to next candidate, 95 %, s": float(np.quantile(seconds, 0.95)),
        "key to next candidate, longest, s": float(np.max(seconds)),
    }


def _fill(settings: Settings, folder: Path, n_sessions: int) -> None:
    night = simulate_night(20260110, n_objects=3000, stamps="pool")
    with Store.open(settings.home) as store:
        for path in write_night(folder / "packets", night).alerts:
            run(FilesSource([path], batch_size=1000), store, settings)
        last = store.kept_index("ztf", "transient")
        weakest = last.alert_id[np.argsort(last.score)[:N_BEFORE]].tolist()
        now = datetime.now(UTC)
        for i in range(n_sessions):
            who = store.add_reviewer(f"reviewer{i}").id
            store.add_labels(
                [NewLabel("ztf", alert, who, "ordinary", "page", now) for alert in weakest]
            )
        Learner(store, settings).run_once()


def _review(n_sessions: int, every_s: float) -> list[float]:
    """Let all answer at a steady pace, one begun after the other; return the waits."""
    rng = random.Random(0)  # noqa: S311
    apps = [_open(f"reviewer{i}") for i in range(n_sessions)]
    start = time.perf_counter() + 1.0
    keys = [(start + i * every_s / n_sessions, i) for i in range(n_sessions)]
    seconds: list[float] = []
    while len(seconds) < n_sessions * N_ANSWERS:
        due, i = heapq.heappop(keys)
        time.sleep(max(due - time.perf_counter(), 0.0))
        answer = rng.choice(["anomaly", "ordinary"])
        showing = apps[i].session_state["session"].showing
        apps[i].button(key=f"answer_{answer}_{showing.id}").click().run()
        seconds.append(time.perf_counter() - due)
        heapq.heappush(keys, (due + every_s, i))
    return seconds


def _open(name: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=120)
    app.query_params["reviewer"] = name
    return app.run()


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
