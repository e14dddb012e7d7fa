"""A catalogue of positions, and which of them lie near others."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from fink_ad.errors import ConfigError

__all__ = ["CATALOGS", "DEFAULT_RADIUS_ARCSEC", "Catalog", "Catalogs", "Matches", "check_radius"]

CATALOGS = "catalogs"
"""Name of the side table that holds the catalogues."""

DEFAULT_RADIUS_ARCSEC = 1.5
"""Radius of a catalogue that names none: the astrometry of ZTF and a good catalogue."""

MAX_RADIUS_ARCSEC = 3600.0
"""Beyond a degree nearly every alert would be near something."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_ARCSEC_PER_RAD = np.degrees(1.0) * 3600.0


@dataclass(frozen=True, eq=False)
class Matches:
    """The nearest entry of a catalogue to each of n positions, if one is near enough.

    Attributes
    ----------
    row : (n,) int64
        Row of the catalogue; -1 where none is within the radius.
    separation_arcsec : (n,) float64
        On the great circle; NaN where there is none.
    """

    row: NDArray[np.int64]
    separation_arcsec: NDArray[np.float64]

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which positions have an entry near, (n,)."""
        return self.row >= 0


@dataclass(frozen=True, eq=False)
class Catalog:
    """Positions of known objects; immutable, and sent to other processes without its tree.

    Parameters
    ----------
    name : str
        Lower-case letters, digits, ``_``, ``.`` and ``-``, at most 64.
    ra_deg, dec_deg : (n,) float64
        ICRS; 0 <= ra_deg < 360, -90 <= dec_deg <= 90.
    radius_arcsec : float
        A position within this distance of an entry is taken to be it.

    Raises
    ------
    ConfigError
        If the name or the radius does not fit.
    """

    name: str
    ra_deg: NDArray[np.float64]
    dec_deg: NDArray[np.float64]
    radius_arcsec: float = DEFAULT_RADIUS_ARCSEC

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"catalogue name {self.name!r}: use at most 64 lower-case letters, digits, _ . -"
            )
        check_radius(f"radius of catalogue {self.name!r}", self.radius_arcsec)

    def __len__(self) -> int:
        return len(self.ra_deg)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_tree"}

    @cached_property
    def content_hash(self) -> str:
        """Hash of name, radius and positions."""
        digest = hashlib.blake2b(self.name.encode(), digest_size=16)
        digest.update(struct.pack("<dq", self.radius_arcsec, len(self)))
        for values in (self.ra_deg, self.dec_deg):
            digest.update(np.ascontiguousarray(values, "<f8").tobytes())
        return digest.hexdigest()

    def match(
        self,
        ra_deg: NDArray[np.float64],
        dec_deg: NDArray[np.float64],
        radius_arcsec: float | None = None,
    ) -> Matches:
        """Find the nearest entry to each position; one that is not finite has none.

        Searched is a k-d tree of unit vectors, for which RA 0 and the poles are places like
        any other. An angle a is a chord of length 2 sin(a / 2).

        Parameters
        ----------
        ra_deg, dec_deg : (n,) float64
        radius_arcsec : float, optional
            Instead of the catalogue's own.
        """
        radius = self.radius_arcsec if radius_arcsec is None else radius_arcsec
        n = len(ra_deg)
        row = np.full(n, -1, np.int64)
        separation = np.full(n, np.nan)
        known = np.flatnonzero(np.isfinite(ra_deg) & np.isfinite(dec_deg))
        if len(self) == 0 or len(known) == 0:
            return Matches(row, separation)
        # Neighbours on the sky, one after the other, find their part of the tree in the cache.
        known = known[np.argsort(np.floor(dec_deg[known]) * 720.0 + ra_deg[known])]
        found = self._tree.query(
            _unit_vectors(ra_deg[known], dec_deg[known]),
            # The tree looks for what is nearer than the bound; the radius itself counts.
            distance_upper_bound=np.nextafter(_chord(radius), 1.0),
        )
        chord, nearest = np.asarray(found[0]), np.asarray(found[1])
        near = nearest < len(self)
        row[known[near]] = nearest[near]
        separation[known[near]] = 2.0 * np.arcsin(chord[near] / 2.0) * _ARCSEC_PER_RAD
        return Matches(row, separation)

    @cached_property
    def _tree(self) -> cKDTree:
        # Without balancing a tree of a million entries is built in a fraction of the time.
        vectors = _unit_vectors(self.ra_deg, self.dec_deg)
        return cKDTree(vectors, leafsize=32, balanced_tree=False, compact_nodes=False)


@dataclass(frozen=True, eq=False)
class Catalogs(Mapping[str, Catalog]):
    """The catalogues in force, by name: a side table of the context."""

    by_name: Mapping[str, Catalog]

    def __getitem__(self, name: str) -> Catalog:
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.by_name))

    def __len__(self) -> int:
        return len(self.by_name)

    @cached_property
    def content_hash(self) -> str:
        """Hash of all catalogues."""
        text = "\n".join(self[name].content_hash for name in self)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def check_radius(what: str, radius_arcsec: float) -> None:
    """Raise a ConfigError unless a radius is above 0 and at most a degree."""
    if not 0 < radius_arcsec <= MAX_RADIUS_ARCSEC:
        raise ConfigError(
            f"{what} is {radius_arcsec}; give arcseconds above 0, at most {MAX_RADIUS_ARCSEC:.0f}"
        )


def _unit_vectors(ra_deg: NDArray[np.float64], dec_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    ra, dec = np.radians(ra_deg), np.radians(dec_deg)
    vectors = np.empty((len(ra), 3))
    across = np.cos(dec)
    vectors[:, 0] = across * np.cos(ra)
    vectors[:, 1] = across * np.sin(ra)
    vectors[:, 2] = np.sin(dec)
    return vectors


def _chord(angle_arcsec: float) -> float:
    return float(2.0 * np.sin(angle_arcsec / _ARCSEC_PER_RAD / 2.0))
