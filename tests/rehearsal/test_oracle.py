"""The simulated reviewer: knows the truth, errs as told, never changes an answer."""

import pandas as pd
import pytest

from fink_ad.errors import ConfigError
from fink_ad.rehearsal import Oracle, parse_oracle

N = 4000


@pytest.fixture
def truth() -> pd.DataFrame:
    kinds = ["kilonova", "bogus", "agn", "rr_lyrae"] * (N // 4)
    return pd.DataFrame(
        {
            "object_id": [f"ZTF26{place:07}" for place in range(N)],
            "class": kinds,
            "anomaly": [kind == "kilonova" for kind in kinds],
        }
    )


def test_without_errors_it_says_the_truth(truth: pd.DataFrame) -> None:
    oracle = Oracle.of(truth)
    told = [oracle.answer(one) for one in truth["object_id"][:4]]
    assert told == ["anomaly", "bogus", "ordinary", "ordinary"]


def test_it_errs_and_doubts_as_often_as_told(truth: pd.DataFrame) -> None:
    right, oracle = Oracle.of(truth), Oracle.of(truth, errs=0.2, unsure=0.1, seed=3)
    pairs = [(right.answer(one), oracle.answer(one)) for one in truth["object_id"]]
    n_unsure = sum(told == "unsure" for _, told in pairs)
    wrong = [pair for pair in pairs if pair[1] not in (pair[0], "unsure")]
    assert abs(n_unsure / N - 0.1) < 0.025
    assert abs(len(wrong) / N - 0.2) < 0.03
    assert {one for one in wrong if one[0] == "anomaly"} == {("anomaly", "ordinary")}
    assert {told for was, told in wrong if was != "anomaly"} == {"anomaly"}


def test_its_mind_depends_on_the_seed_and_the_object_only(truth: pd.DataFrame) -> None:
    one, same = (Oracle.of(truth, errs=0.3, seed=1) for _ in range(2))
    other = Oracle.of(truth, errs=0.3, seed=2)
    ids = truth["object_id"].tolist()
    told = [one.answer(object_id) for object_id in ids]
    assert told == [same.answer(object_id) for object_id in reversed(ids)][::-1]
    assert told != [other.answer(object_id) for object_id in ids]


def test_taste_decides_what_is_an_anomaly(truth: pd.DataFrame) -> None:
    oracle = Oracle.of(truth, taste={"rr_lyrae", "agn"})
    told = [oracle.answer(one) for one in truth["object_id"][:4]]
    assert told == ["ordinary", "bogus", "anomaly", "anomaly"]


def test_it_says_nothing_of_strangers(truth: pd.DataFrame) -> None:
    with pytest.raises(ConfigError, match="nothing of object 'ZTF1'"):
        Oracle.of(truth).answer("ZTF1")


@pytest.mark.parametrize(
    ("text", "shares"),
    [("errs=0.1", (0.1, 0.0)), ("unsure=0.2, errs=0", (0.0, 0.2)), ("errs=1", (1.0, 0.0))],
)
def test_shares_are_read(text: str, shares: tuple[float, float]) -> None:
    assert parse_oracle(text) == shares


@pytest.mark.parametrize(
    "text", ["", "errs", "errs=many", "wrong=0.1", "errs=-0.1", "errs=0.6,unsure=0.5", "errs=nan"]
)
def test_shares_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"errs=0\.1"):
        parse_oracle(text)
