"""Can a classifier tell two samples apart? AUC 0.5: no; 1: always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from benchmarks.realism.samples import Sample

__all__ = ["Verdict", "distances", "like", "tell_apart"]

_FOLDS, _TREES, _REPEATS, _BOOTSTRAPS, _SEED = 5, 200, 3, 500, 0
_DETECTION_BINS = (2, 4, 8, 16)
_AT_NUCLEUS_ARCSEC = 1.5


@dataclass(frozen=True)
class Verdict:
    """Area under the curve, its bootstrap error, and the loss of it by permuted column."""

    auc: float
    error: float
    importance: dict[str, float]


def tell_apart(
    first: Sample, second: Sample, columns: Sequence[str], *, importance: bool = False
) -> Verdict:
    """Cross-validate a random forest that tells two samples apart.

    Samples have one alert per object, so folds share none. Classes are weighted to balance;
    missing values stay missing, for they can betray as well.
    """
    x = np.concatenate([first.table.select(columns), second.table.select(columns)])
    x = x.astype(np.float32)
    y = np.repeat([1, 0], [len(first), len(second)])
    score = np.zeros(len(y))
    rng = np.random.default_rng(_SEED)
    loss = np.zeros(len(columns))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    for train, test in folds.split(x, y):
        forest = RandomForestClassifier(
            _TREES,
            min_samples_leaf=3,
            class_weight="balanced_subsample",
            random_state=_SEED,
            n_jobs=2,
        ).fit(x[train], y[train])
        score[test] = forest.predict_proba(x[test])[:, 1]
        if importance:
            whole = roc_auc_score(y[test], score[test])
            for i in range(len(columns)):
                permuted = np.repeat(x[test][None], _REPEATS, axis=0)
                permuted[:, :, i] = rng.permuted(permuted[:, :, i], axis=1)
                guess = forest.predict_proba(permuted.reshape(-1, x.shape[1]))[:, 1]
                parts = guess.reshape(_REPEATS, -1)
                loss[i] += np.mean([whole - roc_auc_score(y[test], part) for part in parts])
    pick = rng.integers(0, len(y), (_BOOTSTRAPS, len(y)))
    aucs = [roc_auc_score(y[rows], score[rows]) for rows in pick if 0 < y[rows].mean() < 1]
    ranked = dict(zip(columns, (loss / _FOLDS).tolist(), strict=True)) if importance else {}
    return Verdict(float(roc_auc_score(y, score)), float(np.std(aucs)), ranked)


def like(model: Sample, pool: Sample, most: int = 4) -> Sample:
    """Choose from a pool what has the detections and the kind of neighbour of the model.

    In each cell of (detections in the packet) x (on a star, on a galaxy, on neither) the same
    number of times as many are drawn, at most `most`: what remains different is not the mix.
    """
    wanted = np.bincount(_cells(model), minlength=15)
    cells = _cells(pool)
    rng = np.random.default_rng(_SEED)
    rows = [
        rng.permutation(np.flatnonzero(cells == cell))[: most * number]
        for cell, number in enumerate(wanted)
    ]
    return pool.take(np.sort(np.concatenate(rows)))


def _cells(sample: Sample) -> NDArray[np.int64]:
    detections = np.digitize(sample.feature("n_det"), _DETECTION_BINS)
    beside = ~(sample.feature("reference_sep") < _AT_NUCLEUS_ARCSEC)
    kind = np.where(beside, 2, np.where(sample.feature("star_galaxy") > 0.5, 0, 1))
    cells: NDArray[np.int64] = detections * 3 + kind
    return cells


def distances(first: Sample, second: Sample, columns: Sequence[str]) -> dict[str, float]:
    """Kolmogorov-Smirnov distance by column; the share of missing values counts as a step."""
    found = {}
    for name, a, b in zip(
        columns, first.table.select(columns).T, second.table.select(columns).T, strict=True
    ):
        a, b = (np.sort(np.nan_to_num(one, nan=np.inf)) for one in (a, b))
        at = np.concatenate([a, b])
        shares = [np.searchsorted(one, at, "right") / len(one) for one in (a, b)]
        found[name] = float(np.abs(shares[0] - shares[1]).max())
    return found
