"""Let go of the folders of revisions that nobody will ask for again."""

from __future__ import annotations

from dataclasses import dataclass

from fink_ad.config import Settings
from fink_ad.forest.folder import remove_folder
from fink_ad.store import Store

__all__ = ["UNUSED_FOR_S", "Removed", "remove_superseded"]

UNUSED_FOR_S = 86_400.0
"""Seconds for which a folder stays after it was written, whatever has become of its revision."""


@dataclass(frozen=True)
class Removed:
    """What was, or would be, removed: folders, and the bytes that are free by it."""

    n_folders: int
    n_bytes: int


def remove_superseded(store: Store, settings: Settings, *, dry_run: bool = False) -> Removed:
    """Remove the folders of the revisions that `Store.superseded_revisions` names.

    Folders of the last day stay: a learner may be about to put what is in them in force. The
    same answers make the same revision again, with its folder. Folders the store does not know
    stay as well.

    Parameters
    ----------
    dry_run : bool
        Only say what would go.

    Raises
    ------
    ModelError
        If a folder cannot be removed.
    """
    folder = settings.models_dir
    freed = [
        remove_folder(folder, revision, UNUSED_FOR_S, dry_run=dry_run)
        for revision in store.superseded_revisions()
    ]
    freed = [n_bytes for n_bytes in freed if n_bytes]
    return Removed(len(freed), sum(freed))
