"""A small sky of numbers: two groups of features, most alerts ordinary, a few far out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fink_ad.features import FeatureColumn, FeatureSchema, FeatureTable
from fink_ad.forest import Model


@pytest.fixture(scope="session")
def schema() -> FeatureSchema:
    columns = [FeatureColumn(f"curve.c{i}", "mag", "curve", "one of many alike") for i in range(8)]
    columns += [FeatureColumn(f"host.h{i}", "arcsec", "host", "one of few") for i in range(2)]
    return FeatureSchema(tuple(columns), (("curve", "1"), ("host", "1")))


@pytest.fixture(scope="session")
def make_table(schema: FeatureSchema) -> Callable[..., FeatureTable]:
    def make(n_alerts: int, seed: int = 0) -> FeatureTable:
        rng = np.random.default_rng(seed)
        values = rng.normal(size=(n_alerts, len(schema.names)))
        values[rng.random(values.shape) < 0.1] = np.nan
        values[:, -1] = rng.normal(size=n_alerts)
        return FeatureTable(schema, values)

    return make


@pytest.fixture(scope="session")
def describe() -> Callable[..., dict[str, Any]]:
    """What `Model.train` wants to know of alerts besides their features."""

    def describe(n_alerts: int, seed: int = 0) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        return {
            "survey": "ztf",
            "population": "transient",
            "alert_ids": np.arange(n_alerts) + 2**60,
            "object_ids": [f"ZTF{i:06d}" for i in range(n_alerts)],
            "n_det": rng.integers(1, 40, n_alerts),
            "nights": np.full(n_alerts, 20240101),
        }

    return describe


@pytest.fixture(scope="session")
def model(
    make_table: Callable[..., FeatureTable], describe: Callable[..., dict[str, Any]]
) -> Model:
    return Model.train(make_table(600), **describe(600), seed=7)
