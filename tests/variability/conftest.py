"""Simulated objects of known kinds, with a year of Rubin's visits."""

import json
from pathlib import Path

import numpy as np
import pytest

from fink_ad.alerts import AlertBatch
from fink_ad.simulate import read_truth, simulate_night, write_night
from fink_ad.sources.files import FilesSource

KINDS = {
    "agn": 15,
    "cepheid": 15,
    "rr_lyrae": 25,
    "superluminous_supernova": 15,
    "supernova_ia": 15,
    "supernova_ii": 15,
    "tidal_disruption_event": 15,
}


class Simulated:
    """The latest alert of each object, by class, and what its period is."""

    def __init__(self, folder: Path) -> None:
        night = simulate_night(20270210, survey="lsst", rates={}, inject=KINDS)
        files = write_night(folder, night)
        (batch,) = FilesSource(list(files.alerts)).batches({})
        (part,) = batch.surveys
        row = {one: number for number, one in enumerate(part.alerts.numbers("alert_id").tolist())}
        self.alerts: dict[str, list[AlertBatch]] = {kind: [] for kind in KINDS}
        self.periods: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for one in read_truth(files.truth).to_dict("records"):
            latest = max(row[int(alert_id)] for alert_id in one["alert_ids"])
            told = one["parameters"]
            told = json.loads(told) if isinstance(told, str) else told
            self.alerts[one["class"]].append(part.alerts.take(np.array([latest])))
            self.periods[one["class"]].append(told.get("period_days", np.nan))


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return Simulated(tmp_path_factory.mktemp("variability"))
