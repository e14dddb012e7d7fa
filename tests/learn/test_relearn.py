"""Relearning: new answers make a new revision, and only they do."""

from pathlib import Path

import numpy as np
import pytest

from fink_ad.errors import ModelError
from fink_ad.forest import Model
from fink_ad.learn import relearn
from fink_ad.pipeline import run
from fink_ad.sources.files import FilesSource
from fink_ad.store import Store, pack_features

KEY = ("ztf", "transient")


def test_without_answers_nothing_changes(home: Path, hand) -> None:
    with Store.open(home) as store:
        before = store.active_model(*KEY)
        assert relearn(store, hand.settings(home), *KEY) is None
        hand.answer(store, ["unsure"])
        model = relearn(store, hand.settings(home), *KEY)
        assert model is None
        assert store.active_model(*KEY) == before


def test_without_a_model_there_is_nothing_to_do(tmp_path: Path, hand) -> None:
    with Store.open(tmp_path) as store:
        assert relearn(store, hand.settings(tmp_path), *KEY) is None


def test_answers_make_a_revision_that_the_next_night_is_ranked_with(
    home: Path, nights: tuple[Path, ...], hand
) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        first = hand.active(store)
        labels = hand.answer(store, ["anomaly", "ordinary", "bogus", "unsure"])
        model = relearn(store, settings, *KEY)
        assert model is not None
        found = store.active_model(*KEY)
        assert found is not None
        assert (found.revision.id, found.model.id) == (model.revision, first.id)
        assert found.revision.n_labels == 3
        assert model.labelled is not None
        assert dict(
            zip(model.labelled.alert_ids.tolist(), model.labelled.answers, strict=True)
        ) == {label.alert_id: label.answer for label in labels[:3]}
        np.testing.assert_array_equal(model.reference.values, first.reference.values)
        summary = run(FilesSource([nights[1]]), store, settings)
        assert summary.n_scored
        assert summary.models["ztf/transient"] == model.revision
        # The same answers again are no news.
        again = relearn(store, settings, *KEY)
        assert again is not None
        assert again.revision == model.revision


def test_answers_that_are_all_taken_back_are_unlearned(home: Path, hand) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        first = hand.active(store)
        (label,) = hand.answer(store, ["anomaly"])
        relearn(store, settings, *KEY)
        assert hand.active(store).revision != first.revision
        store.retract_label(label.id, label.reviewer_id, "test")
        relearn(store, settings, *KEY)
        assert hand.active(store).revision == first.revision


def test_answers_with_features_of_another_schema_wait(home: Path, hand, give_features) -> None:
    with Store.open(home) as store:
        one, other = hand.answer(store, ["anomaly", "ordinary"])
        give_features(store, "ztf", [other.alert_id], "another", [b"12345678"])
        # Only answers given from now on have the other features.
        (_, newer) = hand.answer(store, ["anomaly", "anomaly"], reviewer="edwin")
        assert newer.feature_schema == "another"
        model = relearn(store, hand.settings(home), *KEY)
        assert model is not None
        assert model.labelled is not None
        assert model.labelled.alert_ids.tolist() == [one.alert_id]


def test_a_learner_that_ignores_answers_is_refused_and_another_takes_over(home: Path, hand) -> None:
    with Store.open(home) as store:
        hand.answer(store, ["anomaly", "ordinary"])
        with pytest.raises(ModelError, match="'static' does not use answers.*'fal'"):
            relearn(store, hand.settings(home, "static"), *KEY)
        first = hand.active(store)
        model = relearn(store, hand.settings(home, "aad"), *KEY)
        assert model is not None
        assert model.learner.name == "aad"
        found = store.active_model(*KEY)
        assert found is not None
        assert found.model.id not in (first.id, model.id)
        bare = Model.load(hand.settings(home).models_dir / found.model.id)
        assert bare.labelled is None
        np.testing.assert_array_equal(bare.reference.alert_ids, first.reference.alert_ids)


def test_features_computed_anew_stay_when_the_next_answer_is_learned(
    home: Path, hand, give_features
) -> None:
    with Store.open(home) as store:
        (label,) = hand.answer(store, ["anomaly"])
        _, before = store.kept_features(*KEY, label.feature_schema, np.array([label.alert_id]))
        anew = pack_features(before + 1.0)
        give_features(store, "ztf", [label.alert_id], label.feature_schema, anew)
        model = relearn(store, hand.settings(home), *KEY)
    assert model is not None
    assert model.labelled is not None
    np.testing.assert_array_equal(model.labelled.table.values, before + 1.0)
