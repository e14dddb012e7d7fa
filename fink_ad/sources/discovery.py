"""From paths, folders and patterns to the files they mean."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fink_ad.errors import SourceError

__all__ = ["Found", "find_files"]


@dataclass(frozen=True)
class Found:
    """A file to look at.

    Attributes
    ----------
    path : pathlib.Path
        Absolute.
    named : bool
        Whether it was named itself, or by a pattern, and not merely lies in a named folder:
        then it must hold alerts.
    error : str
        Why it cannot be looked at; empty if it can.
    """

    path: Path
    named: bool
    error: str = ""


def find_files(paths: Iterable[str | Path | Found]) -> list[Found]:
    """Expand paths in the order given; folders recursively, sorted, without hidden entries.

    A file met twice counts once; what was found already stays as it is.

    Raises
    ------
    SourceError
        If a path does not exist, or a pattern matches nothing.
    """
    found: dict[Path, Found] = {}
    for path in paths:
        for one in [path] if isinstance(path, Found) else _expand(str(path)):
            before = found.get(one.path)
            if before is None or (one.named and not before.named):
                found[one.path] = one
    return list(found.values())


def _expand(path: str) -> Iterator[Found]:
    expanded = os.path.expanduser(path)
    if os.path.lexists(expanded):
        names = [expanded]
    elif glob.has_magic(expanded):
        names = sorted(glob.glob(expanded, recursive=True))
        if not names:
            raise SourceError(f"no file matches {path!r}: check the pattern and the folder")
    else:
        raise SourceError(f"there is no file or folder {path!r}: check the path")
    for name in names:
        absolute = Path(os.path.abspath(name))
        if absolute.is_dir():
            yield from _walk(absolute)
        else:
            yield Found(absolute, named=True)


def _walk(folder: Path) -> Iterator[Found]:
    errors: list[OSError] = []
    for here, folders, files in os.walk(folder, onerror=errors.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Found(Path(here, name), named=False)
        while errors:
            error = errors.pop()
            yield Found(Path(error.filename), named=True, error=error.strerror or str(error))
    for error in errors:
        yield Found(Path(error.filename), named=True, error=error.strerror or str(error))
