"""Candidates come strangest first, with what a reviewer sees at a glance."""

import pytest

from fink_ad.store import Store


@pytest.fixture
def filled(store: Store, make) -> Store:
    store.commit_batch(make.batch(list(range(100, 130))))
    other = make.candidate(999, night=20260323, model_revision="revision-2", score=2.0)
    store.commit_batch(make.batch([999], start=100, candidates=(other,)))
    return store


def test_strangest_first_and_one_per_object(filled: Store):
    found = filled.candidates(top=5)
    assert [one.score for one in found] == [2.0, 0.129, 0.128, 0.127, 0.126]
    everything = filled.candidates(top=None)
    assert len({one.object_id for one in everything}) == len(everything) == 7


def test_all_alerts_of_an_object_on_request(filled: Store):
    assert len(filled.candidates(top=None, best_per_object=False)) == 31


@pytest.mark.parametrize(
    ("wanted", "n"),
    [
        ({"night": 20260323}, 1),
        ({"model": "revision-1"}, 30),
        ({"survey": "lsst"}, 0),
        ({"object_id": "object1"}, 4),
        ({"population": "solar_system"}, 0),
        ({"survey": "ztf", "population": "transient", "night": 20260322}, 30),
    ],
)
def test_selection(filled: Store, wanted, n):
    assert len(filled.candidates(top=None, best_per_object=False, **wanted)) == n


def test_nights_and_models_of_candidates_latest_first(filled: Store):
    nights = filled.candidate_nights("ztf", "transient")
    assert nights == ((20260323, "revision-2"), (20260322, "revision-1"))
    assert filled.candidate_nights("lsst", "transient") == ()


def test_a_candidate_comes_back_as_it_went(store: Store, make):
    candidate = make.candidate(7, top_features=(("toy.first", float("nan"), 0.5),))
    store.commit_batch(make.batch([7], candidates=(candidate,)))
    (found,) = store.candidates()
    for name in ("survey", "alert_id", "score", "one_in", "reasons", "tags", "model_revision"):
        assert getattr(found, name) == getattr(candidate, name)
    assert found.top_features == (["toy.first", None, 0.5],)
    assert (found.ra_deg, found.band, found.broker_classes) == (10.0, "r", ("clf=SN",))


def test_equal_scores_are_ordered_by_id(store: Store, make):
    tied = tuple(make.candidate(one, score=1.0) for one in (5, 3, 4))
    store.commit_batch(make.batch([3, 4, 5], candidates=tied))
    assert [one.alert_id for one in store.candidates()] == [3, 4, 5]
