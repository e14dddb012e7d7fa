"""All kept alerts of a population at once."""

import numpy as np
import pytest

from fink_ad.store import KeptFor, Store, pack_features


@pytest.fixture
def filled(store: Store, make) -> Store:
    kept = [
        *make.kept([7, 3], KeptFor.TOP, tags=("near a star", "odd")),
        *make.kept([5], KeptFor.RANDOM, ra_deg=float("nan"), n_det=9),
        *make.kept([1], population="solar_system"),
        *make.kept([2], survey="lsst"),
    ]
    store.commit_batch(make.batch([], kept=kept, counts={}))
    return store


def test_the_index(filled: Store, make):
    index = filled.kept_index("ztf", "transient")
    assert index.alert_id.tolist() == [3, 5, 7]
    assert index.object_id.tolist() == ["object3", "object5", "object0"]
    assert np.isnan(index.ra_deg).tolist() == [False, True, False]
    assert index.n_det.tolist() == [4, 9, 4]
    assert index.score.tolist() == [0.003, 0.005, 0.007]
    assert index.tags.tolist() == [("near a star", "odd"), (), ("near a star", "odd")]
    assert index.kept_for.tolist() == [KeptFor.TOP, KeptFor.RANDOM, KeptFor.TOP]
    assert set(index.feature_schema) == {make.schema.hash}
    assert set(index.model_revision) == {make.revision}
    kinds = {name: column.dtype.kind for name, column in vars(index).items()}
    assert set(kinds.values()) == {"i", "f", "O"}
    for record in filled.kept("ztf", [3, 5, 7]):
        row = index.alert_id.tolist().index(record.alert_id)
        for name, column in vars(index).items():
            np.testing.assert_equal(column[row], getattr(record, name))


def test_features_by_schema(filled: Store, make, give_features):
    give_features(filled, "ztf", [5], "new", pack_features(np.array([[1.0, np.nan, 3.0]])))
    ids, values = filled.kept_features("ztf", "transient", make.schema.hash)
    assert ids.tolist() == [3, 7]
    np.testing.assert_array_equal(values, [[0.003, np.sqrt(0.003)], [0.007, np.sqrt(0.007)]])
    ids, values = filled.kept_features("ztf", "transient", "new")
    assert ids.tolist() == [5]
    np.testing.assert_array_equal(values, [[1.0, np.nan, 3.0]])


def test_features_of_some(filled: Store, make):
    ids, values = filled.kept_features(
        "ztf", "transient", make.schema.hash, np.array([7, 99, 3, 7, 1])
    )
    assert ids.tolist() == [3, 7]
    assert values.shape == (2, 2)


def test_of_nothing(store: Store):
    index = store.kept_index("ztf", "transient")
    assert {len(column) for column in vars(index).values()} == {len(index)} == {0}
    for asked in (None, np.array([], np.int64), np.array([1])):
        ids, values = store.kept_features("ztf", "transient", "any", asked)
        assert (ids.shape, values.shape) == ((0,), (0, 0))


def test_more_than_one_part(store: Store, make, monkeypatch):
    monkeypatch.setattr("fink_ad.store.repository.kept_columns._CHUNK", 3)
    store.commit_batch(make.batch(list(range(10))))
    assert store.kept_index("ztf", "transient").alert_id.tolist() == list(range(10))
    everything = store.kept_features("ztf", "transient", make.schema.hash)
    some = store.kept_features("ztf", "transient", make.schema.hash, np.arange(4, 20))
    assert everything[0].tolist() == list(range(10))
    np.testing.assert_array_equal(some[1], everything[1][4:])
