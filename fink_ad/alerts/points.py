"""Light curves of many alerts as one ragged array, viewed without copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fink_ad.alerts.schema import BANDS, KINDS, POINT_FIELDS

__all__ = ["NO_POINT_ID", "Points"]

NO_POINT_ID = -1
"""Stands for "the survey gave this point no id" in the numpy view."""

_CODED = {"band": BANDS, "kind": KINDS}


@dataclass(frozen=True, eq=False)
class Points:
    """Points of N alerts, row after row; those of alert ``i`` are ``offsets[i]:offsets[i + 1]``.

    Parameters
    ----------
    offsets : (n_alerts + 1,) int64
        Where the points of each alert begin; starts at 0.
    columns : mapping of str to (n_points,) array
        One array per field of `POINT_FIELDS`. ``band`` and ``kind`` are codes into `BANDS` and
        `KINDS`: compare through `in_band` and `of_kind`. ``point_id`` is `NO_POINT_ID` where
        the survey gave none.
    """

    offsets: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return int(self.offsets[-1])

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    @property
    def counts(self) -> NDArray[np.int64]:
        """Number of points of each alert, (n_alerts,)."""
        return np.diff(self.offsets)

    @cached_property
    def alert(self) -> NDArray[np.int64]:
        """Row of the alert each point belongs to, (n_points,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.counts)

    def in_band(self, band: str) -> NDArray[np.bool_]:
        """Mask of the points in a band, (n_points,)."""
        mask: NDArray[np.bool_] = self.columns["band"] == BANDS.index(band)
        return mask

    def of_kind(self, *kinds: str) -> NDArray[np.bool_]:
        """Mask of the points of any of the given kinds, (n_points,)."""
        wanted = np.isin(KINDS, kinds)
        mask: NDArray[np.bool_] = wanted[self.columns["kind"]]
        return mask

    def select(self, mask: NDArray[np.bool_]) -> Points:
        """Keep the points where `mask` is true; alerts stay, possibly with no points."""
        kept = np.flatnonzero(mask)
        return Points(
            offsets=np.searchsorted(kept, self.offsets).astype(np.int64),
            columns={name: values[kept] for name, values in self.columns.items()},
        )

    def to_arrow(self) -> pa.ListArray:
        """Return the nested Arrow column of the AlertBatch schema."""
        children = []
        for field in POINT_FIELDS:
            values = self.columns[field.name]
            if field.name in _CODED:
                indices = pa.array(values, pa.int8())
                children.append(pa.DictionaryArray.from_arrays(indices, list(_CODED[field.name])))
            elif field.name == "point_id":
                children.append(pa.array(values, field.type, mask=values == NO_POINT_ID))
            else:
                children.append(pa.array(values, field.type))
        struct = pa.StructArray.from_arrays(children, fields=list(POINT_FIELDS))
        return pa.ListArray.from_arrays(pa.array(self.offsets, pa.int32()), struct)

    @classmethod
    def from_arrow(cls, points: pa.ListArray) -> Points:
        """View the nested Arrow column of a batch; its dictionaries are already `BANDS`, `KINDS`.

        A sliced column is handled: offsets are made to start at 0.
        """
        offsets = points.offsets.to_numpy().astype(np.int64)
        struct = points.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
        columns: dict[str, NDArray[Any]] = {}
        for field in POINT_FIELDS:
            child = struct.field(field.name)
            if field.name in _CODED:
                child = child.indices
            elif field.name == "point_id":
                child = child.fill_null(NO_POINT_ID)
            columns[field.name] = child.to_numpy(zero_copy_only=False)
        return cls(offsets - offsets[0], columns)
