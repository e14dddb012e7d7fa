"""The side tables that every context holds, read once before a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fink_ad.catalogs import CATALOGS, CatalogFolder
from fink_ad.config import Settings

__all__ = ["side_tables"]


def side_tables(settings: Settings) -> Mapping[str, Any]:
    """Return the side tables by name; what the home folder has none of is left out.

    Raises
    ------
    StoreError
        If a catalogue of the home folder cannot be read or was changed.
    """
    catalogs = CatalogFolder(settings.home).load_all()
    return {CATALOGS: catalogs} if catalogs else {}
