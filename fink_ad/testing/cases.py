"""Alerts easy and hard, on which every provider is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from fink_ad.alerts import POPULATIONS, AlertBatch
from fink_ad.testing.samples import make_batch, sample_batch

__all__ = ["fingerprint", "hard_batches"]


def hard_batches() -> Iterator[tuple[str, AlertBatch]]:
    """Yield batches a provider must be able to take, each with a name."""
    for survey in ("ztf", "lsst"):
        for population in POPULATIONS:
            batch = sample_batch(survey, 8, 25, population=population)
            yield f"ordinary {survey} {population} alerts", batch
        yield f"{survey} alerts with one point", sample_batch(survey, 4, 1)
        yield f"{survey} alerts with one band", sample_batch(survey, 4, 12, bands=("r",))
        yield f"{survey} alerts with 1 000 points", sample_batch(survey, 2, 1000)
        yield f"{survey} alerts with odd light curves", _odd(survey)
    yield "an empty batch", AlertBatch.empty()


def _odd(survey: str) -> AlertBatch:
    """Alerts below the reference, constant, at zero, without values, twice in time, pointless."""
    times = 61000 + np.arange(6.0)
    base = {"mjd_utc": times, "band": "r", "diff_flux_err_njy": 500.0}
    curves: list[Mapping[str, Any]] = [
        base | {"diff_flux_njy": -np.linspace(1e4, 2e4, 6)},
        base | {"diff_flux_njy": np.full(6, 3e4)},
        base | {"diff_flux_njy": np.zeros(6)},
        base | {"diff_flux_njy": np.full(6, np.nan), "diff_flux_err_njy": np.nan},
        base | {"diff_flux_njy": np.linspace(1e4, 2e4, 6), "mjd_utc": times[0]},
        base | {"diff_flux_njy": np.full(6, np.nan), "kind": "limit"},
        base | {"diff_flux_njy": np.linspace(1e4, 2e4, 6), "diff_flux_err_njy": -1.0},
        base | {"mjd_utc": np.empty(0), "diff_flux_njy": np.empty(0)},
    ]
    own: dict[str, Any] = {"mjd_utc": np.full(len(curves), times[-1]), "band": ["r"] * len(curves)}
    return make_batch(survey, curves, **own)


def fingerprint(batch: AlertBatch) -> tuple[bytes, ...]:
    """Return bytes that change with anything in a batch."""
    columns = [batch.points[name].tobytes() for name in sorted(batch.points.columns)]
    return (batch.record_batch.serialize().to_pybytes(), *columns)
