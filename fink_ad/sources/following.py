"""The ``files`` source that keeps looking: files of folders, as they come."""

from __future__ import annotations

import heapq
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import structlog

from fink_ad.alerts.avro import Limits, Schema
from fink_ad.errors import ConfigError
from fink_ad.sources.contracts import InputRange, SourceBatch
from fink_ad.sources.discovery import Found
from fink_ad.sources.files import FilesSource
from fink_ad.sources.pieces import partition_of

__all__ = ["FollowedFolders"]

_MOST_FILES = 10_000  # of one look: models and folders are looked at again in between
_AGAIN_SECONDS = 60.0  # before a file that could not be opened is tried again

_log = structlog.get_logger(__name__)


class _File(NamedTuple):
    """A file as it was looked at; another size or time gives another `mark`."""

    mtime_ns: int
    path: str
    partition: str
    mark: int


class FollowedFolders:
    """Alerts in the files of folders, those that come later included.

    A file is read when it has had the same size and times for `settle_seconds`, so that none is
    read while it is being written. A writer that pauses for longer should write under a hidden
    name (``.part``) or beside the folders, and rename when done. What is read, and under which
    partitions, is as `FilesSource` says: a file that grows after it was read is read again, and
    the alerts known already are duplicates. Files may be moved away once read.

    Folders are walked anew at every look, without following links to other folders; one that is
    not there is told in the log, and looked for again. A hundred thousand files in the folders
    take about 30 MB, and a look at them a second or two: move away what is old.

    Parameters
    ----------
    folders : sequence of str or pathlib.Path
    settle_seconds : float
    batch_size, schema, limits
        As of `FilesSource`.
    clock : callable
        Gives seconds that never run backwards.

    Raises
    ------
    ConfigError
        If one of them is no folder, or there is none.
    """

    name = FilesSource.name

    def __init__(
        self,
        folders: Sequence[str | Path],
        *,
        settle_seconds: float,
        batch_size: int = 1000,
        schema: Schema | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folders = [os.path.abspath(os.path.expanduser(folder)) for folder in folders]
        if not self.folders:
            raise ConfigError("no folder to follow: name one")
        for folder in self.folders:
            if os.path.lexists(folder) and not os.path.isdir(folder):
                raise ConfigError(f"{folder!r} is no folder: only folders can be followed")
        self._settle_seconds = settle_seconds
        self._batch_size, self._schema, self._limits = batch_size, schema, limits
        self._clock = clock
        self._taken: set[int] = set()
        self._first_seen: dict[int, float] = {}
        self._again: dict[int, float] = {}
        self._offered: list[_File] = []
        self._unread: set[str] = set()
        self._away: dict[str, str] = {}
        self.is_behind = False
        """Whether the last look found more than it offered."""

    def look(self) -> int:
        """Look for files that can be read now; return how many. `batches` reads them."""
        now = self._clock()
        away: dict[str, str] = {}
        present: set[int] = set()
        seen: dict[int, float] = {}

        def settled() -> Iterator[_File]:
            for path, status in self._walk(away):
                mark = hash((path, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
                present.add(mark)
                if mark in self._taken:
                    continue
                seen[mark] = since = self._first_seen.get(mark, now)
                if now - since >= self._settle_seconds and now >= self._again.get(mark, now):
                    yield _File(status.st_mtime_ns, path, partition_of(path, status), mark)

        oldest = heapq.nsmallest(_MOST_FILES + 1, settled())
        self._tell(away)
        if not away:  # what cannot be seen for a while is not gone
            self._taken &= present
        self._first_seen = seen
        self._again = {mark: due for mark, due in self._again.items() if mark in seen}
        self._offered = oldest[:_MOST_FILES]
        self.is_behind = len(oldest) > _MOST_FILES
        return len(self._offered)

    def partitions(self) -> list[str]:
        """Return the partitions that the last look offered."""
        return [one.partition for one in self._offered]

    def total(self) -> None:
        """Return None: there is no end."""

    def batches(self, done: Mapping[str, int]) -> Iterator[SourceBatch]:
        """Yield batches of what the last look offered, skipping what is done."""
        self._unread.clear()
        files = FilesSource(
            [Found(Path(one.path), named=False) for one in self._offered],
            batch_size=self._batch_size,
            schema=self._schema,
            limits=self._limits,
        )
        for batch in files.batches(done):
            letters = (letter for letter in batch.dead_letters if letter.reason == "unreadable")
            self._unread.update(letter.partition for letter in letters)
            yield batch

    def commit(self, ranges: Sequence[InputRange]) -> None:
        """Do nothing: files stay where they are, and the ledger knows what was done."""

    def settle(self) -> None:
        """Take note that all batches of the last look are stored: they are not offered again.

        What could not be opened is offered again after a minute.
        """
        again = self._clock() + _AGAIN_SECONDS
        for one in self._offered:
            if one.path in self._unread or one.partition in self._unread:
                self._again[one.mark] = again
            else:
                self._taken.add(one.mark)
        self._offered = []

    def _walk(self, away: dict[str, str]) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the files there are, each once; note folders that cannot be looked into."""
        left, met = list(reversed(self.folders)), set()
        while left:
            folder = left.pop()
            if folder in met:
                continue
            met.add(folder)
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.name.startswith("."):
                            continue
                        if entry.is_dir(follow_symlinks=False):
                            left.append(entry.path)
                            continue
                        with suppress(OSError):  # gone meanwhile, or a link to nowhere
                            status = entry.stat()
                            if stat.S_ISREG(status.st_mode):
                                yield entry.path, status
            except OSError as error:
                if folder in self.folders or not isinstance(error, FileNotFoundError):
                    away[folder] = error.strerror or str(error)

    def _tell(self, away: dict[str, str]) -> None:
        """Log what has changed about folders that cannot be looked into."""
        for folder, why in away.items():
            if self._away.get(folder) != why:
                _log.warning("folder_cannot_be_followed", folder=folder, why=why)
        for folder in self._away.keys() - away.keys():
            _log.warning("folder_followed_again", folder=folder)
        self._away = away
