"""A poisoned file of answers does not get past the gate; a good one does."""

import random
from pathlib import Path

import pytest

from fink_ad.learn.answers import passed_imports, teaching_answers
from fink_ad.learn.whose import Whose
from fink_ad.retrain import Outcome, retrain
from fink_ad.store import Answer

from .conftest import KEY, Home
from .portal import N_GIVEN_HERE, bring, other, truth, write


def judged_with(home: Home, rows: list[tuple[int, str, str]], path: Path) -> Outcome:
    with home.store() as store:
        assert bring(store, write(path, rows)) > 100
        return retrain(store, home.settings(retrain={"bootstrap": 200}), *KEY)


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


@pytest.mark.parametrize("n_rows", [4, 20])
@pytest.mark.parametrize("said", ["anomaly", "ordinary"])
def test_a_file_that_says_one_word_and_is_wrong_does_not(
    home: Home, answers: dict[int, Answer], tmp_path: Path, said: Answer, n_rows: int
) -> None:
    wrong = [one for one in sorted(answers)[N_GIVEN_HERE:] if answers[one] != said]
    rows = [(one, said, "mallory") for one in wrong[:n_rows]]
    with home.store() as store:
        assert bring(store, write(tmp_path / "poison.csv", rows)) == n_rows
        outcome = retrain(store, home.settings(retrain={"bootstrap": 200}), *KEY)
        assert outcome.verdict == "not promoted"
        assert "import 'poison'" in outcome.reason
        assert outcome.figures["imports"] == ["poison"]
        assert outcome.figures["agreement"]["poison"]["n"] == n_rows


def test_of_two_files_the_wrong_one_is_named_and_left_out_on_demand(
    home: Home, answers: dict[int, Answer], tmp_path: Path
) -> None:
    settings = home.settings(retrain={"bootstrap": 200})
    rest = sorted(answers)[N_GIVEN_HERE:]
    good, bad = rest[::2], rest[1::2]
    with home.store() as store:
        bring(store, write(tmp_path / "good.csv", [(one, answers[one], "edwin") for one in good]))
        wrong = [(one, other(answers[one]), "mallory") for one in bad]
        bring(store, write(tmp_path / "bad.csv", wrong))
        outcome = retrain(store, settings, *KEY)
        assert outcome.verdict == "not promoted"
        assert "import 'bad'" in outcome.reason
        assert "import 'good'" not in outcome.reason
        assert "fink-ad labels trust or distrust" in outcome.reason
        store.distrust_import("bad")
        store.trust_import("good")
        outcome = retrain(store, settings, *KEY)
        assert outcome.verdict == "promoted", outcome.reason
        assert outcome.figures["imports"] == []
        assert outcome.figures["n_answers"] == N_GIVEN_HERE + len(good)


def test_what_is_taken_in_while_a_model_is_judged_is_not_judged_with_it(
    home: Home, answers: dict[int, Answer], tmp_path: Path
) -> None:
    rows = [(one, other(answers[one]), "mallory") for one in sorted(answers)[N_GIVEN_HERE:]]
    with home.store() as store:

        def while_judging(step: str) -> None:
            if step == "judging":
                bring(store, write(tmp_path / "late.csv", rows))

        settings = home.settings(retrain={"bootstrap": 200})
        outcome = retrain(store, settings, *KEY, on_step=while_judging)
        assert outcome.verdict == "promoted", outcome.reason
        assert [one.name for one in store.label_imports()] == ["late"]
        whose = Whose(*KEY)
        assert passed_imports(store, whose) == frozenset()
        assert len(teaching_answers(store, settings.learn, whose)) == N_GIVEN_HERE
