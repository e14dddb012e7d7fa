"""How much two samples differ: one column by its deciles, many rows by the leaves they reach."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

__all__ = ["leaf_divergence", "stability_index", "stability_noise"]

_N_DECILES = 10
_RARE = 1e-3  # how often chance is allowed to lift any column above its noise
_N_SPLITS = 20


def stability_index(reference: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return the population stability index of one column.

    ``sum (p - q) ln(p / q)`` over the deciles of the finite reference values and a bin for
    those missing; half a value is added to every bin. A value that fills several deciles has a
    bin of its own, so that a constant column can move to either side.
    """
    present = reference[np.isfinite(reference)]
    if len(present):
        edges = np.quantile(present, np.linspace(0.0, 1.0, _N_DECILES + 1)[1:-1], method="lower")
        tied = edges[:-1][np.diff(edges) == 0.0]
        edges = np.unique(np.concatenate([edges, tied, np.nextafter(tied, np.inf)]))
    else:
        edges = np.empty(0)
    p, q = (_shares(sample, edges) for sample in (reference, values))
    return float(((p - q) * np.log(p / q)).sum())


def stability_noise(n_reference: int, n_values: int, n_columns: int) -> float:
    """Return the index that any column exceeds in one of a thousand samples of one sky.

    The index of samples of n and m values of one distribution, times ``1 / (1/n + 1/m)``,
    follows a chi-square distribution with one degree of freedom less than there are bins
    (Yurdakul & Naranjo 2020, J. Risk Model Validation 14, 89).
    """
    return float(chi2.isf(_RARE / n_columns, _N_DECILES) * (1.0 / n_reference + 1.0 / n_values))


def leaf_divergence(
    reference: NDArray[np.int32], leaves: NDArray[np.int32], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the divergence of the leaf histograms of each tree, and what chance makes of it.

    Leaf histograms as a sign of drift: Das et al. 2019 (arXiv:1901.08930), who compare them by
    Kullback-Leibler; Jensen-Shannon stays finite where a leaf is empty.

    Parameters
    ----------
    reference, leaves : (n_reference, n_trees), (n_rows, n_trees) int32
        Leaves reached by reference and by tonight's rows, numbered over all trees.
    seed : int
        For the random splits.

    Returns
    -------
    divergence : (n_trees,) float64
        Jensen-Shannon divergence in bits.
    by_chance : (n_splits,) float64
        Its mean over trees when all rows are dealt out at random to samples of these sizes.
    """
    rows = np.concatenate([reference, leaves])
    n_leaves = int(rows.max()) + 1
    total = np.bincount(rows.ravel(), minlength=n_leaves)
    first_of_tree = rows.min(axis=0)

    def divergence(smaller: NDArray[np.int32], n_others: int) -> NDArray[np.float64]:
        counts = np.bincount(smaller.ravel(), minlength=n_leaves)
        p, q = counts / len(smaller), (total - counts) / n_others
        middle = 0.5 * (p + q)
        terms = 0.5 * (_entropy_terms(p, middle) + _entropy_terms(q, middle))
        return np.add.reduceat(terms, first_of_tree)

    random = np.random.default_rng(seed)
    smaller, n_others = min(reference, leaves, key=len), max(len(reference), len(leaves))
    by_chance = [
        divergence(rows[random.permutation(len(rows))[: len(smaller)]], n_others).mean()
        for _ in range(_N_SPLITS)
    ]
    return divergence(smaller, n_others), np.array(by_chance)


def _shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    present = values[np.isfinite(values)]
    counts = np.bincount(np.digitize(present, edges), minlength=len(edges) + 1)
    filled = np.append(counts, len(values) - len(present)) + 0.5
    return np.asarray(filled / filled.sum(), np.float64)


def _entropy_terms(p: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    return p * np.log2(np.divide(p, middle, out=np.ones_like(p), where=p > 0.0))
