import numpy as np
import pytest

from fink_ad.errors import ModelError
from fink_ad.features import FeatureTable
from fink_ad.forest import LabelledAlerts, Model
from fink_ad.forest.learners import LEARNERS
from fink_ad.forest.novelty import unanswered_share


def answered(table: FeatureTable, rows: list[int]) -> LabelledAlerts:
    return LabelledAlerts.of(
        FeatureTable(table.schema, table.values[rows]),
        rows,
        [f"ZTF{row}" for row in rows],
        ["anomaly" if row % 2 else "ordinary" for row in rows],
        n_det=np.full(len(rows), 5),
    )


def test_counts_the_trees_without_an_answer_in_the_leaf() -> None:
    leaves = np.array([[0, 10, 20, 30], [1, 11, 21, 31], [2, 11, 99, 31]], np.int32)
    said = np.array([[0, 11, 20, 31], [1, 11, 20, 30]], np.int32)
    np.testing.assert_array_equal(unanswered_share(leaves, said), [0.25, 0.25, 0.5])


def test_without_answers_everything_is_new() -> None:
    leaves = np.array([[0, 10], [1, 11]], np.int32)
    np.testing.assert_array_equal(unanswered_share(leaves, np.empty((0, 2), np.int32)), 1.0)


def test_leaves_of_other_trees_are_refused() -> None:
    with pytest.raises(ModelError, match="same trees"):
        unanswered_share(np.zeros((3, 4), np.int32), np.zeros((2, 5), np.int32))


@pytest.mark.parametrize("learner", sorted(LEARNERS))
def test_answered_alerts_are_not_new_and_those_far_away_are(learner, make_table, describe) -> None:
    table = make_table(400)
    rows = [0, 1, 2, 3]
    trained = Model.train(
        table,
        **describe(400),
        learner=learner,
        parameters={"n_trees": 60},
        labelled=answered(table, rows),
    )
    novelty = trained.novelty(table)
    assert novelty.shape == (400,)
    np.testing.assert_array_equal(novelty[rows], 0.0)
    assert ((novelty >= 0.0) & (novelty <= 1.0)).all()
    far = FeatureTable(table.schema, np.full((1, 10), 50.0))
    assert trained.novelty(far)[0] > np.median(novelty) > 0.0


def test_is_one_while_nothing_was_answered(model, make_table) -> None:
    np.testing.assert_array_equal(model.novelty(make_table(5)), 1.0)


def test_does_not_depend_on_how_many_are_asked_about(make_table, describe) -> None:
    table = make_table(300)
    trained = Model.train(table, **describe(300), labelled=answered(table, [3, 4]))
    many = FeatureTable(table.schema, np.tile(table.values, (60, 1)))  # more than one block
    np.testing.assert_array_equal(trained.novelty(many), np.tile(trained.novelty(table), 60))
