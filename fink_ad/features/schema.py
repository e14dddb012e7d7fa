"""FeatureSchema: which columns a feature table has, in which order, made by whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ProviderError
from fink_ad.features.contracts import FeatureColumn

__all__ = ["FeatureSchema", "FeatureTable"]


@dataclass(frozen=True)
class FeatureSchema:
    """Ordered feature columns with their providers' versions, and a hash of all that.

    Parameters
    ----------
    columns : tuple of FeatureColumn
        In table order; ids are unique.
    versions : tuple of (provider, version)
        Providers in column order.
    """

    columns: tuple[FeatureColumn, ...]
    versions: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        ids = self.names
        if len(set(ids)) != len(ids):
            twice = next(name for name in ids if ids.count(name) > 1)
            raise ProviderError(f"feature column {twice!r} is declared twice")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Column ids in order."""
        return tuple(column.id for column in self.columns)

    @cached_property
    def hash(self) -> str:
        """Hash of names, order, units, groups, meanings and provider versions."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, as stored in model manifests and Parquet metadata."""
        return {
            "columns": [[c.id, c.unit, c.group, c.meaning] for c in self.columns],
            "versions": [list(pair) for pair in self.versions],
        }

    @classmethod
    def from_json(cls, form: dict[str, Any]) -> FeatureSchema:
        """Read what `to_json` wrote."""
        return cls(
            columns=tuple(FeatureColumn(*column) for column in form["columns"]),
            versions=tuple((str(name), str(version)) for name, version in form["versions"]),
        )


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features of N alerts: ``values`` is (n_alerts, n_columns) float64, NaN = not defined."""

    schema: FeatureSchema
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    def select(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Return columns by name, (n_alerts, len(names)).

        Raises
        ------
        ProviderError
            If a name is not a column of the table.
        """
        places = {name: place for place, name in enumerate(self.schema.names)}
        unknown = [name for name in names if name not in places]
        if unknown:
            raise ProviderError(f"no feature column {unknown[0]!r} in this table")
        return self.values[:, [places[name] for name in names]]
