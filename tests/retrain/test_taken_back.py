"""What an operator took back stays out until an operator brings it back."""

from pathlib import Path

from fink_ad.learn.answers import passed_imports, teaching_answers
from fink_ad.learn.relearn import relearn
from fink_ad.learn.whose import Whose
from fink_ad.retrain import promote_model, retrain, rollback_model
from fink_ad.store import Answer

from .conftest import KEY, Home
from .portal import N_GIVEN_HERE, bring, write


def test_a_model_that_was_taken_back_stays_out(home: Home, answers: dict[int, Answer]) -> None:
    settings = home.settings(retrain={"bootstrap": 100})
    with home.store() as store:
        first = retrain(store, settings, *KEY)
        assert first.verdict == "promoted", first.reason
        rollback_model(store, settings, *KEY, "ada")
        again = retrain(store, settings, *KEY)
        assert (again.contender, again.verdict) == (first.contender, "not promoted")
        assert "taken back by ada" in again.reason
        assert store.decisions(*KEY)[-1].figures["gate"] == "promoted"
        # Nor does one answer more make another model of it.
        home.answer(lambda ids: [answers[int(one)] for one in ids], n=N_GIVEN_HERE + 1)
        later = retrain(store, settings, *KEY)
        assert later.contender != first.contender
        assert "taken back by ada" in later.reason
        promote_model(store, settings, first.contender, "ada")
        assert retrain(store, settings, *KEY).verdict == "promoted"


def test_imports_of_a_model_that_was_taken_back_wait_for_a_word(
    home: Home, answers: dict[int, Answer], tmp_path: Path
) -> None:
    settings = home.settings(retrain={"bootstrap": 100})
    other_trees = home.settings(retrain={"bootstrap": 100}, forest={"seed": 7})
    rest = sorted(answers)[N_GIVEN_HERE:]
    with home.store() as store:
        bring(store, write(tmp_path / "file.csv", [(one, answers[one], "edwin") for one in rest]))
        retrain(store, settings, *KEY, force_by="ada")
        assert passed_imports(store, Whose(*KEY)) == {"file"}
        rollback_model(store, settings, *KEY, "ada")
        outcome = retrain(store, other_trees, *KEY)
        assert outcome.verdict == "not promoted"
        assert "it learned from 'file' as the model did that ada took back" in outcome.reason
        store.distrust_import("file")
        outcome = retrain(store, other_trees, *KEY)
        assert outcome.verdict == "promoted", outcome.reason


def test_a_later_revision_keeps_the_imports_its_model_was_judged_with(
    home: Home, answers: dict[int, Answer], tmp_path: Path
) -> None:
    settings = home.settings(retrain={"bootstrap": 100})
    rest = sorted(answers)[N_GIVEN_HERE:]
    with home.store() as store:
        before = home.active().revision
        bring(store, write(tmp_path / "file.csv", [(one, answers[one], "edwin") for one in rest]))
        promoted = retrain(store, settings, *KEY, force_by="ada")
        home.answer(lambda ids: ["bogus"] * len(ids), n=1)
        revision = relearn(store, settings, *KEY)
        assert revision is not None
        assert revision.revision != promoted.contender
        rollback_model(store, settings, *KEY, "ada")
        assert home.active().revision == before
        decision = promote_model(store, settings, revision.revision, "ada")
        assert decision.figures["imports"] == ["file"]
        assert passed_imports(store, Whose(*KEY)) == {"file"}


def test_an_import_that_grew_since_it_was_judged_waits_to_be_judged_again(
    home: Home, answers: dict[int, Answer], tmp_path: Path
) -> None:
    settings = home.settings(retrain={"bootstrap": 100})
    rest = sorted(answers)[N_GIVEN_HERE:]
    with home.store() as store:
        bring(store, write(tmp_path / "file.csv", [(one, answers[one], "edwin") for one in rest]))
        retrain(store, settings, *KEY, force_by="ada")
        assert passed_imports(store, Whose(*KEY)) == {"file"}
        home.answer(lambda ids: ["anomaly"] * len(ids), "mallory", n=1, channel="import:file")
        assert passed_imports(store, Whose(*KEY)) == frozenset()
        teaching = teaching_answers(store, settings.learn, Whose(*KEY))
        assert len(teaching) == N_GIVEN_HERE
