"""The ranking any model must beat: one that sees number of detections and age, nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

__all__ = ["counts_and_age"]

_N_NEIGHBOURS = 15


def counts_and_age(
    n_det: NDArray[np.int64],
    age_days: NDArray[np.float64] | None,
    is_anomaly: NDArray[np.bool_],
) -> Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]:
    """Return a contestant that scores by the answers nearest in number of detections and age.

    The score is the share of anomalies among the 15 nearest, both on a logarithmic scale in
    units of their spread. A model no better than this has found young or old alerts, not
    strange ones.

    Parameters
    ----------
    n_det : (n,) int64
        Number of detections.
    age_days : (n,) float64 or None
        Time since the first detection; NaN counts as usual.
    is_anomaly : (n,) bool
        The answers.
    """
    columns = [np.log1p(np.maximum(n_det, 0.0))]
    if age_days is not None and np.isfinite(age_days).any():
        age = np.log1p(np.maximum(age_days, 0.0))
        columns.append(np.where(np.isfinite(age), age, np.nanmedian(age[np.isfinite(age)])))
    places = np.stack([column / max(float(column.std()), 1e-12) for column in columns], axis=1)

    def score(learn_from: NDArray[np.int64], judged: NDArray[np.int64]) -> NDArray[np.float64]:
        k = np.arange(1, min(_N_NEIGHBOURS, len(learn_from)) + 1)
        _, nearest = KDTree(places[learn_from]).query(places[judged], k=k)
        return np.asarray(is_anomaly[learn_from][nearest].mean(axis=1), np.float64)

    return score
