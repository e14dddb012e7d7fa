"""Packets decoded per second of processor time, beside fastavro: ``python benchmarks/decode.py``.

The real packets are read from the folder named by ``FINK_AD_REAL_DATA``, replicated in memory,
and decoded with the fields that the features need.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from pathlib import Path

import fastavro

from fink_ad.alerts.avro import read_packets

REAL_DATA = Path(os.environ.get("FINK_AD_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
REPEATS = 5


def under(parent: str, names: str) -> list[str]:
    """List the paths of fields of a record, given by name."""
    return [f"{parent}.{name}" for name in names.split()]


ZTF_FIELDS = [
    *("objectId", "candid", "schemavsn", "publisher"),
    *(f"cutout{name}.stampData" for name in ("Science", "Template", "Difference")),
    *under(
        "candidate",
        "jd fid pid diffmaglim isdiffpos ra dec magpsf sigmapsf distnr magnr sigmagnr rb drb nbad "
        "fwhm elong mindtoedge sgscore1 distpsnr1 srmag1 neargaia maggaia ndethist ncovhist "
        "jdstarthist ssdistnr ssmagnr ssnamenr exptime",
    ),
    *under(
        "prv_candidates[]",
        "jd fid diffmaglim candid isdiffpos ra dec magpsf sigmapsf distnr magnr sigmagnr rb",
    ),
]

SOURCE = (
    "diaSourceId diaObjectId ssObjectId midpointMjdTai ra dec psfFlux psfFluxErr scienceFlux "
    "scienceFluxErr templateFlux templateFluxErr band reliability extendedness isDipole"
)
LSST_FIELDS = [
    "diaSourceId",
    *under("diaSource", SOURCE),
    *under("prvDiaSources[]", SOURCE),
    *under(
        "prvDiaForcedSources[]",
        "diaForcedSourceId midpointMjdTai band psfFlux psfFluxErr scienceFlux scienceFluxErr ra "
        "dec",
    ),
    *under("diaObject", "diaObjectId nDiaSources firstDiaSourceMjdTai"),
    *under("ssSource", "ssObjectId phaseAngle helioRange topoRange ephVmag ephOffset"),
]


def per_second(count: int, work: Callable[[], object]) -> float:
    """Best of a few runs, in things per second of processor time; the first run warms up."""
    work()
    best = float("inf")
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return count / best


def run(n_ztf: int = 5000, n_lsst: int = 1000) -> dict[str, float]:
    """Measure; return alerts per second by case."""
    packets = [path.read_bytes() for path in sorted(REAL_DATA.glob("ztf/packets/*.avro"))]
    ztf = (packets * (n_ztf // len(packets) + 1))[:n_ztf]
    (file,) = REAL_DATA.glob("lsst/*.avro")
    with file.open("rb") as stream:
        reader = fastavro.reader(stream)
        schema = reader.writer_schema
        records = [record for record in reader if record["prvDiaSources"]]
    long = [_body(schema, record) for record in records]
    lsst = (long * (n_lsst // len(long) + 1))[:n_lsst]
    parsed = fastavro.parse_schema(schema)
    return {
        "ZTF, columns": per_second(n_ztf, lambda: read_packets(ztf, ZTF_FIELDS)),
        "ZTF, fastavro": per_second(
            len(packets), lambda: [list(fastavro.reader(io.BytesIO(one))) for one in packets]
        ),
        "LSST with long histories, columns": per_second(
            n_lsst, lambda: read_packets(lsst, LSST_FIELDS, schema=schema)
        ),
        "LSST with long histories, fastavro": per_second(
            len(long),
            lambda: [fastavro.schemaless_reader(io.BytesIO(one), parsed, None) for one in long],
        ),
    }


def _body(schema: object, record: object) -> bytes:
    sink = io.BytesIO()
    fastavro.schemaless_writer(sink, schema, record)
    return sink.getvalue()


if __name__ == "__main__":
    for case, rate in run().items():
        print(f"{case:40} {rate:10,.0f} alerts/s per core")
