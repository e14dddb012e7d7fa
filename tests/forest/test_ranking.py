import numpy as np
import pytest

from fink_ad.forest import (
    DEFAULT_THRESHOLD,
    PROVISIONAL_BELOW,
    ScoreSketch,
    candidate_threshold,
    is_candidate,
    is_provisional,
    kept_threshold,
    rarity,
)


def sketch_of(scores, n_det):
    n = len(scores)
    objects = [f"o{i}" for i in range(n)]
    return ScoreSketch.of(scores, np.broadcast_to(n_det, n), objects, np.full(n, 20240101))


@pytest.fixture(scope="module")
def thousand():
    """Scores 1..1000 of alerts with 20 detections."""
    return sketch_of(np.arange(1.0, 1001.0), 20)


def test_rarity_by_hand(thousand):
    found = rarity(thousand, np.array([1000.5, 1000.0, 991.0, 1.0]), np.full(4, 20))
    np.testing.assert_allclose(found.one_in, [1001.0, 1001 / 2, 1001 / 11, 1.0])
    assert found.beyond.tolist() == [True, False, False, False]
    assert found.n_peers.tolist() == [1000] * 4


def test_alerts_compete_with_their_peers_only():
    few_points, many_points = np.linspace(0.5, 0.9, 500), np.linspace(0.1, 0.4, 500)
    scores = np.concatenate([few_points, many_points])
    sketch = sketch_of(scores, np.repeat([1, 20], 500))
    found = rarity(sketch, np.array([0.45, 0.45]), np.array([1, 20]))
    assert found.one_in.tolist() == [1.0, 501.0]


def test_a_bin_with_few_peers_borrows_from_its_neighbours():
    scores = np.linspace(0.0, 1.0, 350)
    sketch = sketch_of(scores, np.repeat([1, 3, 5, 20], [20, 90, 40, 200]))
    n_det = np.array([1, 3, 5, 10, 20])
    found = rarity(sketch, np.full(5, 0.5), n_det)
    # Bins hold 20, 90, 40, 0, 200: each takes a neighbour on both sides until it has 100.
    assert found.n_peers.tolist() == [110, 150, 130, 240, 200]


def test_without_any_reference_nothing_is_a_candidate():
    found = rarity(ScoreSketch.empty(), np.array([0.9]), np.array([1]))
    assert found.one_in.tolist() == [1.0]
    assert not is_candidate(ScoreSketch.empty(), found).any()


@pytest.mark.parametrize(("n_alerts", "n_candidates"), [(7, 1), (60, 1), (300, 5), (1000, 19)])
def test_a_first_night_gives_a_list(n_alerts, n_candidates):
    scores = np.random.default_rng(0).normal(size=n_alerts)
    sketch = sketch_of(scores, 5)
    chosen = is_candidate(sketch, rarity(sketch, scores, np.full(n_alerts, 5)))
    assert chosen.sum() == n_candidates
    assert scores[chosen].min() > scores[~chosen].max()


def test_the_threshold_is_lowered_smoothly_and_never_raised():
    sizes = [100, 999, 1001, 5000, 19_999, 20_000, 50_000]
    sketches = [sketch_of(np.arange(float(n)), 5) for n in sizes]
    many = np.array([10**6])
    thresholds = [candidate_threshold(sketch, many)[0] for sketch in sketches]
    assert thresholds == pytest.approx([50, 50, 50.05, 250, 999.95, 1000, 1000])
    assert [is_provisional(sketch) for sketch in sketches] == [True] * 5 + [False] * 2
    assert sizes[5] == PROVISIONAL_BELOW
    assert all(candidate_threshold(sketch, many, 20.0)[0] == 20.0 for sketch in sketches)


def test_the_strangest_among_few_peers_is_a_candidate():
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.random(30_000), [0.5] * 199, [0.7]])
    sketch = sketch_of(scores, np.repeat([5, 1], [30_000, 200]))
    found = rarity(sketch, np.array([0.7, 0.6, 0.5]), np.array([1, 1, 1]))
    assert is_candidate(sketch, found, DEFAULT_THRESHOLD).tolist() == [True, True, False]


def test_being_a_candidate_does_not_depend_on_the_batch(thousand):
    scores, n_det = np.linspace(900, 1100, 201), np.full(201, 20)
    together = is_candidate(thousand, rarity(thousand, scores, n_det))
    alone = [
        bool(is_candidate(thousand, rarity(thousand, scores[i : i + 1], n_det[:1]))[0])
        for i in range(201)
    ]
    assert together.tolist() == alone
    assert 0 < together.sum() < 201


@pytest.mark.parametrize("n_peers", [150, 2000, 30_000])
def test_the_strangest_hundredth_is_kept(n_peers):
    scores = np.random.default_rng(1).normal(size=n_peers)
    sketch = sketch_of(scores, 5)
    threshold = kept_threshold(sketch, np.array([5]))[0]
    n_kept = (scores >= threshold).sum()
    assert 1 <= n_kept <= max(1, 0.01 * n_peers)
    assert n_kept >= 0.95 * 0.01 * n_peers - 1


def test_without_reference_nothing_is_kept_for_its_score():
    assert kept_threshold(ScoreSketch.empty(), np.array([3])).tolist() == [np.inf]
