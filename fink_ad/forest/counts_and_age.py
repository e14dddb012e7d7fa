"""The rankings any model must beat: they see number of detections and age, nothing else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from fink_ad.forest.held_back import Contestant

__all__ = ["counts_and_age"]

_N_NEIGHBOURS = 15
_RIDGE = 1.0  # in answers: as much as one that says the trend is flat


def counts_and_age(
    n_det: NDArray[np.int64],
    age_days: NDArray[np.float64] | None,
    is_anomaly: NDArray[np.bool_],
) -> tuple[Contestant, ...]:
    """Return contestants that score by number of detections and age alone.

    A model no better than the best of them has found young or old alerts, not strange ones.
    Number of detections and age themselves, either way round, are some of them. One learns: its
    score is the mean of two estimates of the share of anomalies, on logarithmic scales in units
    of their spread: among the 15 nearest answers, and by a trend of second order.

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
    plain = [_by(sign * column) for column in columns for sign in (1.0, -1.0)]
    return (_learned(columns, is_anomaly), *plain)


def _by(column: NDArray[np.float64]) -> Contestant:
    return lambda learn_from, judged: column[judged]


def _learned(columns: list[NDArray[np.float64]], is_anomaly: NDArray[np.bool_]) -> Contestant:
    centred = [column - column.mean() for column in columns]
    places = np.stack([one / max(float(one.std()), 1e-12) for one in centred], axis=1)
    rows, others = np.triu_indices(places.shape[1])
    terms = np.concatenate([places, places[:, rows] * places[:, others]], axis=1)

    def score(learn_from: NDArray[np.int64], judged: NDArray[np.int64]) -> NDArray[np.float64]:
        k = np.arange(1, min(_N_NEIGHBOURS, len(learn_from)) + 1)
        _, nearest = KDTree(places[learn_from]).query(places[judged], k=k)
        among_nearest = is_anomaly[learn_from][nearest].mean(axis=1)
        usual, share = terms[learn_from].mean(axis=0), is_anomaly[learn_from].mean()
        given = terms[learn_from] - usual
        slopes = np.linalg.solve(
            given.T @ given + _RIDGE * np.eye(given.shape[1]),
            given.T @ (is_anomaly[learn_from] - share),
        )
        trend = share + (terms[judged] - usual) @ slopes
        return np.asarray(0.5 * (among_nearest + trend), np.float64)

    return score
