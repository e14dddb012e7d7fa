"""Real and simulated alerts with their features, selected alike, one alert per object."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.features import Context, Extractor, FeatureTable
from fink_ad.features.context import AlertContext
from fink_ad.features.statistics import Statistics
from fink_ad.simulate import simulate_night, write_night
from fink_ad.simulate.survey import SurveyName
from fink_ad.sources.files import FilesSource

__all__ = ["REAL_DATA", "Sample", "by_file", "packets", "real", "simulated"]

REAL_DATA = Path(os.environ.get("FINK_AD_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))

REAL_FILES: dict[SurveyName, tuple[str, ...]] = {
    "ztf": (
        "ztf/ztf_20260322_31_prod_8scores.avro",
        "ztf/ztf_20211122_67_simbad_tns_vsx.parquet",
        "ztf/ztf_2024_hostless_72.parquet",
        "ztf/ztf_2020_tde_ZTF20abfcszi_21.parquet",
    ),
    "lsst": ("lsst/lsst_20260304_7_long_prod.avro", "lsst/lsst_v10_0_27_prod.parquet"),
}
"""Real alerts whose times and neighbours are as the survey sent them."""

PACKETS = "ztf/packets"
"""Real packets of which only the photometry and the image quality are as ZTF sent them."""

NIGHTS: dict[SurveyName, tuple[int, ...]] = {
    "ztf": (20211122, 20211123, 20240410, 20240419, 20240428, 20260322),
    "lsst": (20251231, 20260305),
}
"""The nights of the real alerts, or near: same seasons, Moon and age of the survey."""

SKIES = 3
"""Skies per night, each with its own objects and weather."""

REAL_BOGUS = 0.5
"""The broker lets hardly anything below this through; simulated alerts are cut likewise."""


@dataclass(frozen=True, eq=False)
class Sample:
    """N alerts, one per object, with their features."""

    alerts: AlertBatch
    table: FeatureTable

    def __len__(self) -> int:
        return len(self.alerts)

    def take(self, rows: NDArray[np.int64]) -> Sample:
        return Sample(
            self.alerts.take(rows), FeatureTable(self.table.schema, self.table.values[rows])
        )

    def feature(self, name: str) -> NDArray[np.float64]:
        return self.table.select([f"context.{name}"])[:, 0]


def real(survey: SurveyName) -> Sample:
    return _sample([REAL_DATA / name for name in REAL_FILES[survey]])


def by_file(survey: SurveyName) -> dict[str, Sample]:
    """The real samples one by one: they differ from each other, too."""
    return {Path(name).stem: _sample([REAL_DATA / name]) for name in REAL_FILES[survey]}


def packets() -> Sample:
    return _sample([REAL_DATA / PACKETS])


def simulated(survey: SurveyName, n_objects: int, seed: int = 0) -> Sample:
    """Alerts of the nights of the real ones, with the default anomalies among them."""
    with TemporaryDirectory() as folder:
        paths = []
        for i, night in enumerate(NIGHTS[survey]):
            for sky in range(SKIES):
                path = Path(folder) / f"{night}_{sky}"
                packets = simulate_night(
                    night,
                    survey=survey,
                    n_objects=n_objects // len(NIGHTS[survey]) // SKIES,
                    seed=SKIES * (len(NIGHTS[survey]) * seed + i) + sky,
                )
                write_night(path, packets)
                paths.append(path)
        return _sample(paths)


def _sample(paths: Sequence[Path]) -> Sample:
    """Read alerts of one survey, and keep the last good one of each object."""
    parts = [part.alerts for batch in FilesSource(paths).batches({}) for part in batch.surveys]
    alerts = AlertBatch.concat(parts)
    no_body = np.array([name is None for name in alerts.strings("designation")])
    alerts = alerts.take(no_body & ~(alerts.numbers("real_bogus") < REAL_BOGUS))
    alerts = alerts.take(np.argsort(alerts.numbers("mjd_utc"), kind="stable")[::-1])
    # Nights of different seeds may use one name twice; a real object has one name everywhere.
    _, first = np.unique(np.array(alerts.strings("object_id")), return_index=True)
    alerts = alerts.take(np.sort(first))
    table = Extractor([Statistics(), AlertContext()]).extract(alerts, Context()).table
    return Sample(alerts, table)
