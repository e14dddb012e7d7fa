import numpy as np
import pytest

from fink_ad.forest.leaf_kernel import (
    KernelMemo,
    kernel_matrix,
    leaf_sums,
    path_codes,
    weighted_leaves,
)
from fink_ad.forest.learners import StaticForest


def grown(max_depth, n_rows=400):
    values = np.random.default_rng(0).normal(size=(n_rows, 4)).astype(np.float32)
    values[:, 3] = np.round(values[:, 3])  # ties, so that some leaves are shallow and full
    parameters = {"n_trees": 30, "max_depth": max_depth}
    trees = StaticForest.fit(values, ["g"] * 4, None, 3, parameters).forest
    return trees, trees.leaves(values)


def path(trees, root, values):
    """Nodes from root to leaf, walked by hand."""
    nodes = [int(root)]
    while trees.left[nodes[-1]] != nodes[-1]:
        node = nodes[-1]
        nodes.append(
            int(trees.left[node]) + int(values[trees.feature[node]] > trees.threshold[node])
        )
    return nodes


def shared(first, second, max_depth):
    if first[-1] == second[-1]:
        return 1.0
    depth = sum(a == b for a, b in zip(first, second, strict=False)) - 1
    return 2.0 ** (depth - max_depth) if depth > 0 else 0.0


@pytest.mark.parametrize("max_depth", [1, 4, 8])
def test_kernel_by_hand(max_depth):
    trees, _ = grown(max_depth)
    values = np.random.default_rng(1).normal(size=(12, 4)).astype(np.float32)
    values[1] = values[0]
    paths = [[path(trees, root, row) for root in trees.roots] for row in values]
    by_hand = np.array(
        [
            [np.mean([shared(a, b, max_depth) for a, b in zip(p, q, strict=True)]) for q in paths]
            for p in paths
        ]
    )
    codes = path_codes(trees)[trees.leaves(values)]
    kernel = kernel_matrix(codes, codes, max_depth)
    np.testing.assert_allclose(kernel, by_hand, atol=1e-15)
    assert (np.diag(kernel) == 1.0).all()
    assert kernel[0, 1] == 1.0
    assert 0.0 < kernel[0, 2] < 1.0


@pytest.mark.parametrize("max_depth", [3, 8])
def test_leaf_values_add_up_to_the_weighted_kernel(max_depth):
    trees, leaves = grown(max_depth)
    codes = path_codes(trees)[leaves]
    weights = np.random.default_rng(2).normal(size=25)
    expected = kernel_matrix(codes, codes[:25], max_depth) @ weights
    table = weighted_leaves(trees, leaves[:25], weights, max_depth)
    np.testing.assert_allclose(leaf_sums(leaves, table), expected, atol=1e-13)


def test_kernel_is_positive_semi_definite():
    trees, leaves = grown(8)
    codes = path_codes(trees)[leaves[:80]]
    assert np.linalg.eigvalsh(kernel_matrix(codes, codes, 8)).min() > -1e-12


def test_the_memo_gives_what_computing_anew_gives():
    trees, leaves = grown(8)
    codes = path_codes(trees)[leaves]
    memo = KernelMemo(8)
    for rows in ([3, 1], [1, 7, 3], [9, 9, 1], [0]):
        np.testing.assert_array_equal(memo(codes[rows]), kernel_matrix(codes[rows], codes[rows], 8))
