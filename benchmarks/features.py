"""How many alerts per second and core the built-in feature providers describe."""

from __future__ import annotations

import time

from fink_ad.alerts import AlertBatch
from fink_ad.features import Context, FeatureProvider
from fink_ad.features.context import AlertContext
from fink_ad.features.statistics import Statistics
from fink_ad.testing import sample_batch


def run() -> dict[str, float]:
    """Return alerts/s by provider and kind of alert, each the best of several batches."""
    batches = {
        "ztf_25_points": sample_batch("ztf", 4000, 25),
        "lsst_1000_points": sample_batch("lsst", 500, 1000),
    }
    providers: list[FeatureProvider] = [Statistics(), AlertContext()]
    return {
        f"{provider.name}_{kind}_per_s": len(batch)
        / min(_seconds(provider, batch) for _ in range(7))
        for provider in providers
        for kind, batch in batches.items()
    }


def _seconds(provider: FeatureProvider, batch: AlertBatch) -> float:
    # A fresh view, so that what a batch caches is paid for every time.
    fresh = AlertBatch(batch.record_batch)
    begin = time.perf_counter()
    provider.extract(fresh, Context())
    return time.perf_counter() - begin


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:40s} {value:12,.0f}")
