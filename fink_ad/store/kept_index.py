"""The kept alerts of a population as columns, without their blobs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["KeptIndex"]


@dataclass(frozen=True, eq=False)
class KeptIndex:
    """What is known of all kept alerts at a glance, by alert id; all arrays are (n,).

    Attributes
    ----------
    alert_id, night, n_det, kept_for
        int64, int32, int64, int64; ``kept_for`` holds the bits of `KeptFor`.
    mjd_utc, ra_deg, dec_deg : float64
        NaN where the packet told none.
    score : float64
        As recorded when the alert came, under ``model_revision``.
    object_id, band, model_revision, feature_schema
        Arrays of str.
    tags
        Array of tuples of str.
    """

    alert_id: NDArray[np.int64]
    object_id: NDArray[np.object_]
    night: NDArray[np.int32]
    mjd_utc: NDArray[np.float64]
    ra_deg: NDArray[np.float64]
    dec_deg: NDArray[np.float64]
    band: NDArray[np.object_]
    n_det: NDArray[np.int64]
    score: NDArray[np.float64]
    model_revision: NDArray[np.object_]
    feature_schema: NDArray[np.object_]
    kept_for: NDArray[np.int64]
    tags: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.alert_id)
