"""A vote of trees grown on answers: extremely randomised trees that tell the answers apart.

After Geurts, Ernst & Wehenkel (2006), Machine Learning 63, 3, doi:10.1007/s10994-006-6226-1.
Unanswered alerts stand in as faintly ordinary ones, for nearly all of them are.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from fink_ad.compile_cache import CACHED
from fink_ad.forest.growing import draw_split, shuffle

__all__ = ["grow_votes"]


@numba.njit(cache=CACHED)
def _impurity(
    values: NDArray[np.float32],
    rows: NDArray[np.int64],
    weights: NDArray[np.float64],
    is_anomaly: NDArray[np.bool_],
    column: int,
    cut: np.float32,
) -> float:
    """Return the Gini impurity of both sides of a split, weighted by what lies there."""
    anomalous = np.zeros(2)
    ordinary = np.zeros(2)
    for row in rows:
        side = 1 if values[row, column] > cut else 0
        if is_anomaly[row]:
            anomalous[side] += weights[row]
        else:
            ordinary[side] += weights[row]
    impurity = 0.0
    for side in range(2):
        total = anomalous[side] + ordinary[side]
        if total > 0.0:
            impurity += anomalous[side] * ordinary[side] / total
    return impurity


@numba.njit(cache=CACHED)
def _share(
    rows: NDArray[np.int64], weights: NDArray[np.float64], is_anomaly: NDArray[np.bool_]
) -> float:
    """Return the weight of anomalies among rows as a share of all weight."""
    anomalous = 0.0
    total = 0.0
    for row in rows:
        total += weights[row]
        if is_anomaly[row]:
            anomalous += weights[row]
    return anomalous / total


@numba.njit(cache=CACHED, nogil=True)
def grow_votes(
    values: NDArray[np.float32],
    is_anomaly: NDArray[np.bool_],
    confidence: NDArray[np.float64],
    n_answered: int,
    n_stand_ins: int,
    stand_in_weight: float,
    columns: NDArray[np.int64],
    group_starts: NDArray[np.int64],
    n_tries: int,
    seeds: NDArray[np.uint64],
) -> tuple[
    NDArray[np.uint16],
    NDArray[np.float32],
    NDArray[np.uint32],
    NDArray[np.uint32],
    NDArray[np.float64],
]:
    """Grow one tree per seed, each on all answers and its own draw of stand-ins.

    Parameters
    ----------
    values : (n_rows, n_columns) float32
        Answered rows first, then the unanswered ones to draw from.
    is_anomaly : (n_rows,) bool
        False for unanswered rows.
    confidence : (n_answered,) float64
        Weight of each answer, positive.
    n_answered, n_stand_ins : int
        Number of answered rows, and of others drawn for each tree.
    stand_in_weight : float
        Weight of a stand-in.
    columns, group_starts
        As from `fink_ad.forest.growing.group_layout`.
    n_tries : int
        Random splits looked at in each node; the purest is taken.
    seeds : (n_trees,) uint64
        One per tree.

    Returns
    -------
    feature, threshold, left, roots
        As in `FlatForest`.
    share : (n_nodes,) float64
        Weight of anomalies in each leaf, both kinds weighing the same at the root; 0 elsewhere.
    """
    n_others = len(values) - n_answered
    n_drawn = min(n_stand_ins, n_others)
    n_used = n_answered + n_drawn
    capacity = len(seeds) * (2 * n_used - 1)
    feature = np.zeros(capacity, np.uint16)
    threshold = np.full(capacity, np.inf, np.float32)
    left = np.arange(capacity).astype(np.uint32)
    share = np.zeros(capacity)
    size = np.zeros(capacity, np.int64)
    first_row = np.zeros(capacity, np.int64)
    roots = np.zeros(len(seeds), np.uint32)
    state = np.zeros(1, np.uint64)
    weights = np.full(len(values), stand_in_weight)
    weights[:n_answered] = confidence
    anomalous = 0.0
    ordinary = stand_in_weight * n_drawn
    for row in range(n_answered):
        if is_anomaly[row]:
            anomalous += confidence[row]
        else:
            ordinary += confidence[row]
    if anomalous > 0.0 and ordinary > 0.0:
        for row in range(n_answered):
            if is_anomaly[row]:
                weights[row] *= ordinary / anomalous
    n_nodes = 0
    for tree in range(len(seeds)):
        state[0] = seeds[tree]
        others = np.arange(n_answered, len(values))
        shuffle(others, n_drawn, state)
        rows = np.concatenate((np.arange(n_answered), others[:n_drawn]))
        roots[tree] = n_nodes
        size[n_nodes] = n_used
        node = n_nodes
        n_nodes += 1
        while node < n_nodes:
            here = rows[first_row[node] : first_row[node] + size[node]]
            best_column = -1
            best_cut = np.float32(0.0)
            part = _share(here, weights, is_anomaly)
            if 0.0 < part < 1.0:
                best = np.inf
                for _ in range(n_tries):
                    column, cut = draw_split(values, here, columns, group_starts, state)
                    if column < 0:
                        break
                    impurity = _impurity(values, here, weights, is_anomaly, column, cut)
                    if impurity < best:
                        best, best_column, best_cut = impurity, column, cut
            if best_column < 0:
                share[node] = part
            else:
                n_left = 0
                for place in range(len(here)):
                    if values[here[place], best_column] <= best_cut:
                        here[place], here[n_left] = here[n_left], here[place]
                        n_left += 1
                feature[node] = best_column
                threshold[node] = best_cut
                left[node] = n_nodes
                size[n_nodes] = n_left
                size[n_nodes + 1] = size[node] - n_left
                first_row[n_nodes] = first_row[node]
                first_row[n_nodes + 1] = first_row[node] + n_left
                n_nodes += 2
            node += 1
    return feature[:n_nodes], threshold[:n_nodes], left[:n_nodes], roots, share[:n_nodes]
