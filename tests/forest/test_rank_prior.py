import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fink_ad.errors import ModelError
from fink_ad.forest.rank_prior import RankPrior

finite = st.floats(-10.0, 10.0, width=32)


def test_values_on_the_reference():
    scores = np.arange(10_001.0)
    prior = RankPrior.of(scores)
    assert prior(scores[-1:]) == 1.0
    assert prior(scores[:1]) == -1.0
    assert prior(scores[-2:-1]) == pytest.approx(1.0 - 2.0 * 1e-4**0.25)


@settings(max_examples=60, deadline=None)
@given(st.lists(finite, min_size=1, max_size=40), st.lists(finite, min_size=2, max_size=20))
def test_a_higher_score_never_has_a_lower_prior(reference, asked):
    prior = RankPrior.of(np.array(reference, np.float64))
    scores = np.unique(np.array(asked, np.float64))
    assert (np.diff(prior(scores)) >= 0.0).all()


def test_beyond_the_reference_it_still_rises():
    prior = RankPrior.of(np.array([0.0, 0.5, 1.0]))
    values = prior(np.array([-2.0, -1.0, 0.0, 1.0, 1.5, 2.5]))
    assert (np.diff(values) > 0.1).all()


def test_equal_scores_share_a_rank():
    prior = RankPrior.of(np.array([0.0, 1.0, 1.0, 2.0]))
    assert prior(np.array([1.0])) == pytest.approx(1.0 - 2.0 * 0.5**0.25)


def test_among_peers_the_strangest_of_each_bin_stand_alike():
    scores = np.concatenate([np.linspace(0, 1, 500), np.linspace(5, 6, 500)])
    bins = np.repeat([0, 4], 500).astype(np.int8)
    prior = RankPrior.of(scores, bins)
    values = prior(scores, bins)
    assert values[499] == values[999] == 1.0
    np.testing.assert_allclose(values[:500], values[500:])


def test_few_peers_borrow_from_their_neighbours():
    scores = np.linspace(0, 1, 201)
    bins = np.zeros(201, np.int8)
    bins[-1] = 1
    prior = RankPrior.of(scores, bins)
    assert prior(np.array([0.5]), np.array([1], np.int8)) == pytest.approx(1 - 2 * 0.5**0.25)


def test_peers_are_asked_for():
    prior = RankPrior.of(np.arange(9.0), np.zeros(9, np.int8))
    with pytest.raises(ModelError, match="number of detections of each of 2"):
        prior(np.array([1.0, 2.0]))


@pytest.mark.parametrize(
    "damage",
    [
        {"starts": np.array([0, 3])},
        {"starts": np.array([0, 2, 9])},
        {"ranks": np.zeros(3)},
        {"knots": np.array([0.0, np.nan, 1.0, 2.0])},
        {"knots": np.zeros(4, np.float32)},
        {"more": np.zeros(4)},
    ],
)
def test_damaged_arrays_are_refused(damage):
    arrays = RankPrior.of(np.arange(4.0)).to_arrays()
    RankPrior.from_arrays(arrays)
    with pytest.raises(ModelError):
        RankPrior.from_arrays({**arrays, **damage})
