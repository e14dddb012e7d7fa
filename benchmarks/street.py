"""The whole street: alerts a second from packets in memory to the store, and the memory it takes.

Real packets are replicated; each copy gets alert ids of its own after decoding, or all but the
first would be duplicates. Everything else is what ``fink-ad run`` does. Run alone with
``python -m benchmarks.street ztf 20000`` (or ``lsst``).
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import structlog

from benchmarks.packets import lsst_long_packets, ztf_packets
from fink_ad.alerts import ALERT_SCHEMA, AlertBatch
from fink_ad.alerts.avro import read_packets
from fink_ad.alerts.packets import choose_fields, stamps, to_batches
from fink_ad.config import KeptSettings, Settings
from fink_ad.pipeline import run as run_street
from fink_ad.pipeline.summary import RunSummary
from fink_ad.sources import InputRange, SourceBatch, SurveyBatch
from fink_ad.store import Store

BATCH = {"ztf": 1000, "lsst": 250}  # as the files source cuts them, at 1000 alerts or 64 MiB
WARM_UP = {"ztf": 10_000, "lsst": 5_000}  # alerts that train the first model
# Reference alerts kept. Of a ZTF night a quarter pass through the reservoir, of a Rubin night of
# ten million a hundredth; a smaller reservoir stands for a longer night.
RESERVOIR = {"ztf": 10_000, "lsst": 500}


@dataclass
class Replicas:
    """The same packets again and again, every copy with ids of its own."""

    packets: list[bytes]
    schema: Any
    n_alerts: int
    batch_size: int
    name: str = "replicas"

    def total(self) -> int:
        return self.n_alerts

    def commit(self, ranges: Sequence[InputRange]) -> None:
        pass

    def batches(self, done: Mapping[str, int]) -> Iterator[SourceBatch]:
        for start in range(done.get("all", 0), self.n_alerts, self.batch_size):
            stop = min(start + self.batch_size, self.n_alerts)
            places = np.arange(start, stop)
            messages = [self.packets[place % len(self.packets)] for place in places]
            surveys = []
            for group in read_packets(messages, choose_fields, schema=self.schema).groups:
                mapped = to_batches(group)
                copy = places[group.message[mapped.rows]] // len(self.packets)
                alerts = with_ids(mapped.alerts, mapped.alerts.numbers("alert_id") - copy)
                surveys.append(
                    SurveyBatch(
                        alerts,
                        group.message[mapped.rows],
                        lambda rows, group=group, mapped=mapped: stamps(group, mapped.rows[rows]),
                    )
                )
            n_bytes = sum(map(len, messages))
            yield SourceBatch((InputRange("all", start, stop),), tuple(surveys), (), n_bytes)


def with_ids(alerts: AlertBatch, ids: np.ndarray) -> AlertBatch:
    place = ALERT_SCHEMA.get_field_index("alert_id")
    column = alerts.record_batch.set_column(place, ALERT_SCHEMA.field(place), pa.array(ids))
    return AlertBatch(column)


def street(survey: str, n_alerts: int) -> dict[str, float]:
    """Alerts a second of processor time and of wall time behind the warm-up, and memory in MB."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    packets, schema = ztf_packets() if survey == "ztf" else lsst_long_packets()
    source = Replicas(packets, schema, WARM_UP[survey], BATCH[survey])
    process = psutil.Process()
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(
            home=Path(home),
            batch_size=BATCH[survey],
            kept=KeptSettings(reference=RESERVOIR[survey]),
        )
        with Store.open(Path(home)) as store:
            warm = WARM_UP[survey]
            run_street(replace(source, n_alerts=warm), store, settings)

            def note(summary: RunSummary) -> None:
                memory.append(process.memory_info().rss / 1e6)

            cpu, wall = time.process_time(), time.perf_counter()
            summary = run_street(
                replace(source, n_alerts=warm + n_alerts), store, settings, on_batch=note
            )
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if not (summary.adds_up and summary.n_in == n_alerts):
        raise RuntimeError(f"counts of the benchmark are wrong: {summary}")
    middle = len(memory) // 2
    return {
        f"{survey} street": n_alerts / cpu,
        f"{survey} street, wall": n_alerts / wall,
        f"{survey} memory MB, first half": max(memory[:middle]),
        f"{survey} memory MB, second half": max(memory[middle:]),
    }


if __name__ == "__main__":
    for name, value in street(sys.argv[1], int(sys.argv[2])).items():
        print(f"{name:40} {value:12,.0f}")
