import numpy as np
import pytest
from numpy.testing import assert_allclose

from fink_ad.errors import ModelError
from fink_ad.features import FeatureTable
from fink_ad.forest import Model
from fink_ad.forest.neighbours import NeighbourIndex


@pytest.fixture(scope="module")
def pool(make_table):
    return make_table(300, 8)


def ids(n):
    return [f"o{i // 3}" for i in range(n)]  # three alerts an object


@pytest.mark.parametrize("space", ["leaf", "feature"])
@pytest.mark.parametrize("learner", ["static", "fal"])
def test_they_are_those_found_by_hand(space, learner, pool, make_table, describe):
    model = Model.train(make_table(400), **describe(400), learner=learner)
    index = NeighbourIndex(model, pool, ids(300), ["bogus"] * 300, ["SN"] * 300, space)
    asked = FeatureTable(pool.schema, pool.values[[0, 150]])
    found = index.nearest(asked, ["o0", "o50"], k=4)
    values, queries = model.prepare(pool), model.prepare(asked)
    if space == "leaf":
        leaves, points = model.learner.leaves(values), model.learner.leaves(queries)
        away = np.array([1 - (leaves == point).mean(axis=1) for point in points])
    else:
        low, middle, high = np.quantile(
            model.prepare(FeatureTable(pool.schema, model.reference.values)),
            [0.16, 0.5, 0.84],
            axis=0,
        )
        scaled, points = ((v - middle) / (high - low) * 2 for v in (values, queries))
        away = np.array([np.linalg.norm(scaled - point, axis=1) for point in points])
    by_object = away.reshape(2, 100, 3).min(axis=2)
    by_object[[0, 1], [0, 50]] = np.inf
    assert_allclose(found.distances, np.sort(by_object, axis=1)[:, :4], rtol=1e-5)
    assert np.take_along_axis(away, found.rows, axis=1) == pytest.approx(found.distances)
    assert all(len(set(row)) == 4 for row in found.object_ids)
    assert (found.answers == "bogus").all()
    assert (found.classes == "SN").all()


def test_fewer_objects_than_asked_for(model, pool):
    few = FeatureTable(pool.schema, pool.values[:4])
    found = NeighbourIndex(model, few, ["a", "a", "b", "c"]).nearest(few, ["a", "a", "b", "x"], 5)
    assert [(row >= 0).sum() for row in found.rows] == [2, 2, 2, 3]
    assert (found.object_ids[found.rows < 0] == "").all()
    assert np.isnan(found.distances[found.rows < 0]).all()
    assert found.distances[3, 0] == 0.0


def test_what_does_not_fit_is_refused(model, pool):
    with pytest.raises(ModelError, match="answers has shape"):
        NeighbourIndex(model, pool, ids(300), ["bogus"])
    with pytest.raises(ModelError, match="no space 'inner'"):
        NeighbourIndex(model, pool, ids(300), space="inner")
