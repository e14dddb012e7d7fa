"""The side tables that every context holds, read anew when they have changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fink_ad.catalogs import CATALOGS, CatalogFolder
from fink_ad.config import Settings

__all__ = ["SideTables", "side_tables"]


def side_tables(settings: Settings) -> Mapping[str, Any]:
    """Return the side tables by name; what the home folder has none of is left out.

    Raises
    ------
    StoreError
        If a catalogue of the home folder cannot be read or was changed.
    """
    catalogs = CatalogFolder(settings.home).load_all()
    return {CATALOGS: catalogs} if catalogs else {}


class SideTables:
    """The side tables of a home folder, as they are.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._state: object = None
        self._tables: Mapping[str, Any] = {}

    def current(self) -> Mapping[str, Any]:
        """Return the tables, loaded anew if a catalogue was added, replaced or removed.

        Raises
        ------
        StoreError
            As `side_tables`.
        """
        state = CatalogFolder(self._settings.home).state()
        if state != self._state:
            self._tables = side_tables(self._settings)
            self._state = state
        return self._tables
