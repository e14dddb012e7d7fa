"""Looking through all alerts for the nearest: ``python -m benchmarks.neighbours``.

Processor time per query on one core, by number of alerts and space.
"""

from __future__ import annotations

import time

import numpy as np

from fink_ad.features import FeatureColumn, FeatureSchema, FeatureTable
from fink_ad.forest import Model
from fink_ad.forest.neighbours import NeighbourIndex, Space

N_COLUMNS, N_REFERENCE, N_QUERIES = 54, 10_000, 10
SIZES = (10_000, 100_000, 1_000_000)
SPACES: tuple[Space, ...] = ("leaf", "feature")


def run(sizes: tuple[int, ...] = SIZES) -> dict[str, float]:
    """Return milliseconds per query, by space and number of alerts."""
    columns = tuple(FeatureColumn(f"p.c{i}", "", "p", "") for i in range(N_COLUMNS))
    schema = FeatureSchema(columns, (("p", "1"),))
    values = np.random.default_rng(0).normal(size=(max(sizes), N_COLUMNS))
    model = Model.train(
        FeatureTable(schema, values[:N_REFERENCE]),
        survey="ztf",
        population="transient",
        alert_ids=np.arange(N_REFERENCE),
        object_ids=np.arange(N_REFERENCE).astype(str),
        n_det=np.full(N_REFERENCE, 5),
        nights=np.full(N_REFERENCE, 20240101),
        learner="fal",
    )
    asked = FeatureTable(schema, values[:N_QUERIES])
    result = {}
    for space in SPACES:
        for size in sizes:
            names = np.arange(size).astype(str).tolist()
            table = FeatureTable(schema, values[:size])
            index = NeighbourIndex(model, table, names, space=space)
            index.nearest(asked, names[:N_QUERIES])  # compiles
            start = time.process_time()
            index.nearest(asked, names[:N_QUERIES])
            spent = time.process_time() - start
            result[f"nearest of {size:,}, {space} space, ms"] = 1e3 * spent / N_QUERIES
    return result


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:40} {value:10.2f}")
