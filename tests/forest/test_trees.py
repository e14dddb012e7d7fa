import numpy as np
import pytest

from fink_ad.errors import ModelError
from fink_ad.forest.learners import StaticForest
from fink_ad.forest.trees import FlatForest


@pytest.fixture(scope="module")
def values():
    return np.random.default_rng(3).normal(size=(700, 5)).astype(np.float32)


@pytest.fixture(scope="module")
def forest(values):
    return StaticForest.fit(values, list("aabbc"), None, 0, {"n_trees": 20}).forest


def walk(forest, row):
    """Follow one row through all trees, as a human would."""
    leaves = []
    for root in forest.roots.tolist():
        node = root
        while forest.left[node] != node:
            goes_right = row[forest.feature[node]] > forest.threshold[node]
            node = int(forest.left[node]) + int(goes_right)
        leaves.append(node)
    return leaves


def test_leaves_and_sums_equal_a_walk_by_hand(forest, values):
    by_hand = np.array([walk(forest, row) for row in values[:300]])
    np.testing.assert_array_equal(forest.leaves(values[:300]), by_hand)
    sums = forest.node_value[by_hand].sum(axis=1)
    np.testing.assert_allclose(forest.sum_leaf_values(values[:300]), sums, rtol=1e-12)


def test_a_value_equal_to_the_threshold_goes_left():
    forest = FlatForest(
        np.array([0, 0, 0], np.uint16),
        np.array([2.0, np.inf, np.inf], np.float32),
        np.array([1, 1, 2], np.uint32),
        np.array([0], np.uint32),
        np.array([0.0, -1.0, 1.0]),
    )
    rows = np.array([[1.9], [2.0], [2.1]], np.float32)
    assert forest.sum_leaf_values(rows).tolist() == [-1.0, -1.0, 1.0]


@pytest.mark.parametrize("n_rows", [0, 1, 255, 256, 257])
def test_a_row_scores_the_same_in_any_batch(forest, values, n_rows):
    whole = forest.sum_leaf_values(values)
    np.testing.assert_array_equal(forest.sum_leaf_values(values[:n_rows]), whole[:n_rows])


def test_contributions_add_up_to_the_distance_from_the_reference_mean(forest, values):
    total = forest.sum_leaf_values(values)
    added = forest.contributions(values).sum(axis=1)
    np.testing.assert_allclose(added, total - total.mean(), atol=1e-12)


def test_arrays_make_the_same_forest_again(forest, values):
    again = FlatForest.from_arrays(forest.to_arrays(), 5)
    np.testing.assert_array_equal(again.sum_leaf_values(values), forest.sum_leaf_values(values))


def broken(forest, name, change):
    arrays = {key: array.copy() for key, array in forest.to_arrays().items()}
    arrays[name] = change(arrays[name])
    return arrays


def put(place, value):
    def change(array):
        array[place] = value
        return array

    return change


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("left", put(0, 2**31), "tangled"),  # out of the arrays
        ("left", put(10, 3), "tangled"),  # back towards the root: walks in circles
        ("roots", put(0, 1), "follow"),
        ("roots", put(-1, 0), "follow"),
        ("roots", put(-1, 2**31), "follow"),
        ("roots", lambda a: a[:0], "follow"),
        ("feature", put(0, 5), "beyond"),
        ("node_value", put(0, np.nan), "no values"),
        ("threshold", lambda a: a[:-1], "'threshold' has"),
        ("threshold", lambda a: a.astype(np.float64), "'threshold' is float64"),
    ],
)
def test_trees_that_would_lead_astray_are_refused(forest, name, change, message):
    with pytest.raises(ModelError, match=message):
        FlatForest.from_arrays(broken(forest, name, change), 5)


def test_missing_or_unknown_arrays_are_refused(forest):
    arrays = forest.to_arrays()
    arrays.pop("left")
    with pytest.raises(ModelError, match="not the arrays"):
        FlatForest.from_arrays(arrays, 5)
    with pytest.raises(ModelError, match="not the arrays"):
        FlatForest.from_arrays({**forest.to_arrays(), "more": forest.left}, 5)


@pytest.mark.parametrize("shape", [(3, 4), (5,), (0, 0)])
def test_rows_too_short_for_the_trees_are_never_read(forest, shape):
    for method in (forest.sum_leaf_values, forest.leaves, forest.contributions):
        with pytest.raises(ModelError, match="look at 5 columns"):
            method(np.zeros(shape, np.float32))
