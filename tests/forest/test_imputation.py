import numpy as np
import pytest

from fink_ad.errors import ModelError
from fink_ad.forest.imputation import LARGEST, Imputation


def test_medians_are_of_finite_values_only():
    values = np.array([[1.0, np.nan], [3.0, 5.0], [np.inf, 7.0], [-np.inf, np.nan], [8.0, 9.0]])
    assert Imputation.learn(values).medians.tolist() == [3.0, 7.0]


def test_columns_without_a_finite_value_are_left_out():
    values = np.array([[np.nan, 1.0, np.inf], [np.nan, 2.0, np.nan]])
    learned = Imputation.learn(values)
    assert learned.columns.tolist() == [1]
    assert learned.prepare(np.array([[4.0, 5.0, 6.0]])).tolist() == [[5.0]]


@pytest.mark.parametrize("shape", [(1, 3), (4, 1), (2, 0)])
def test_nothing_finite_is_an_error(shape):
    with pytest.raises(ModelError, match="nothing to learn from"):
        Imputation.learn(np.full(shape, np.nan))


def test_prepared_values_are_finite_float32():
    learned = Imputation.learn(np.array([[2.0], [4.0]]))
    given = np.array([[np.nan], [np.inf], [-np.inf], [1e300], [-1e300], [1.5]])
    prepared = learned.prepare(given)
    assert prepared.dtype == np.float32
    assert prepared[:, 0].tolist() == [3.0, 3.0, 3.0, LARGEST, -LARGEST, 1.5]
    assert np.isnan(given[0, 0])  # the table is left as it was


def test_huge_medians_are_cut_too():
    learned = Imputation.learn(np.array([[1e300]]))
    assert learned.prepare(np.array([[np.nan]])).tolist() == [[LARGEST]]


def test_memory_order_and_type_do_not_matter():
    values = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    learned = Imputation.learn(values.astype(np.float64))
    expected = learned.prepare(values.astype(np.float64))
    np.testing.assert_array_equal(learned.prepare(np.asfortranarray(values)), expected)


@pytest.mark.parametrize(
    ("columns", "medians"),
    [
        (np.array([0, 4]), np.array([0.0, 0.0])),  # beyond the schema
        (np.array([-1, 0]), np.array([0.0, 0.0])),
        (np.array([0, 1]), np.array([0.0])),
        (np.array([0, 1]), np.array([0.0, np.nan])),
        (np.array([0.0, 1.0]), np.array([0.0, 0.0])),
        (np.array([[0, 1]]), np.array([[0.0, 0.0]])),
    ],
)
def test_arrays_that_do_not_fit_the_schema_are_refused(columns, medians):
    with pytest.raises(ModelError, match="do not belong"):
        Imputation.from_arrays({"columns": columns, "medians": medians}, 4)
