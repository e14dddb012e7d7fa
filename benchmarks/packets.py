"""Real packets for the benchmarks, from the folder named by ``FINK_AD_REAL_DATA``."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import fastavro

REAL_DATA = Path(os.environ.get("FINK_AD_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))


def ztf_packets() -> tuple[list[bytes], None]:
    """ZTF packets with stamps, one container each; they bring their schema."""
    return [path.read_bytes() for path in sorted(REAL_DATA.glob("ztf/packets/*.avro"))], None


def lsst_long_packets() -> tuple[list[bytes], Any]:
    """Bodies of Rubin packets with hundreds of earlier sources, and their schema."""
    (path,) = REAL_DATA.glob("lsst/*.avro")
    with path.open("rb") as file:
        reader = fastavro.reader(file)
        schema = reader.writer_schema
        records = [record for record in reader if record["prvDiaSources"]]
    bodies = []
    for record in records:
        sink = io.BytesIO()
        fastavro.schemaless_writer(sink, schema, record)
        bodies.append(sink.getvalue())
    return bodies, schema
