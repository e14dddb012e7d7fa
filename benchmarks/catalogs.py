"""Matching: alerts a second against a catalogue of a million entries, and against a small one."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from fink_ad.catalogs import Catalog

BATCH = 1000
N_ALERTS = 200_000


def run() -> dict[str, float]:
    """Matches a second of processor time, all in one call and batch by batch; trees built before.

    Positions are spread over the whole sky, which is hard on the cache; those of a night are not.
    """
    rng = np.random.default_rng(0)
    ra, dec = _sky(rng, N_ALERTS)
    figures = {}
    for name, n_entries in (("60 thousand", 60_000), ("1 million", 1_000_000)):
        catalog = Catalog("benchmark", *_sky(rng, n_entries))
        catalog.match(ra, dec)
        for size in (N_ALERTS, BATCH):
            best = np.inf
            for _ in range(3):
                start = time.process_time()
                for first in range(0, N_ALERTS, size):
                    catalog.match(ra[first : first + size], dec[first : first + size])
                best = min(best, time.process_time() - start)
            figures[f"match against {name} entries, {size:,} at once"] = N_ALERTS / best
    return figures


def _sky(rng: np.random.Generator, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:52} {value:12,.0f}")
