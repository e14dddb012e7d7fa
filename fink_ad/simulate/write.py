"""Writes simulated nights as Avro container files with the truth beside them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from fink_ad.errors import SourceError
from fink_ad.simulate.encode import container
from fink_ad.simulate.night import Night
from fink_ad.simulate.schema import PACKET_SCHEMA

__all__ = ["write_night"]

_BLOCK_BYTES = 1 << 20


def write_night(
    folder: Path | str, simulated: Night, *, codec: Literal["null", "deflate"] = "null"
) -> list[Path]:
    """Write ``ztf_<night>.avro`` per night, and ``truth.parquet`` and ``truth.csv``.

    In the CSV the alert ids of an object stand in one cell, as a JSON list.

    Returns
    -------
    list of pathlib.Path
        The Avro files, in order of time.

    Raises
    ------
    SourceError
        If the folder cannot be written.
    """
    folder = Path(folder)
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for night in np.unique(simulated.night).tolist():
            rows = np.flatnonzero(simulated.night == night)
            blocks = _blocks([simulated.bodies[row] for row in rows.tolist()])
            path = folder / f"ztf_{night}.avro"
            part = path.with_suffix(".part")
            with part.open("wb") as file:
                file.writelines(container(PACKET_SCHEMA, blocks, codec, simulated.sync))
            os.replace(part, path)
            paths.append(path)
        simulated.truth.to_parquet(folder / "truth.parquet", index=False)
        table = simulated.truth.assign(alert_ids=simulated.truth["alert_ids"].map(json.dumps))
        table.to_csv(folder / "truth.csv", index=False, float_format="%.6f")
    except OSError as error:
        raise SourceError(f"cannot write simulated alerts into {folder}: {error}") from error
    return paths


def _blocks(bodies: list[bytes]) -> Iterator[list[bytes]]:
    """Group records into blocks of about a megabyte."""
    block: list[bytes] = []
    size = 0
    for body in bodies:
        block.append(body)
        size += len(body)
        if size >= _BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block
