"""Catalogues in the home folder: one checked file each, readable by its owner alone."""

from __future__ import annotations

import json
import os
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from fink_ad.catalogs.catalog import Catalog, Catalogs
from fink_ad.errors import ConfigError, FinkAdError, StoreError

__all__ = ["CatalogFolder"]

_VERSION = 1


class CatalogFolder:
    """The folder ``catalogs`` of a home folder.

    Parameters
    ----------
    home : pathlib.Path
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "catalogs"

    def names(self) -> tuple[str, ...]:
        """Return the names of the catalogues, sorted."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.npz")))

    def state(self) -> tuple[tuple[str, int, int], ...]:
        """Return name, size and time of change of every catalogue: cheap, and tells of new ones."""
        found = []
        for path in sorted(self._folder.glob("*.npz")):
            with suppress(FileNotFoundError):  # removed meanwhile
                status = path.stat()
                found.append((path.stem, status.st_size, status.st_mtime_ns))
        return tuple(found)

    def load_all(self) -> Catalogs:
        """Load every catalogue.

        Raises
        ------
        StoreError
            If one cannot be read or was changed.
        """
        return Catalogs({name: self.load(name) for name in self.names()})

    def load(self, name: str) -> Catalog:
        """Load one catalogue.

        Raises
        ------
        StoreError
            If it is not there, cannot be read or was changed.
        """
        path = self._path(name)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                meta = json.loads(stored["meta"].tobytes())
                catalog = Catalog(name, stored["ra_deg"], stored["dec_deg"], meta["radius_arcsec"])
        except FileNotFoundError:
            have = ", ".join(self.names()) or "none"
            raise StoreError(f"no catalogue {name!r}; there are: {have}") from None
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, FinkAdError) as error:
            raise _damaged(path, name, str(error)) from error
        if catalog.content_hash != meta["content_hash"]:
            raise _damaged(path, name, "its content does not have the hash it was stored with")
        return catalog

    def add(self, catalog: Catalog) -> Path:
        """Store a catalogue in place of one of the same name; it is complete or as before.

        Raises
        ------
        StoreError
            If the folder cannot be written.
        """
        path = self._path(catalog.name)
        meta = {
            "version": _VERSION,
            "radius_arcsec": catalog.radius_arcsec,
            "content_hash": catalog.content_hash,
        }
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(partial, "wb", opener=_private) as file:
                np.savez(
                    file,
                    meta=np.frombuffer(json.dumps(meta, sort_keys=True).encode(), np.uint8),
                    ra_deg=catalog.ra_deg,
                    dec_deg=catalog.dec_deg,
                )
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise StoreError(
                f"cannot write the catalogue {path}: {error.strerror or error};"
                " make room or choose another folder with --home"
            ) from error
        return path

    def remove(self, name: str) -> None:
        """Forget a catalogue.

        Raises
        ------
        StoreError
            If it is not there or cannot be removed.
        """
        path = self._path(name)
        if name not in self.names():
            raise StoreError(
                f"no catalogue {name!r}; there are: {', '.join(self.names()) or 'none'}"
            )
        try:
            path.unlink()
        except OSError as error:
            raise StoreError(f"cannot remove {path}: {error.strerror}") from error

    def _path(self, name: str) -> Path:
        if os.sep in name or name.startswith("."):
            raise ConfigError(f"catalogue name {name!r} is no name")
        return self._folder / f"{name}.npz"


def _damaged(path: Path, name: str, why: str) -> StoreError:
    return StoreError(
        f"catalogue {path} is damaged: {why}; add it again, or forget it with"
        f" 'fink-ad catalogs remove {name}'"
    )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
