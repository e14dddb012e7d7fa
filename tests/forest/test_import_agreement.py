"""An import is as good as trusted answers, or it does not teach."""

import numpy as np
import pytest

from fink_ad.errors import ModelError
from fink_ad.forest.gate import Answered, Claims, judge
from fink_ad.forest.import_agreement import agreement, disagreements

N_TRUSTED, N_OTHERS = 150, 150


def world(seed):
    """Answered objects, a third of them anomalies, and a contestant that tells them apart."""
    rng = np.random.default_rng(seed)
    is_anomaly = rng.random(N_TRUSTED + N_OTHERS) < 1.0 / 3.0
    strange = 2.0 * is_anomaly + rng.normal(size=len(is_anomaly))
    answered = Answered(
        np.arange(len(is_anomaly)).astype(str),
        np.where(is_anomaly, "anomaly", "ordinary"),
        np.arange(len(is_anomaly)) * 1.0,
        rng.integers(1, 40, len(is_anomaly)),
        np.arange(len(is_anomaly)) < N_TRUSTED,
    )
    folds = np.arange(N_TRUSTED) % 5
    return answered, lambda learn_from, rows: strange[rows], folds


def claims_of(rows, is_anomaly, name="file"):
    return Claims(np.asarray(rows), np.asarray(is_anomaly, np.bool_), np.full(len(rows), name))


def refused(seed, make):
    answered, contestant, folds = world(seed)
    found = agreement(contestant, answered, make(answered), folds)
    return bool(disagreements(found))


def all_wrong(said, n_rows, first=N_TRUSTED):
    def make(answered):
        rows = first + np.flatnonzero(answered.is_anomaly[first:] != said)[:n_rows]
        return claims_of(rows, np.full(n_rows, said))

    return make


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize("n_rows", [1, 4, 8, 30])
def test_a_file_that_says_one_word_and_is_wrong_is_refused(said, n_rows) -> None:
    assert sum(refused(seed, all_wrong(said, n_rows)) for seed in range(40)) == 40


def test_so_it_is_if_it_speaks_of_objects_with_trusted_answers() -> None:
    assert all(refused(seed, all_wrong(True, 8, first=0)) for seed in range(40))


def test_an_honest_file_passes_if_it_is_large_enough_to_tell() -> None:
    def honest(n_rows):
        def make(answered):
            rows = N_TRUSTED + np.arange(n_rows)
            return claims_of(rows, answered.is_anomaly[rows])

        return make

    assert sum(refused(seed, honest(N_OTHERS)) for seed in range(40)) <= 8
    assert all(refused(seed, honest(2)) for seed in range(40))


def test_each_import_is_judged_by_itself() -> None:
    answered, contestant, folds = world(1)
    good = np.arange(N_TRUSTED, N_TRUSTED + 130)
    wrong = np.flatnonzero(~answered.is_anomaly)[-10:]
    names = np.array(["good"] * len(good) + ["it's"] * len(wrong))
    claims = Claims(
        np.concatenate([good, wrong]),
        np.concatenate([answered.is_anomaly[good], np.ones(len(wrong), bool)]),
        names,
    )
    found = agreement(contestant, answered, claims, folds)
    assert found["good"]["n"] == 130
    assert found["it's"]["n_other"] == 0
    assert found["it's"]["worse_other"] is None
    (reason,) = disagreements(found)
    assert "it's" in reason
    assert "fink-ad labels trust or distrust it" in reason
    verdict = judge(contestant, contestant, answered, claims=claims, n_bootstrap=50)
    assert verdict.verdict == "not promoted"
    assert set(verdict.figures["agreement"]) == {"good", "it's"}


def test_the_same_said_twice_counts_once() -> None:
    answered, contestant, folds = world(2)
    once = claims_of([200, 201], [True, True])
    twice = claims_of([200, 201, 200, 201], [True, True, True, True])
    assert agreement(contestant, answered, once, folds) == agreement(
        contestant, answered, twice, folds
    )


def test_claims_have_one_answer_and_name_each() -> None:
    with pytest.raises(ModelError, match="2 rows, 1 answers and 2 names"):
        Claims(np.arange(2), np.ones(1, bool), np.full(2, "file"))
