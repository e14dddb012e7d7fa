"""Objects with known answers: simulated weeks, and the real ZTF alerts of known nature.

``python -m benchmarks.week --out FOLDER`` writes weeks as tables for ``fink-ad benchmark``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from benchmarks.planted import RARE
from benchmarks.realism.samples import by_file
from fink_ad.alerts import AlertBatch
from fink_ad.alerts.detections import n_detections
from fink_ad.features import Context, Extractor, FeatureTable
from fink_ad.features.context import AlertContext
from fink_ad.features.statistics import Statistics
from fink_ad.simulate import read_truth, simulate_pieces, write_pieces
from fink_ad.sources.files import FilesSource

__all__ = ["CONFOUND", "KnownObjects", "real_objects", "week"]

NIGHT, N_NIGHTS, N_OBJECTS, N_PLANTED = 20260115, 7, 4000, 6
CONFOUND = (
    "context.n_det",
    "context.n_det_g",
    "context.n_det_r",
    "context.n_det_survey",
    "context.n_cov_survey",
    "context.age",
    "context.since_previous_det",
)
"""Counts and ages: what says how long and how often something was looked at, and nothing else."""

_ORDINARY_FILE = "ztf_20211122_67_simbad_tns_vsx"
_RARE_FILES = ("ztf_2024_hostless_72", "ztf_2020_tde_ZTF20abfcszi_21")
# Cataclysmic and young stars and supernovae, as SIMBAD and VSX name them.
_RARE_SIMBAD = ("CataclyV*", "Supernova", "TTauri*", "YSO", "OrionV*", "Symbiotic*")
_RARE_VSX = ("UG", "NL", "TTS", "WTTS", "IN:", "UXOR", "ZAND")


@dataclass(frozen=True, eq=False)
class KnownObjects:
    """The last alert of each object, with what the object is.

    Attributes
    ----------
    table : FeatureTable
    n_det : (n,) int64
        Detections in the packet.
    kinds : (n,) object array of str
        Class; empty where only rare or not is known.
    is_rare : (n,) bool
    """

    table: FeatureTable
    n_det: NDArray[np.int64]
    kinds: NDArray[np.object_]
    is_rare: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.n_det)

    @property
    def groups(self) -> list[str]:
        return [column.group for column in self.table.schema.columns]


def week(seed: int, n_objects: int = N_OBJECTS, n_planted: int = N_PLANTED) -> KnownObjects:
    """Simulate a week of ZTF in winter: ordinary objects, and so many of each rare class."""
    with TemporaryDirectory() as folder:
        pieces = simulate_pieces(
            NIGHT,
            n_objects=n_objects,
            inject=dict.fromkeys(RARE, n_planted),
            seed=seed,
            nights=N_NIGHTS,
        )
        files = write_pieces(Path(folder), pieces)
        truth = read_truth(files.truth).set_index("object_id")
        batches = FilesSource(list(files.alerts)).batches({})
        alerts = AlertBatch.concat([part.alerts for batch in batches for part in batch.surveys])
    alerts = _last_of_each(alerts)
    known = truth.loc[list(alerts.strings("object_id"))]
    return KnownObjects(
        Extractor([Statistics(), AlertContext()]).extract(alerts, Context()).table,
        n_detections(alerts),
        known["class"].to_numpy(object),
        known["anomaly"].to_numpy(bool),
    )


def real_objects() -> KnownObjects:
    """Return real alerts of genuine times: rare transients and stars, and ordinary objects."""
    samples = by_file("ztf")
    parts = [samples[name] for name in (_ORDINARY_FILE, *_RARE_FILES)]
    classes = [set(known) for known in parts[0].alerts.record_batch["broker_classes"].to_pylist()]
    rare = [[any(map(_is_rare, known)) for known in classes]]
    rare += [[True] * len(part) for part in parts[1:]]
    return KnownObjects(
        FeatureTable(parts[0].table.schema, np.concatenate([p.table.values for p in parts])),
        np.concatenate([n_detections(part.alerts) for part in parts]),
        np.full(sum(map(len, parts)), "", object),
        np.concatenate(rare),
    )


def _is_rare(known: str) -> bool:
    catalogue, _, name = known.partition("=")
    return name.startswith(_RARE_VSX if catalogue in ("vsx", "gcvs") else _RARE_SIMBAD)


def _last_of_each(alerts: AlertBatch) -> AlertBatch:
    no_body = np.array([name is None for name in alerts.strings("designation")])
    alerts = alerts.take(no_body)
    alerts = alerts.take(np.argsort(alerts.numbers("mjd_utc"), kind="stable")[::-1])
    _, first = np.unique(np.array(alerts.strings("object_id")), return_index=True)
    return alerts.take(np.sort(first))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--skies", type=int, default=3)
    given = parser.parse_args()
    for seed in range(given.skies):
        known = week(seed)
        np.savez(
            given.out / f"week_{seed}.npz",
            X=known.table.values,
            y=known.is_rare,
            cls=known.kinds.astype(str),
            names=np.array(known.table.schema.names),
            groups=np.array(known.groups),
        )


if __name__ == "__main__":
    main()
