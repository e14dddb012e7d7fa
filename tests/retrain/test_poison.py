"""A poisoned file of answers does not get past the gate; a good one does."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from fink_ad.learn.answers import passed_imports
from fink_ad.learn.whose import Whose
from fink_ad.retrain import Outcome, retrain
from fink_ad.review.imports import ImportRules, import_labels
from fink_ad.store import Answer, Store

from .conftest import KEY, Home

N_GIVEN_HERE = 200
COLUMN = "statistics.chi2_r"


def truth(home: Home) -> dict[int, Answer]:
    """Say of each object, by one of its kept alerts, what it is: three in ten vary strongly."""
    schema = home.active().schema
    with home.store() as store:
        index = store.kept_index(*KEY)
        _, first = np.unique(index.object_id.astype(str), return_index=True)
        ids, values = store.kept_features(*KEY, schema.hash, index.alert_id[first])
    spread = np.nan_to_num(values[:, schema.names.index(COLUMN)])
    strong = spread > np.quantile(spread, 0.7)
    return {
        int(one): "anomaly" if yes else "ordinary" for one, yes in zip(ids, strong, strict=True)
    }


def other(answer: str) -> str:
    return "ordinary" if answer == "anomaly" else "anomaly"


def write(path: Path, rows: list[tuple[int, str, str]]) -> Path:
    when = datetime(2026, 3, 6, tzinfo=UTC)
    lines = [
        f"{alert},{answer},{who},{when + timedelta(minutes=place):%Y-%m-%dT%H:%M:%SZ}"
        for place, (alert, answer, who) in enumerate(rows)
    ]
    path.write_text("\n".join(["alert_id,answer,who,when", *lines]) + "\n")
    return path


def bring(store: Store, path: Path) -> int:
    rules = ImportRules(survey="ztf", create_reviewers=True)
    return import_labels(store, path, path.stem, rules).n_stored


def judged_with(home: Home, rows: list[tuple[int, str, str]], path: Path) -> Outcome:
    with home.store() as store:
        assert bring(store, write(path, rows)) > 100
        return retrain(store, home.settings(retrain={"bootstrap": 200}), *KEY)


@pytest.fixture
def answers(home: Home) -> dict[int, Answer]:
    """What everything is; of the first objects it was said here."""
    known = truth(home)
    home.answer(lambda ids: [known[int(one)] for one in ids], n=N_GIVEN_HERE)
    return known


def test_without_imports_and_with_one_that_is_trusted_a_new_model_goes_live(
    home: Home, answers: dict[int, Answer], tmp_path: Path
) -> None:
    settings = home.settings(retrain={"bootstrap": 200})
    with home.store() as store:
        outcome = retrain(store, settings, *KEY)
        assert outcome.verdict == "promoted", outcome.reason
        rest = sorted(answers)[N_GIVEN_HERE:]
        bring(store, write(tmp_path / "good.csv", [(one, answers[one], "edwin") for one in rest]))
        store.trust_import("good")
        outcome = retrain(store, settings, *KEY)
        assert outcome.verdict == "promoted", outcome.reason
        assert outcome.figures["n_answers"] == len(answers)
        assert outcome.figures["imports"] == []


@pytest.mark.parametrize("about", ["other objects", "the same objects"])
def test_a_few_answers_judge_no_import(home: Home, tmp_path: Path, about: str) -> None:
    known = truth(home)
    n_here = 90
    home.answer(lambda ids: [known[int(one)] for one in ids], n=n_here)
    before = home.active().revision
    ids = sorted(known)
    wanted = ids[n_here:] if about == "other objects" else ids[:n_here]
    later = [(one, other(known[one]), "vera") for one in wanted]
    with home.store() as store:
        bring(store, write(tmp_path / "poison.csv", later))
        outcome = retrain(store, home.settings(), *KEY)
        assert outcome.verdict == "not enough evidence"
        assert "at least 100 are needed to judge imports" in outcome.reason
    assert home.active().revision == before


@pytest.mark.parametrize("seed", range(3))
def test_a_poisoned_import_does_not(
    home: Home, answers: dict[int, Answer], tmp_path: Path, seed: int
) -> None:
    before = home.active().revision
    chance = random.Random(seed)
    here, rest = sorted(answers)[:N_GIVEN_HERE], sorted(answers)[N_GIVEN_HERE:]
    rows = [
        (one, other(answers[one]) if chance.random() < 0.3 else answers[one], "mallory")
        for one in rest
    ]
    # It contradicts what was said here, in the name of the one who said it, and itself.
    rows += [(one, other(answers[one]), "vera") for one in here[::4]]
    rows += [(one, other(answers[one]), "mallory") for one in here[1::4]]
    rows += [(one, other(answer), "edwin") for one, answer, _ in rows[::5]]
    rows += [(9_000_000_000_000_000_000 + number, "anomaly", "mallory") for number in range(20)]
    outcome = judged_with(home, rows, tmp_path / "poison.csv")
    assert outcome.verdict == "not promoted"
    assert home.active().revision == before
    with home.store() as store:
        assert passed_imports(store, Whose(*KEY)) == frozenset()
        # Judged by what was said here, all of it, whatever the file makes of the same objects.
        assert outcome.figures["n_answers"] == N_GIVEN_HERE
        (decision,) = store.decisions(*KEY)
        assert decision.figures["reason"] == outcome.reason
