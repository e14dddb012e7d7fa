import numpy as np
import pytest

from fink_ad.errors import ModelError
from fink_ad.features import FeatureTable
from fink_ad.forest import LabelledAlerts, ReferenceSample


@pytest.fixture
def table(make_table):
    return make_table(4)


def label(table, answers=("anomaly", "ordinary", "bogus", "anomaly"), objects="abcd"):
    return LabelledAlerts.of(table, np.arange(len(objects)), list(objects), list(answers))


def test_the_reference_sample_is_in_order_of_alert_id(table):
    sample = ReferenceSample.of(table, [9, 2, 5, 1], list("wxyz"), [1, 2, 3, 4], [20240101] * 4)
    assert sample.alert_ids.tolist() == [1, 2, 5, 9]
    assert sample.object_ids.tolist() == ["z", "x", "y", "w"]
    assert sample.n_det.tolist() == [4, 2, 3, 1]
    np.testing.assert_array_equal(sample.values[0], table.values[3])


def test_alert_ids_keep_all_their_digits(table):
    ids = [2**62 + 1, 2**62 + 2, 2**62 + 3, 2**62 + 4]
    sample = ReferenceSample.of(table, ids, list("wxyz"), [1] * 4, [20240101] * 4)
    assert sample.alert_ids.tolist() == ids


def test_an_alert_that_comes_twice_is_named(table):
    with pytest.raises(ModelError, match="alert 7 is twice"):
        ReferenceSample.of(table, [7, 2, 7, 1], list("wxyz"), [1] * 4, [20240101] * 4)


def test_no_alerts_are_an_error(make_table):
    with pytest.raises(ModelError, match="no alerts to train on"):
        ReferenceSample.of(make_table(0), [], [], [], [])


def test_lengths_must_agree(table):
    with pytest.raises(ModelError, match="n_det has shape"):
        ReferenceSample.of(table, [1, 2, 3, 4], list("wxyz"), [1] * 3, [20240101] * 4)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.full((4, 10), "1.0", object), "of type object"),
        (np.zeros((4, 9)), "shape \\(4, 9\\)"),
        (np.zeros(10), "shape \\(10,\\)"),
    ],
)
def test_values_that_are_no_table_of_numbers_are_refused(schema, values, message):
    with pytest.raises(ModelError, match=message):
        ReferenceSample.of(FeatureTable(schema, values), [1], ["a"], [1], [20240101])


def test_targets_of_answers(table):
    assert label(table).targets().tolist() == [1, -1, -1, 1]


@pytest.mark.parametrize("wrong", ["unsure", "Anomaly", "", 1, 0])
def test_other_answers_are_refused(table, wrong):
    with pytest.raises(ModelError, match="is not one of anomaly, ordinary, bogus"):
        label(table, ["anomaly", wrong, "bogus", "ordinary"])


def test_contradictory_answers_about_one_object_are_named(table):
    with pytest.raises(ModelError, match="object b has 2 answers \\(anomaly, ordinary\\)"):
        label(table, ["ordinary", "anomaly", "ordinary", "bogus"], "abbc")


def test_agreeing_answers_about_one_object_are_refused_too(table):
    with pytest.raises(ModelError, match="object a has 3 answers \\(bogus\\)"):
        label(table, ["bogus"] * 4, "aaab")


def test_answers_alerts_and_objects_must_be_as_many(table):
    with pytest.raises(ModelError, match="3 answers"):
        label(table, ["anomaly"] * 3)


def test_alert_ids_that_went_through_floats_are_refused(table):
    ids = np.arange(4.0) + 2**60
    with pytest.raises(ModelError, match="alert_ids are of type float64"):
        ReferenceSample.of(table, ids, list("wxyz"), [1] * 4, [20240101] * 4)
    with pytest.raises(ModelError, match="alert_ids are of type float64"):
        LabelledAlerts.of(table, ids, list("wxyz"), ["anomaly"] * 4)
