"""What a survey's mapping hands over: alert columns and blocks of points, not yet in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.tables import PacketTables

__all__ = ["Check", "MappedAlerts", "PointBlock", "SurveyMapping"]


@dataclass(frozen=True, eq=False)
class PointBlock:
    """Points of one packet table.

    Attributes
    ----------
    parent : (n_points,) int64
        Row of the alert-level table; never falls.
    columns : mapping of str to (n_points,) array
        By name of `POINT_FIELDS`; ``band`` and ``kind`` as codes, -1 for an unknown band.
        Columns left out are missing in every point. ``mjd_utc``, ``band`` and ``kind`` are
        always there.
    """

    parent: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Check:
    """A field an alert cannot do without: where it is usable, and what it holds, for messages."""

    field: str
    usable: NDArray[np.bool_]
    value: Callable[[int], object]


@dataclass(frozen=True, eq=False)
class MappedAlerts:
    """All rows of the alert-level table, also those that some check rules out.

    Attributes
    ----------
    columns : mapping of str to array
        By name of `ALERT_SCHEMA`; floats left out are NaN, texts left out are null.
    blocks : tuple of PointBlock
        In order of trust: where an id appears twice, the earlier block wins. The first block is
        the alert's own detection, one point per row.
    checks : tuple of Check
    """

    columns: Mapping[str, Any]
    blocks: tuple[PointBlock, ...]
    checks: tuple[Check, ...]


class SurveyMapping(Protocol):
    """How packets of one survey become alerts."""

    survey: str
    fields: tuple[str, ...]
    """Every field the mapping looks at, in any schema version; stamps are apart."""
    stamp_fields: Mapping[str, str]
    """Path of each cutout by its name."""
    version_field: str
    """Field that states the schema version; may be missing."""
    majors: tuple[int, ...]

    def recognises(self, paths: Iterable[str]) -> bool:
        """Say whether a schema with these fields is one of this survey."""
        ...

    def required(self, major: int) -> tuple[str, ...]:
        """Return the fields without which packets of a schema major cannot be read."""
        ...

    def infer_version(self, paths: Iterable[str]) -> str:
        """Guess the schema version from the fields there are, where nothing states it."""
        ...

    def map(self, tables: PacketTables) -> MappedAlerts:
        """Give the columns their meaning."""
        ...
