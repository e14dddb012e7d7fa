"""Simulated nights as files: Avro containers, and the truth beside them as CSV."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from fink_ad.errors import SourceError
from fink_ad.simulate.encode import container
from fink_ad.simulate.night import Night
from fink_ad.simulate.schema import PACKET_SCHEMA

__all__ = ["NightFiles", "read_truth", "write_night"]

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class NightFiles:
    """Where a simulated night went: one Avro file per night, and the truth."""

    alerts: tuple[Path, ...]
    truth: Path


def write_night(
    folder: Path | str, simulated: Night, *, codec: Literal["null", "deflate"] = "null"
) -> NightFiles:
    """Write ``ztf_night_<night>.avro`` for every night, and ``ztf_night_<last>_truth.csv``.

    Raises
    ------
    SourceError
        If the folder cannot be written.
    """
    folder = Path(folder)
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        nights = np.unique(simulated.night).tolist()
        for night in nights:
            rows = np.flatnonzero(simulated.night == night)
            blocks = _blocks([simulated.bodies[row] for row in rows.tolist()])
            path = folder / f"ztf_night_{night}.avro"
            part = path.with_suffix(".part")
            with part.open("wb") as file:
                file.writelines(container(PACKET_SCHEMA, blocks, codec, simulated.sync))
            os.replace(part, path)
            paths.append(path)
        truth = folder / f"ztf_night_{nights[-1]}_truth.csv"
        table = simulated.truth.assign(
            alert_ids=[" ".join(map(str, ids)) for ids in simulated.truth["alert_ids"]]
        )
        table.to_csv(truth, index=False, float_format="%.6f", lineterminator="\n")
    except OSError as error:
        raise SourceError(f"cannot write simulated alerts into {folder}: {error}") from error
    return NightFiles(tuple(paths), truth)


def read_truth(path: Path | str) -> pd.DataFrame:
    """Read a truth table back; ``alert_ids`` are lists of int again.

    Raises
    ------
    SourceError
        If the file cannot be read as a truth table.
    """
    try:
        truth = pd.read_csv(path, dtype={"object_id": str, "alert_ids": str, "class": str})
        truth["alert_ids"] = [[int(one) for one in ids.split()] for ids in truth["alert_ids"]]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise SourceError(f"{path} is no truth table of a simulated night: {error}") from error
    return truth


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
