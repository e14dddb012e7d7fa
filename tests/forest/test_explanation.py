import numpy as np
import pytest

from fink_ad.errors import ModelError
from fink_ad.features import FeatureSchema, FeatureTable
from fink_ad.forest import LabelledAlerts, Model, feature_percentiles, top_features


def planted(schema, columns):
    """One alert a column, ordinary but for that column."""
    values = np.zeros((len(columns), len(schema.names)))
    values[np.arange(len(columns)), columns] = 7.0
    return FeatureTable(schema, values)


def test_the_planted_column_comes_first(model, schema):
    table = planted(schema, [0, 4, 9])
    top = top_features(model, table)
    assert top.names[:, 0].tolist() == ["curve.c0", "curve.c4", "host.h1"]
    assert top.values[:, 0].tolist() == [7.0, 7.0, 7.0]
    assert (np.diff(top.contributions, axis=1) <= 0).all()


def test_contributions_add_up_to_what_makes_the_score(model, make_table):
    table = make_table(50, 3)
    shares = model.learner.contributions(model.prepare(table)).sum(axis=1)
    reference = FeatureTable(model.schema, model.reference.values)
    mean = np.log2(model.score(reference)).mean()
    np.testing.assert_allclose(shares, np.log2(model.score(table)) - mean, atol=1e-12)


def test_what_makes_an_alert_ordinary_is_not_listed(model, schema):
    top = top_features(model, FeatureTable(schema, np.zeros((1, 10))), k=10)
    unnamed = top.names == ""
    assert unnamed.any()
    assert (top.contributions[unnamed] == 0.0).all()
    assert np.isnan(top.values[unnamed]).all()
    assert (top.contributions[~unnamed] > 0.0).all()


def test_names_are_right_when_columns_were_left_out(schema, describe):
    values = np.random.default_rng(0).normal(size=(400, 10))
    values[:, [0, 3]] = np.nan
    model = Model.train(FeatureTable(schema, values), **describe(400))
    top = top_features(model, planted(schema, [4, 9]), k=1)
    assert top.names.tolist() == [["curve.c4"], ["host.h1"]]


def test_more_features_than_there_are(model, schema):
    assert top_features(model, planted(schema, [1]), k=99).names.shape == (1, 10)


def test_after_answers_it_names_what_the_answers_were_about(make_table, schema, describe):
    table = make_table(600)
    answered = np.flatnonzero(~np.isnan(table.values[:, 2]))[:60]
    answers = np.where(table.values[answered, 2] > 0.8, "anomaly", "ordinary")
    labelled = LabelledAlerts.of(
        FeatureTable(schema, table.values[answered]), answered, answered.astype(str), answers
    )
    model = Model.train(table, **describe(600), learner="aad", labelled=labelled)
    values = np.zeros((1, 10))
    values[0, 2] = 2.0
    assert top_features(model, FeatureTable(schema, values), 1).names.tolist() == [["curve.c2"]]


def test_another_schema_is_refused(model, schema):
    other = FeatureSchema(schema.columns, (("curve", "9"), ("host", "1")))
    with pytest.raises(ModelError, match="version 1, is 9"):
        top_features(model, planted(other, [1]))


def test_a_value_above_99_in_100_of_the_population_is_at_percentile_99(schema, describe):
    values = np.zeros((1000, 10))
    values[:, 4] = np.random.default_rng(0).permutation(1000)  # 0 to 999, each once
    model = Model.train(FeatureTable(schema, values), **describe(1000))
    told = top_features(model, FeatureTable(schema, np.eye(10)[[4]] * 989.5)).told(0)
    assert told[0] == (
        "curve.c4", 989.5, told[0].contribution, "mag", 99.0, "one of many alike"
    )  # fmt: skip
    assert told[0].contribution > 0.0


class TestPercentiles:
    @pytest.fixture
    def counted(self, schema, describe):
        """1, 2, 2, 3 in the first column, nothing in the second, a gap in the third."""
        values = np.zeros((4, 10))
        values[:, 0] = [1, 2, 2, 3]
        values[:, 1] = np.nan
        values[:, 2] = [5, np.nan, 7, np.inf]
        return Model.train(FeatureTable(schema, values), **describe(4))

    def of(self, model, *firsts):
        values = np.array(firsts, float)
        return feature_percentiles(model, values, np.arange(len(values))).tolist()

    def test_equal_values_count_by_half(self, counted):
        found = [self.of(counted, value)[0] for value in (0, 1, 2, 2.5, 3, 9)]
        assert found == [0.0, 12.5, 50.0, 75.0, 87.5, 100.0]

    def test_only_alerts_that_have_the_feature_count(self, counted):
        assert self.of(counted, 0, 0, 6)[2] == 50.0

    def test_what_is_not_known_has_none(self, counted):
        assert np.isnan(self.of(counted, np.nan)[0])
        assert np.isnan(self.of(counted, 0, 1)[1])

    def test_values_of_one_column_may_stand_anywhere(self, counted):
        values, columns = np.array([[1.0, 6.0], [6.0, 3.0]]), np.array([[0, 2], [2, 0]])
        found = feature_percentiles(counted, values, columns)
        assert found.tolist() == [[12.5, 50.0], [50.0, 87.5]]


def test_what_is_not_defined_is_told_without_value_and_percentile(model, schema):
    values = np.zeros((1, 10))
    values[0, 0] = np.nan
    told = top_features(model, FeatureTable(schema, values), k=10).told(0)
    for one in told:
        assert (one.value is None) == (one.percentile is None) == (one.name == "curve.c0")
