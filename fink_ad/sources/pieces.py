"""Pieces of input: what of a file is read at one time."""

from __future__ import annotations

import mmap
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fink_ad.alerts.avro import Limits
from fink_ad.alerts.packets import fields_among
from fink_ad.alerts.parquet import ParquetPackets
from fink_ad.errors import SourceError
from fink_ad.sources.containers import runs_of_blocks
from fink_ad.sources.discovery import Found

__all__ = ["Broken", "Piece", "Skipped", "partition_of", "pieces_of"]

_AVRO, _PARQUET, _GZIP = b"Obj\x01", b"PAR1", b"\x1f\x8b"
_SUFFIXES = (".avro", ".avro.gz", ".parquet")
"""A file of a folder with such a name is meant to hold packets, whatever it begins with."""
_WHOLE_BYTES = 4 << 20
"""A container up to this size is read whole, in one go."""
_RUN_BYTES = 16 << 20


@dataclass(frozen=True, eq=False)
class Piece:
    """Consecutive records of one file.

    Attributes
    ----------
    partition : str
        File and fingerprint: absolute path, size and time of change.
    first, count : int
        Positions of the records in the file.
    n_bytes : int
        Share of the file, for progress.
    path : pathlib.Path
    span : tuple of (int, int, int), optional
        Bytes of the header, and where the blocks begin and end; None for a whole file.
    held : bytes, optional
        The file's content, if it has been read already.
    parquet : tuple of (ParquetPackets, int, int), optional
        File, row group, and the first row in it.
    """

    partition: str
    first: int
    count: int
    n_bytes: int
    path: Path
    span: tuple[int, int, int] | None = None
    held: bytes | None = None
    parquet: tuple[ParquetPackets, int, int] | None = None

    @property
    def stop(self) -> int:
        """Position behind the last record."""
        return self.first + self.count

    def message(self, limits: Limits) -> bytes:
        """Return the piece as a message for the Avro reader.

        Raises
        ------
        OSError
            If the file cannot be read any more.
        """
        if self.held is not None:
            return self.held
        with self.path.open("rb") as file:
            if self.span is None:
                return _unzipped(file.read(), limits)
            head, start, stop = self.span
            header = file.read(head)
            file.seek(start)
            return header + file.read(stop - start)


@dataclass(frozen=True)
class Broken:
    """A file that cannot be read: at present (``unreadable``), or ever."""

    partition: str
    reason: str
    detail: str
    n_bytes: int = 0


@dataclass(frozen=True)
class Skipped:
    """A file of a folder that holds no alerts."""

    path: Path
    why: str
    n_bytes: int


def partition_of(path: str | Path, status: os.stat_result) -> str:
    """Name a file as it is now: one that has changed is another partition."""
    return f"{path}#{status.st_size}-{status.st_mtime_ns}"


def pieces_of(
    found: Found, *, batch_size: int, limits: Limits
) -> Iterator[Piece | Broken | Skipped]:
    """Look at a file and say in which pieces it will be read.

    Parameters
    ----------
    found : Found
    batch_size : int
        Most records of a piece, but for a single block of more.
    limits : Limits
    """
    if found.error:
        yield Broken(str(found.path), "unreadable", f"{found.path}: {found.error}")
        return
    try:
        status = found.path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "not a regular file")
        size = status.st_size
        with found.path.open("rb") as file:
            content = file.read(size if size <= _WHOLE_BYTES else len(_AVRO))
        magic = content[: len(_AVRO)]
    except OSError as error:
        if found.named or not isinstance(error, FileNotFoundError):
            detail = f"{found.path}: {error.strerror or error}"
            yield Broken(str(found.path), "unreadable", detail)
        return
    partition = partition_of(found.path, status)
    meant = found.named or found.path.name.endswith(_SUFFIXES)
    if not (meant or magic in (_AVRO, _PARQUET)):
        yield Skipped(found.path, "neither Avro nor Parquet", size)
        return
    try:
        if magic == _PARQUET:
            yield from _parquet_pieces(found, partition, size, batch_size)
        else:
            yield from _avro_pieces(found.path, partition, size, content, batch_size, limits)
    except OSError as error:
        yield Broken(str(found.path), "unreadable", f"{found.path}: {error.strerror or error}")


def _parquet_pieces(
    found: Found, partition: str, size: int, batch_size: int
) -> Iterator[Piece | Broken | Skipped]:
    try:
        packets = ParquetPackets(found.path)
    except SourceError as error:
        yield Broken(partition, "damaged_parquet", str(error), size)
        return
    if not fields_among(packets.paths):
        why = "a Parquet file without the fields of any survey's alerts"
        if found.named:
            yield Broken(partition, "unknown_survey", f"{found.path}: {why}", size)
        else:
            yield Skipped(found.path, why, size)
        return
    first, total = 0, sum(packets.group_rows)
    for group, n_rows in enumerate(packets.group_rows):
        for start in range(0, n_rows, batch_size):
            count = min(batch_size, n_rows - start)
            n_bytes = size * (first + count) // total - size * first // total
            yield Piece(
                partition, first, count, n_bytes, found.path, parquet=(packets, group, start)
            )
            first += count


def _avro_pieces(
    path: Path, partition: str, size: int, content: bytes, batch_size: int, limits: Limits
) -> Iterator[Piece | Broken]:
    if size > _WHOLE_BYTES:
        if content == _AVRO:
            with (
                path.open("rb") as file,
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
            ):
                yield from _container_pieces(path, partition, data, batch_size, limits)
            return
        if size > (limits.block if content[:2] == _GZIP else limits.message):
            yield Broken(partition, "too_large", f"{path}: {size} bytes are too many", size)
            return
        content = path.read_bytes()
    try:
        content = _unzipped(content, limits)
    except SourceError as error:
        yield Broken(partition, "damaged_block", f"{path}: {error}", size)
        return
    count = 1
    if content[:4] == _AVRO:
        try:
            runs = list(runs_of_blocks(content, limits, 1 << 62, 1 << 62))
            count = sum(run.n_records for run in runs)
        except SourceError:
            count = 1  # one dead letter will say what is wrong with the header
    yield Piece(partition, 0, count, size, path, held=content)


def _container_pieces(
    path: Path, partition: str, data: mmap.mmap, batch_size: int, limits: Limits
) -> Iterator[Piece | Broken]:
    done = 0
    try:
        for run in runs_of_blocks(data, limits, batch_size, _RUN_BYTES):
            span = (run.head, run.start, run.stop)
            yield Piece(
                partition, run.first_record, run.n_records, run.stop - done, path, span=span
            )
            done = run.stop
    except SourceError as error:
        reason = getattr(error, "reason", "bad_schema")
        yield Broken(partition, reason, f"{path}: {error}", len(data))


def _unzipped(content: bytes, limits: Limits) -> bytes:
    """Undo gzip within the limits; other content is returned as it is."""
    if content[:2] != _GZIP:
        return content
    most = min(limits.block, limits.ratio * len(content))
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = unzip.decompress(content, most + 1)
    except zlib.error as error:
        raise SourceError(f"damaged gzip: {error}") from error
    if len(plain) > most or not unzip.eof:
        raise SourceError(f"gzip that is cut short or unpacks to more than {most} bytes")
    return plain
