"""Learners on labelled tables of real measurements, where a ranking has something to find."""

import numpy as np
import pytest

from fink_ad.forest.learners import AadForest, Labels, StaticForest

pytestmark = pytest.mark.real_data


def load(folder, name):
    with np.load(folder / "tables" / f"{name}.npz") as table:
        return table["X"].astype(np.float32), table["y"].astype(bool)


def test_the_static_forest_finds_odd_land_in_satellite_images(real_data):
    values, is_anomaly = load(real_data, "adb_satimage-2")
    forest = StaticForest.fit(values, [""] * values.shape[1], None, 0, {})
    head = np.argsort(-forest.score(values))[:60]
    assert is_anomaly[head].sum() >= 50  # 71 of 5 803 rows are


def test_answers_lead_past_artefacts_that_nobody_wants(real_data):
    """Shuttle: 58 rare rows are wanted, 300 others are just as odd and are not."""
    values, is_anomaly = load(real_data, "art_shuttle_rare_vs_bogus")
    groups = [""] * values.shape[1]
    static = StaticForest.fit(values, groups, None, 0, {"n_trees": 100}).score(values)
    found_unasked = is_anomaly[np.argsort(-static)[:30]].sum()

    asked: list[int] = []
    for _ in range(30):
        targets = np.where(is_anomaly[asked], 1, -1).astype(np.int8)
        labels = Labels(values[asked], targets)
        scores = AadForest.fit(values, groups, labels, 0, {"n_trees": 100}).score(values)
        scores[asked] = -np.inf
        asked.append(int(scores.argmax()))
    assert is_anomaly[asked].sum() >= max(10, 2 * found_unasked)
