"""From a feature table to what learners take: finite float32, the usable columns only.

What is not defined for an alert becomes the median of the reference sample, without a flag
that it was missing: flags, like any fixed number outside the range, turn into "has few
detections" and bury the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from fink_ad.compile_cache import CACHED
from fink_ad.errors import ModelError

__all__ = ["Imputation"]

LARGEST = float(np.finfo(np.float32).max)


@numba.njit(cache=CACHED, nogil=True)
def _fill(
    values: NDArray[np.float64],
    columns: NDArray[np.int64],
    medians: NDArray[np.float64],
) -> NDArray[np.float32]:
    prepared = np.empty((len(values), len(columns)), np.float32)
    for row in range(len(values)):
        for place in range(len(columns)):
            value = values[row, columns[place]]
            if not np.isfinite(value):
                value = medians[place]
            prepared[row, place] = np.float32(min(max(value, -LARGEST), LARGEST))
    return prepared


@dataclass(frozen=True, eq=False)
class Imputation:
    """Columns a model uses and the medians that stand in where a value is missing.

    Attributes
    ----------
    columns : (n_used,) int64
        Places in the feature schema of the columns with a finite value in the reference sample.
    medians : (n_used,) float64
        Medians of their finite values.
    """

    columns: NDArray[np.int64]
    medians: NDArray[np.float64]

    @classmethod
    def learn(cls, values: NDArray[np.float64]) -> Imputation:
        """Take columns and medians from reference values, (n_alerts, n_columns).

        Raises
        ------
        ModelError
            If no column has a finite value.
        """
        finite = np.where(np.isfinite(values), values, np.nan)
        columns = np.flatnonzero(~np.isnan(finite).all(axis=0))
        if not len(columns):
            raise ModelError(
                f"none of {values.shape[1]} feature columns has a finite value in "
                f"{values.shape[0]} alerts: there is nothing to learn from"
            )
        return cls(columns.astype(np.int64), np.nanmedian(finite[:, columns], axis=0))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], n_columns: int) -> Imputation:
        """Read columns and medians, checking that they fit a schema of `n_columns`.

        Raises
        ------
        ModelError
            If they do not.
        """
        columns, medians = arrays["columns"], arrays["medians"]
        if (
            columns.dtype != np.int64
            or medians.dtype != np.float64
            or columns.ndim != 1
            or medians.shape != columns.shape
            or not ((columns >= 0) & (columns < n_columns)).all()
            or not np.isfinite(medians).all()
        ):
            raise ModelError(f"the medians do not belong to {n_columns} feature columns")
        return cls(columns, medians)

    def prepare(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the used columns, (n_alerts, n_used) float32, all finite.

        Infinite values count as missing; values beyond float32 are cut to its range.
        """
        table = np.ascontiguousarray(values, np.float64)
        prepared: NDArray[np.float32] = _fill(table, self.columns, self.medians)
        return prepared
