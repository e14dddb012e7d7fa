import numpy as np
import pytest

from fink_ad.errors import ModelError
from fink_ad.forest import LabelledAlerts, Model
from fink_ad.forest.card import model_card
from fink_ad.forest.comparison import compare_scores


def test_alike_opposite_and_apart():
    scores = np.arange(50.0)
    same = compare_scores(scores, np.exp(scores), top=5)
    assert same.rank_correlation == pytest.approx(1.0)
    assert same.n_common == 5
    assert same.tops[0].tolist() == [49, 48, 47, 46, 45]
    turned = compare_scores(scores, -scores, top=5)
    assert turned.rank_correlation == pytest.approx(-1.0)
    assert turned.n_common == 0
    flat = compare_scores(scores, np.zeros(50), top=5)
    assert np.isnan(flat.rank_correlation)
    assert flat.to_json()["rank_correlation"] is None


def test_only_alerts_that_both_score_are_compared():
    first, second = np.arange(10.0), np.arange(10.0)
    first[9] = second[[0, 1]] = np.nan
    compared = compare_scores(first, second, top=3)
    assert compared.n_alerts == 7
    assert compared.n_only == (2, 1)
    assert compared.tops[0].tolist() == [8, 7, 6]
    with pytest.raises(ModelError, match="only 1 alerts"):
        compare_scores(first[:3], second[:3])


@pytest.mark.parametrize("learner", ["static", "fal"])
def test_the_card_says_what_shaped_the_model(learner, make_table, schema, describe, tmp_path):
    table = make_table(300)
    table.values[:, 3] = np.nan
    labelled = LabelledAlerts.of(
        make_table(3, 4),
        [3, 1, 2],
        list("abc"),
        ["anomaly", "bogus", "bogus"],
        reviewers=["ada", "grace", "ada"],
    )
    model = Model.train(table, **describe(300), learner=learner, labelled=labelled)
    card = model_card(model, model.save(tmp_path))
    assert card["answers"] == {"anomaly": 1, "bogus": 2}
    assert card["reviewers"] == {"ada": {"anomaly": 1, "bogus": 1}, "grace": {"bogus": 1}}
    assert card["dropped_columns"] == ["curve.c3"]
    assert card["schema_hash"] == schema.hash
    assert card["rows_per_second"] > 1000
    assert card["bytes"] > 10_000
    told = [one["contribution"] for one in card["telling_features"]]
    assert told == sorted(told, reverse=True)
    # Drawn group first, the lone column of a group of two is looked at most.
    assert card["telling_features"][0]["column"].startswith("host.")
    assert card["telling_features"][0]["meaning"] == "one of few"
