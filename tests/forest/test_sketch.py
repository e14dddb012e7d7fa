import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fink_ad.errors import ModelError
from fink_ad.forest import ScoreSketch, peer_bin
from fink_ad.forest.sketch import N_EXACT


def sketch_of(scores, n_det=5, night=20240101, first=0):
    n = len(scores)
    return ScoreSketch.of(
        np.asarray(scores, np.float64),
        np.broadcast_to(n_det, n),
        [f"o{first + i}" for i in range(n)],
        np.full(n, night, np.int32),
    )


def test_peer_bins():
    n_det = np.array([-1, 0, 1, 2, 3, 4, 7, 8, 15, 16, 10_000])
    assert peer_bin(n_det).tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_an_object_counts_once_a_night_with_its_strangest_score():
    sketch = ScoreSketch.of(
        np.array([0.3, 0.9, 0.5, 0.4]),
        np.array([1, 20, 20, 1]),
        ["a", "a", "a", "b"],
        np.array([20240101, 20240101, 20240102, 20240101], np.int32),
    )
    assert sketch.bin_sizes.tolist() == [1, 0, 0, 0, 2]
    assert sketch.top_score.tolist() == [0.4, 0.9, 0.5]


scores = st.lists(st.floats(-1e6, 1e6), max_size=30)


@given(scores, st.floats(-1e6, 1e6))
def test_small_samples_are_counted_exactly(values, score):
    counted = sketch_of(values).count_at_or_above(np.array([score]), 2)
    assert counted.tolist() == [sum(value >= score for value in values)]


@pytest.mark.parametrize("shift", [0.0, -3.0, 1000.0])
def test_large_samples_are_exact_at_the_top_and_never_low_below(shift):
    values = np.random.default_rng(0).normal(size=20_000) * 0.1 + shift
    sketch = sketch_of(values)
    asked = np.quantile(values, np.linspace(0, 1, 500))
    true = (values[:, None] >= asked).sum(axis=0)
    counted = sketch.count_at_or_above(asked, 2)
    assert (counted[true < N_EXACT] == true[true < N_EXACT]).all()
    assert (counted >= true).all()
    if shift <= 0.0:
        assert (counted - true).max() < 0.02 * len(values)


def test_counts_never_rise_with_the_score():
    sketch = sketch_of(np.random.default_rng(0).normal(size=5000))
    asked = np.linspace(-5, 5, 2001)
    assert (np.diff(sketch.count_at_or_above(asked, 2)) <= 0).all()


def test_the_order_of_scores_does_not_matter():
    rng = np.random.default_rng(0)
    columns = [
        rng.integers(0, 300, 5000) / 300,  # many ties
        rng.integers(1, 30, 5000),
        rng.integers(0, 3000, 5000).astype(str),
        np.full(5000, 20240101, np.int32),
    ]
    order = rng.permutation(5000)
    shuffled = ScoreSketch.of(*(column[order] for column in columns))
    assert shuffled.content_hash == ScoreSketch.of(*columns).content_hash


def test_the_empty_sketch_counts_nothing():
    assert ScoreSketch.empty().count_at_or_above(np.array([0.0]), 0).tolist() == [0]


def test_both_zeros_are_one():
    assert sketch_of([0.0]).content_hash == sketch_of([-0.0]).content_hash


def test_a_sketch_of_many_scores_is_small():
    sketch = sketch_of(0.5 + 0.03 * np.random.default_rng(0).normal(size=200_000))
    assert sum(array.nbytes for array in sketch.to_arrays().values()) < 100_000


def test_scores_that_are_not_finite_are_refused():
    with pytest.raises(ModelError, match="2 scores are not finite"):
        sketch_of([0.1, np.nan, np.inf])


def test_arrays_make_it_again():
    sketch = sketch_of(np.random.default_rng(0).normal(size=3000))
    again = ScoreSketch.from_arrays(sketch.to_arrays())
    assert again.content_hash == sketch.content_hash


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("cell", np.zeros(2)),
        ("cell_count", np.zeros(5, np.int64)),
        ("top_object", np.zeros(2, np.int8)),
        ("top_bin", np.array([0, 7], np.int8)),
        ("more", np.zeros(2)),
    ],
)
def test_other_arrays_are_refused(name, array):
    with pytest.raises(ModelError, match="sketch"):
        ScoreSketch.from_arrays({**sketch_of([0.1, 0.2]).to_arrays(), name: array})
