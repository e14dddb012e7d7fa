"""Simulated nights as files: Avro containers, and the truth beside them as CSV."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import pandas as pd

from fink_ad.errors import SourceError
from fink_ad.simulate.encode import container
from fink_ad.simulate.night import Night

__all__ = ["NightFiles", "read_truth", "write_night", "write_pieces"]

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class NightFiles:
    """Where a simulated night went: one Avro file per night, and the truth."""

    alerts: tuple[Path, ...]
    truth: Path


def write_night(
    folder: Path | str, simulated: Night, *, codec: Literal["null", "deflate"] = "null"
) -> NightFiles:
    """Write a simulated night, or several; see `write_pieces`.

    Raises
    ------
    SourceError
        If the folder cannot be written.
    """
    return write_pieces(folder, [simulated], codec=codec)


def write_pieces(
    folder: Path | str, pieces: Iterable[Night], *, codec: Literal["null", "deflate"] = "null"
) -> NightFiles:
    """Write ``<survey>_night_<night>.avro`` for every night, and the truth of all of them.

    The truth goes to ``<survey>_night_<last>_truth.csv``. Pieces are written as they come, so
    that no more than one is in memory; files appear under their names when complete.

    Raises
    ------
    SourceError
        If the folder cannot be written, or the pieces hold no alert.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            writer = _Writer(folder, codec, stack)
            for piece in pieces:
                writer.add(piece)
        return writer.finish()
    except OSError as error:
        raise SourceError(f"cannot write simulated alerts into {folder}: {error}") from error


class _Writer:
    """Unfinished files of the nights of a sky, and of its truth."""

    def __init__(self, folder: Path, codec: str, stack: ExitStack) -> None:
        self._folder, self._codec, self._stack = folder, codec, stack
        self._nights: dict[int, tuple[Path, BinaryIO]] = {}
        self._survey = ""
        self._truth = folder / f".truth_{os.getpid()}.part"
        self._truth_file = stack.enter_context(self._truth.open("w", newline="", encoding="utf-8"))

    def add(self, piece: Night) -> None:
        """Append the alerts and the truth of a piece."""
        self._survey = piece.survey
        for night in np.unique(piece.night).tolist():
            rows = np.flatnonzero(piece.night == night).tolist()
            blocks = _blocks([piece.bodies[row] for row in rows])
            chunks = container(piece.schema, blocks, self._codec, piece.sync)
            if night in self._nights:
                next(chunks)  # the header is there
            else:
                path = self._folder / f"{piece.survey}_night_{night}.avro"
                file = self._stack.enter_context(path.with_suffix(".part").open("wb"))
                self._nights[night] = (path, file)
            self._nights[night][1].writelines(chunks)
        table = piece.truth.assign(
            alert_ids=[" ".join(map(str, ids)) for ids in piece.truth["alert_ids"]]
        )
        header = self._truth_file.tell() == 0
        table.to_csv(
            self._truth_file, index=False, header=header, float_format="%.6f", lineterminator="\n"
        )

    def finish(self) -> NightFiles:
        """Give the closed files their names."""
        if not self._nights:
            self._truth.unlink()
            raise SourceError("the simulated nights have no alert: the weather was bad")
        paths = []
        for night in sorted(self._nights):
            path, _ = self._nights[night]
            os.replace(path.with_suffix(".part"), path)
            paths.append(path)
        truth = self._folder / f"{self._survey}_night_{max(self._nights)}_truth.csv"
        os.replace(self._truth, truth)
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
