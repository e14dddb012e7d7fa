import numpy as np
import pytest
from structlog.testing import capture_logs

from fink_ad.alerts import AlertBatch
from fink_ad.errors import ProviderError
from fink_ad.features import Context, FeatureColumn
from fink_ad.features.context import AlertContext
from fink_ad.features.extractor import Extractor
from fink_ad.features.statistics import Statistics
from fink_ad.testing import sample_batch


class Numbers:
    """Alert ids, twice; refuses the ids it is told to."""

    version = "1"

    def __init__(self, name="numbers", refuse=(), requires=(), skip=()):
        self.name, self.refuse, self.requires, self.skip = name, refuse, requires, skip
        self.seen = []

    def columns(self, survey, population):
        return tuple(FeatureColumn(f"{self.name}.{x}", "", self.name, "a number") for x in "ab")

    def applies_to(self, batch, context):
        return ~np.isin(batch.numbers("alert_id"), self.skip)

    def extract(self, batch, context):
        ids = batch.numbers("alert_id").astype(float)
        self.seen.extend(ids)
        if np.isin(ids, self.refuse).any():
            raise ValueError("I do not like this one")
        return np.column_stack([ids, ids])


class Broken(Numbers):
    """Returns what it is told to instead of features."""

    def __init__(self, result):
        super().__init__()
        self.result = result

    def extract(self, batch, context):
        return self.result(len(batch))


def test_table_holds_the_columns_of_all_providers_in_order():
    extractor = Extractor([AlertContext(), Numbers(), Statistics()])
    batch = sample_batch("ztf", 6)
    extraction = extractor.extract(batch, Context())
    schema = extractor.schema("ztf", "transient")
    assert extraction.table.schema is schema
    assert schema.versions == (("context", "2"), ("numbers", "1"), ("statistics", "2"))
    assert extraction.table.values.shape == (6, len(schema.columns))
    for provider in extractor.providers:
        names = [column.id for column in provider.columns("ztf", "transient")]
        expected = provider.extract(batch, Context())
        np.testing.assert_array_equal(extraction.table.select(names), expected)
    assert set(extraction.seconds) == {"context", "numbers", "statistics"}
    assert all(seconds > 0 for seconds in extraction.seconds.values())
    assert extraction.failures == {}


@pytest.mark.parametrize("refuse", [[1], [5], [2, 5], [1, 2, 3, 4, 5, 6, 7]])
def test_one_bad_alert_costs_one_alert_and_one_provider(refuse):
    extractor = Extractor([Numbers(refuse=refuse), Numbers("good")])
    with capture_logs() as logs:
        extraction = extractor.extract(sample_batch("ztf", 7), Context())
    ids = np.arange(1.0, 8)
    np.testing.assert_array_equal(
        extraction.table.values[:, 0], np.where(np.isin(ids, refuse), np.nan, ids)
    )
    np.testing.assert_array_equal(extraction.table.values[:, 3], ids)
    assert extraction.failures == {"numbers": len(refuse)}
    assert [(log["provider"], log["n_failed"]) for log in logs] == [("numbers", len(refuse))]
    assert "I do not like this one" in logs[0]["error"]


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda n: np.zeros((n, 3)), "shape (4, 3) instead of float64 of shape (4, 2)"),
        (lambda n: np.zeros((n, 2), np.float32), "float32"),
        (lambda n: [[1.0, 2.0]] * n, "list"),
        (lambda n: None, "NoneType"),
    ],
)
def test_a_result_of_another_shape_or_type_is_a_failure(result, message):
    # Only the message of the last try, on a single alert, is kept: compare what does not change.
    with capture_logs() as logs:
        extraction = Extractor([Broken(result)]).extract(sample_batch("ztf", 4), Context())
    assert np.isnan(extraction.table.values).all()
    assert extraction.failures == {"numbers": 4}
    assert message.replace("(4,", "(1,") in logs[0]["error"]


def test_infinities_become_nan():
    provider = Broken(lambda n: np.full((n, 2), [np.inf, 1.0]))
    values = Extractor([provider]).extract(sample_batch("ztf", 2), Context()).table.values
    np.testing.assert_array_equal(values, [[np.nan, 1], [np.nan, 1]])


def test_alerts_a_provider_does_not_apply_to_are_not_computed():
    provider = Numbers(skip=[2])
    extraction = Extractor([provider]).extract(sample_batch("ztf", 3), Context())
    np.testing.assert_array_equal(extraction.table.values[:, 0], [1, np.nan, 3])
    assert provider.seen == [1, 3]
    assert extraction.failures == {}


def test_a_missing_side_table_is_a_failure_of_its_provider():
    provider = Numbers(requires=("catalogue",))
    with capture_logs() as logs:
        extraction = Extractor([provider]).extract(sample_batch("ztf", 3), Context())
    assert extraction.failures == {"numbers": 3}
    assert "no table 'catalogue'" in logs[0]["error"]
    assert provider.seen == []
    filled = Extractor([provider]).extract(
        sample_batch("ztf", 3), Context(tables={"catalogue": [1]})
    )
    assert filled.failures == {}


def test_an_empty_batch_gives_an_empty_table():
    extraction = Extractor([Numbers()]).extract(AlertBatch.empty(), Context())
    assert len(extraction.table) == 0


def test_populations_are_not_mixed():
    mixed = sample_batch("ztf", 2).with_population(np.array([0, 1], np.int8))
    with pytest.raises(ProviderError, match="one population at a time"):
        Extractor([Numbers()]).extract(mixed, Context())


def test_two_providers_of_one_name_are_refused():
    with pytest.raises(ProviderError, match="two feature providers are called 'numbers'"):
        Extractor([Numbers(), Numbers()])


def test_a_column_must_carry_its_providers_name():
    provider = Numbers()
    provider.columns = lambda survey, population: (FeatureColumn("mine", "", "x", "y"),)
    with pytest.raises(ProviderError, match="'mine' must begin with 'numbers.'"):
        Extractor([provider]).schema("ztf", "transient")
