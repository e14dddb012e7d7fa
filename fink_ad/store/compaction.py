"""Merge parts of the history into one file, reading only a little of them at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from fink_ad.errors import StoreError
from fink_ad.store.history import History, parquet_options, sync_folder

__all__ = ["merge_parts"]

ROWS_PER_GROUP = 131_072
"""Rows of a row group: what a reader holds in memory at a time."""


def merge_parts(history: History, names: Sequence[str]) -> tuple[str, int]:
    """Write the rows of several parts of one kind as one part; the parts stay.

    Its name follows from their names and its content from theirs, in the order of the names:
    whoever merges the same parts writes the same file.

    Returns
    -------
    name, n_rows : str, int

    Raises
    ------
    StoreError
        If a part is missing or damaged, or the folder cannot be written.
    """
    ordered = sorted(names)
    digest = hashlib.blake2b("\n".join(ordered).encode(), digest_size=8).hexdigest()
    first = PurePosixPath(ordered[0])
    kind = first.name.split("-", 1)[0]
    name = str(first.with_name(f"{kind}-merged-{digest}.parquet"))
    path = history.home / name
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    n_rows = 0
    writer: pq.ParquetWriter | None = None
    try:
        history.share_lock()
        with partial.open("wb") as file:
            for group in _row_groups(history.home, ordered):
                if writer is None:
                    options = parquet_options(group.schema)
                    writer = pq.ParquetWriter(file, group.schema, **options)
                writer.write_table(group, row_group_size=len(group))
                n_rows += len(group)
            if writer is not None:
                writer.close()
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    except (OSError, pa.ArrowException) as error:
        partial.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"cannot merge {len(names)} parts into {path}: {reason}") from error
    return name, n_rows


def _row_groups(home: Path, names: Sequence[str]) -> Iterator[pa.Table]:
    """Yield tables of about `ROWS_PER_GROUP` rows, each sorted by alert id."""
    gathered: list[pa.Table] = []
    for name in names:
        with pq.ParquetFile(home / name) as part:
            for group in range(part.num_row_groups):
                gathered.append(part.read_row_group(group))
                if sum(map(len, gathered)) >= ROWS_PER_GROUP:
                    yield _sorted(gathered)
                    gathered = []
    if gathered:
        yield _sorted(gathered)


def _sorted(tables: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks().sort_by("alert_id")
