import json

import numpy as np
import pytest

from fink_ad.errors import ModelError
from fink_ad.forest.calibration import MIN_ANSWERS, Calibration
from fink_ad.forest.reliability import brier_score, calibration_error, reliability


def search(seed, gain, n_answers=800, n_objects=6000, n_anomalies=150):
    """Search a sky whose truth is known with a model that changes.

    Returned are what was stated of each object asked about, what they were, the last curve, and
    what it states of those never asked about with what those are.

    The head of the order is asked about, and one object in fourteen at random. Every ten
    answers the model ranks anew: anomalies stand out by 0.8 at first and by `gain` more in the
    end.
    """
    rng = np.random.default_rng(seed)
    is_anomaly = np.arange(n_objects) < n_anomalies
    own = rng.normal(size=n_objects)
    asked = np.zeros(n_objects, bool)
    shares, answers, draws, stated = [], [], [], []
    curve = None
    for step in range(n_answers):
        if step % 10 == 0:
            strength = 0.8 + gain * step / n_answers
            score = strength * is_anomaly + own + 0.3 * rng.normal(size=n_objects)
            order = np.argsort(-score)
            place = np.argsort(order) + 1
            curve = Calibration.learn(np.array(shares), answers, draws)
        if rng.random() < 1 / 14:
            row, draw = rng.choice(np.flatnonzero(~asked)), "random"
        else:
            row, draw = order[np.argmax(~asked[order])], "top"
        asked[row] = True
        shares.append(place[row] / n_objects)
        answers.append("anomaly" if is_anomaly[row] else "ordinary")
        draws.append(draw)
        stated.append(np.nan if curve is None else curve.p(np.array(shares[-1:]))[0])
    return (
        np.array(stated),
        np.array(answers) == "anomaly",
        (curve := Calibration.learn(np.array(shares), answers, draws)),
        (curve.p(place[~asked] / n_objects), is_anomaly[~asked]),
    )


@pytest.mark.parametrize("gain", [0.0, 2.5, -0.5], ids=["steady", "learning", "getting worse"])
def test_what_was_stated_when_asking_comes_true(gain) -> None:
    n_bins = 0
    for seed in (1, 2, 3):
        stated, is_anomaly, curve, _ = search(seed, gain)
        known = np.isfinite(stated)
        assert known.mean() > 0.8
        bins = reliability(stated[known], is_anomaly[known])
        for found in (bin_ for bin_ in bins if bin_.n_answers >= 100):
            n_bins += 1
            off = abs(found.stated - found.observed)
            assert off <= max(0.1, 2 * found.standard_error), found
        # What the calibration says of itself is what an onlooker measures.
        assert curve.expected_error == pytest.approx(calibration_error(bins), abs=0.03)
        assert curve.brier == pytest.approx(brier_score(stated[known], is_anomaly[known]), abs=0.02)
    assert n_bins >= 3


@pytest.mark.parametrize("gain", [0.0, 2.5, -0.5], ids=["steady", "learning", "getting worse"])
def test_what_is_stated_of_objects_never_asked_about_is_true(gain) -> None:
    skies = [search(seed, gain, 520, 3500, 350)[3] for seed in (1, 2, 3)]
    stated, is_anomaly = (np.concatenate(parts) for parts in zip(*skies, strict=True))
    bins = [found for found in reliability(stated, is_anomaly) if found.n_answers >= 100]
    assert bins
    for found in bins:
        off = abs(found.stated - found.observed)
        assert off <= max(0.1, 2 * found.standard_error), found


def test_what_random_draws_say_holds_from_right_below_the_top() -> None:
    rng = np.random.default_rng(4)
    share = np.concatenate([rng.uniform(0.0, 0.05, 400), rng.uniform(0.05, 1.0, 39)])
    draws = np.where(share < 0.05, "top", "random")
    said = answers_of(rng, share, lambda u: np.where(u < 0.05, 0.7, 0.1))
    curve = Calibration.learn(share, said, draws)
    edge = share[draws == "top"].max()
    at_edge, just_below, soon, deep = curve.p(edge * 10.0 ** np.array([0.0, 0.02, 0.1, 1.0]))
    assert at_edge == pytest.approx(0.7, abs=0.12)
    assert at_edge > just_below > at_edge - 0.2  # where the next question stands
    assert soon == pytest.approx(deep, abs=1e-12)
    assert deep == pytest.approx((said[400:] == "anomaly").mean(), abs=0.03)


def answers_of(rng, share, rate):
    return np.where(rng.random(len(share)) < rate(share), "anomaly", "ordinary")


def test_many_answers_from_the_top_do_not_make_the_deep_likely() -> None:
    rng = np.random.default_rng(0)
    top, deep = rng.uniform(0.0, 0.01, 900), rng.uniform(0.01, 1.0, 60)
    share = rng.permutation(np.concatenate([top, deep]))
    said = answers_of(rng, share, lambda u: np.where(u < 0.01, 0.5, 0.01))
    curve = Calibration.learn(share, said, np.where(share < 0.01, "top", "random"))
    near, far = curve.p(np.array([0.005, 0.6]))
    assert (said == "anomaly").mean() > 0.4
    assert near == pytest.approx(0.5, abs=0.12)
    assert far < 0.05
    assert curve.deepest == 1.0


def test_never_rises_with_the_place() -> None:
    rng = np.random.default_rng(1)
    share = rng.uniform(0.0, 1.0, 400)
    said = answers_of(rng, share, lambda u: 0.2 + 0.6 * u)  # the wrong way round
    curve = Calibration.learn(share, said, np.full(400, "random"))
    stated = curve.p(np.linspace(0.001, 1.0, 300))
    assert np.isfinite(stated).all()
    assert (np.diff(stated) <= 1e-12).all()


def test_places_nobody_asked_about_are_unknown() -> None:
    rng = np.random.default_rng(2)
    share = rng.uniform(0.001, 0.02, 200)
    share[100:119] = np.linspace(0.1, 0.9, 19)  # too few to speak for the depth
    draws = np.where(share > 0.05, "random", "top")
    said = answers_of(rng, share, lambda u: 0.3 + 0 * u)
    curve = Calibration.learn(share, said, draws)
    inside = share[draws == "top"].max()
    stated = curve.p(np.array([inside, inside * 1.01, 0.5, 1.0, 0.0, np.nan]))
    assert np.isfinite(stated[0])
    assert np.isnan(stated[1:]).all()
    # One random answer more and the depth is known.
    more = Calibration.learn(
        np.append(share, 0.95), np.append(said, "ordinary"), np.append(draws, "random")
    )
    assert np.isfinite(more.p(np.array([0.5, 1.0]))).all()


def test_only_draws_by_place_count_and_unsure_teaches_nothing() -> None:
    rng = np.random.default_rng(3)
    share = rng.uniform(0.0, 0.1, 120)
    said = answers_of(rng, share, lambda u: 0.4 + 0 * u)
    draws = np.full(120, "top")
    plain = Calibration.learn(share, said, draws)
    noise = np.array(["novel", "gold", "repeat", "returned"] * 20)
    padded = Calibration.learn(
        np.concatenate([rng.uniform(0.0, 1.0, 80), share, [0.05]]),
        np.concatenate([np.full(80, "anomaly"), said, ["unsure"]]),
        np.concatenate([noise, draws, ["top"]]),
    )
    assert padded == plain
    bogus = np.where(said == "ordinary", "bogus", said)
    assert Calibration.learn(share, bogus, draws) == plain


def test_too_few_answers_say_nothing() -> None:
    share = np.linspace(0.01, 0.5, MIN_ANSWERS)
    said, draws = ["ordinary"] * MIN_ANSWERS, ["top"] * MIN_ANSWERS
    assert Calibration.learn(share[1:], said[1:], draws[1:]) is None
    assert Calibration.learn(share, said, ["novel"] * MIN_ANSWERS) is None
    never = Calibration.learn(share, said, draws)
    assert 0.0 < never.p(np.array([0.1]))[0] < 0.05  # no certainty from fifty answers


def test_one_place_asked_again_and_again() -> None:
    said = ["anomaly", "ordinary"] * 50
    curve = Calibration.learn(np.full(100, 0.001), said, ["top"] * 100)
    assert curve.p(np.array([0.0005, 0.001])) == pytest.approx([0.5, 0.5], abs=0.02)


def test_json_and_back() -> None:
    _, _, curve, _ = search(5, 1.0, n_answers=120)
    assert Calibration.from_json(json.loads(json.dumps(curve.to_json()))) == curve
    share = np.full(50, 0.5)
    few = Calibration.learn(share, ["ordinary"] * 50, ["top"] * 50)
    again = Calibration.from_json(json.loads(json.dumps(few.to_json(), allow_nan=False)))
    np.testing.assert_equal(again.to_json(), few.to_json())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"log_share": [0.0, -1.0]}, "does not fall"),
        ({"probability": [0.1, 0.9]}, "does not fall"),
        ({"deepest": float("nan")}, "does not fall"),
        ({"bins": [{"low": 0}]}, "no calibration"),
        ({"n_answers": None}, "no calibration"),
    ],
)
def test_damaged_json_is_refused(change, message) -> None:
    _, _, curve, _ = search(5, 1.0, n_answers=120)
    whole = {**curve.to_json(), "log_share": [-1.0, 0.0], "probability": [0.9, 0.1]}
    Calibration.from_json(whole)
    with pytest.raises(ModelError, match=message):
        Calibration.from_json(whole | change)


def test_impossible_places_and_lengths_are_refused() -> None:
    for wrong in (0.0, 1.1, np.nan):
        with pytest.raises(ModelError, match="divide the place"):
            Calibration.learn(np.array([wrong]), ["anomaly"], ["top"])
    with pytest.raises(ModelError, match="2 answers, 1 draws"):
        Calibration.learn(np.array([0.1, 0.2]), ["anomaly", "bogus"], ["top"])


def test_reliability_by_hand() -> None:
    stated = np.array([0.05, 0.05, 0.95, 1.0])
    bins = reliability(stated, np.array([False, True, True, True]))
    assert [(b.n_answers, b.observed) for b in bins] == [(2, 0.5), (2, 1.0)]
    assert calibration_error(bins) == pytest.approx(0.5 * 0.45 + 0.5 * 0.025)
    assert brier_score(stated, np.array([False, True, True, True])) == pytest.approx(
        (0.0025 + 0.9025 + 0.0025) / 4
    )
    assert np.isnan(calibration_error(()))
