import numpy as np
import pytest

from fink_ad.forest.growing import group_layout
from fink_ad.forest.trees import FlatForest
from fink_ad.forest.votes import grow_votes


def votes(values, is_anomaly, confidence, n_answered, n_stand_ins=50, n_trees=20):
    columns, starts = group_layout(["g"] * values.shape[1])
    seeds = np.random.SeedSequence(0).generate_state(n_trees, np.uint64).astype(np.uint64)
    *trees, share = grow_votes(
        values, is_anomaly, confidence, n_answered, n_stand_ins, 0.1, columns, starts, 2, seeds
    )
    return FlatForest.grown(*trees, share / n_trees, values)


def test_answers_are_told_apart():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(500, 5)).astype(np.float32)
    is_anomaly = np.zeros(500, np.bool_)
    is_anomaly[:30] = values[:30, 1] > 0.3
    forest = votes(values, is_anomaly, np.ones(30), 30)
    shares = forest.sum_leaf_values(values)
    assert shares[:30][is_anomaly[:30]] == pytest.approx(1.0)
    assert shares[:30][~is_anomaly[:30]] == pytest.approx(0.0)
    unseen = values[30:]
    assert shares[30:][unseen[:, 1] > 1.0].mean() > shares[30:][unseen[:, 1] < -0.5].mean() + 0.2


def test_equal_rows_with_both_answers_share_by_weight():
    values = np.ones((4, 2), np.float32)
    is_anomaly = np.array([True, False, False, False])
    forest = votes(values, is_anomaly, np.array([1.0, 1.0, 1.0, 1.0]), 4)
    # Both kinds weigh the same in all, so a leaf of everything is half anomalous.
    assert forest.sum_leaf_values(values) == pytest.approx(0.5)


def test_without_ordinary_answers_and_stand_ins_all_is_anomalous():
    values = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    forest = votes(values, np.ones(3, np.bool_), np.ones(3), 3)
    assert forest.sum_leaf_values(values) == pytest.approx(1.0)
