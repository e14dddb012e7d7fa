from itertools import pairwise

import numpy as np
import pytest

from fink_ad.forest.growing import average_path_length, group_layout, grow_trees

SEEDS = np.random.SeedSequence(1).generate_state(50, np.uint64)


def grow(values, groups, subsample=64, max_depth=6, seeds=SEEDS):
    columns, starts = group_layout(groups)
    return grow_trees(np.asarray(values, np.float32), columns, starts, subsample, max_depth, seeds)


def test_average_path_length_by_hand():
    # c(3) = 2 (ln 2 + 0.5772) - 4/3; c(256) as printed in many places.
    sizes = np.array([0, 1, 2, 3, 256])
    expected = [0.0, 0.0, 1.0, 1.207393, 10.244771]
    assert average_path_length(sizes) == pytest.approx(expected, abs=1e-6)


def test_group_layout_keeps_scattered_columns_of_a_group_together():
    columns, starts = group_layout(["b", "a", "b", "c", "a"])
    groups = [columns[i:j].tolist() for i, j in pairwise(starts.tolist())]
    assert groups == [[0, 2], [1, 4], [3]]


def test_every_split_leaves_rows_on_both_sides_and_loses_none():
    values = np.random.default_rng(0).normal(size=(300, 4))
    _, _, left, roots, depth, size = grow(values, list("aabb"))
    inner = np.flatnonzero(left != np.arange(len(left)))
    children = left[inner].astype(int)
    assert (size[roots] == 64).all()
    assert (size > 0).all()
    assert (size[children] + size[children + 1] == size[inner]).all()
    assert depth.max() <= 6


def test_leaves_above_the_greatest_depth_hold_one_row():
    values = np.random.default_rng(0).normal(size=(300, 4))
    _, _, left, _, depth, size = grow(values, list("aabb"), max_depth=5)
    shallow_leaf = (left == np.arange(len(left))) & (depth < 5)
    assert shallow_leaf.any()
    assert (size[shallow_leaf] == 1).all()


def test_groups_share_the_splits_however_many_columns_they_have():
    values = np.random.default_rng(0).normal(size=(500, 21))
    feature, _, left, *_ = grow(values, ["many"] * 20 + ["one"])
    split = feature[left != np.arange(len(left))]
    assert (split == 20).mean() == pytest.approx(0.5, abs=0.03)
    feature, _, left, *_ = grow(values, ["all"] * 21)
    split = feature[left != np.arange(len(left))]
    assert (split == 20).mean() == pytest.approx(1 / 21, abs=0.02)


def test_constant_columns_are_passed_over():
    values = np.random.default_rng(0).normal(size=(200, 3))
    values[:, 1] = 5.0
    feature, _, left, *_ = grow(values, ["a", "b", "c"])
    assert 1 not in feature[left != np.arange(len(left))]


def test_rows_all_alike_make_trees_of_one_leaf():
    _, _, left, roots, _, size = grow(np.ones((100, 3)), ["a", "b", "c"])
    assert len(left) == len(roots) == len(SEEDS)
    assert (size == 64).all()


@pytest.mark.parametrize(
    "pair",
    [
        (1.0, np.nextafter(np.float32(1.0), np.float32(2.0))),  # nothing lies between
        (-np.finfo(np.float32).max, np.finfo(np.float32).max),  # the span overflows float32
    ],
)
def test_extreme_pairs_are_still_parted(pair):
    values = np.array(pair, np.float32).repeat(4)[:, None]
    _, threshold, left, roots, _, size = grow(values, ["a"], subsample=8)
    assert (left[roots] != roots).all()
    assert np.isfinite(threshold[roots]).all()
    assert (size[left[roots]] == 4).all()


def test_a_tree_depends_on_its_own_seed_only():
    values = np.random.default_rng(0).normal(size=(300, 4))
    all_trees = grow(values, list("aabb"))
    last_tree = grow(values, list("aabb"), seeds=SEEDS[-1:])
    start = int(all_trees[3][-1])
    np.testing.assert_array_equal(all_trees[1][start:], last_tree[1])
    np.testing.assert_array_equal(all_trees[0][start:], last_tree[0])
