"""Relearning: new answers make a new revision, and only they do."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from fink_ad.config import Settings
from fink_ad.errors import ModelError
from fink_ad.forest import Model
from fink_ad.learn import relearn
from fink_ad.pipeline import models_dir, run
from fink_ad.simulate import simulate_night, write_night
from fink_ad.sources.files import FilesSource
from fink_ad.store import LabelRecord, NewLabel, Store

KEY = ("ztf", "transient")


def settings_of(home: Path, learner: str = "fal") -> Settings:
    return Settings.model_validate({"home": home, "forest": {"learner": learner}})


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    simulated = simulate_night(20260302, n_objects=500, seed=4, nights=2)
    return write_night(tmp_path_factory.mktemp("packets"), simulated).alerts


@pytest.fixture(scope="session")
def _ran(nights: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("ran") / "home"
    with Store.open(home) as store:
        run(FilesSource([nights[0]]), store, settings_of(home))
    return home


@pytest.fixture
def home(_ran: Path, tmp_path: Path) -> Path:
    """A home in which one night was run."""
    shutil.copytree(_ran, tmp_path / "home")
    return tmp_path / "home"


def answer(store: Store, answers: list[str], reviewer: str = "vera") -> list[LabelRecord]:
    """Answer about the alerts of smallest id, each of another object."""
    reviewer_id = store.add_reviewer(reviewer).id
    model = active(store)
    _, first = np.unique(model.reference.object_ids, return_index=True)
    ids = model.reference.alert_ids[np.sort(first)]
    return [
        store.add_label(
            NewLabel(
                survey="ztf",
                alert_id=int(alert_id),
                reviewer_id=reviewer_id,
                answer=one,  # type: ignore[arg-type]
                channel="test",
                answered_at=datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=place),
            )
        )
        for place, (alert_id, one) in enumerate(zip(ids, answers, strict=False))
    ]


def active(store: Store) -> Model:
    found = store.active_model(*KEY)
    assert found is not None
    return Model.load(store.history.home / "models" / found.revision.id)


def test_without_answers_nothing_changes(home: Path) -> None:
    with Store.open(home) as store:
        before = store.active_model(*KEY)
        assert relearn(store, settings_of(home), *KEY) is None
        answer(store, ["unsure"])
        model = relearn(store, settings_of(home), *KEY)
        assert model is None
        assert store.active_model(*KEY) == before


def test_without_a_model_there_is_nothing_to_do(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        assert relearn(store, settings_of(tmp_path), *KEY) is None


def test_answers_make_a_revision_that_the_next_night_is_ranked_with(
    home: Path, nights: tuple[Path, ...]
) -> None:
    settings = settings_of(home)
    with Store.open(home) as store:
        first = active(store)
        labels = answer(store, ["anomaly", "ordinary", "bogus", "unsure"])
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


def test_answers_that_are_all_taken_back_are_unlearned(home: Path) -> None:
    settings = settings_of(home)
    with Store.open(home) as store:
        first = active(store)
        (label,) = answer(store, ["anomaly"])
        relearn(store, settings, *KEY)
        assert active(store).revision != first.revision
        store.retract_label(label.id, label.reviewer_id, "test")
        relearn(store, settings, *KEY)
        assert active(store).revision == first.revision


def test_answers_with_features_of_another_schema_wait(home: Path) -> None:
    with Store.open(home) as store:
        one, other = answer(store, ["anomaly", "ordinary"])
        store.update_features("ztf", [other.alert_id], "another", [b"12345678"])
        # Only answers given from now on have the other features.
        (_, newer) = answer(store, ["anomaly", "anomaly"], reviewer="edwin")
        assert newer.feature_schema == "another"
        model = relearn(store, settings_of(home), *KEY)
        assert model is not None
        assert model.labelled is not None
        assert model.labelled.alert_ids.tolist() == [one.alert_id]


def test_a_learner_that_ignores_answers_is_refused_and_another_takes_over(
    home: Path,
) -> None:
    with Store.open(home) as store:
        answer(store, ["anomaly", "ordinary"])
        with pytest.raises(ModelError, match="'static' does not use answers.*'fal'"):
            relearn(store, settings_of(home, "static"), *KEY)
        first = active(store)
        model = relearn(store, settings_of(home, "aad"), *KEY)
        assert model is not None
        assert model.learner.name == "aad"
        found = store.active_model(*KEY)
        assert found is not None
        assert found.model.id not in (first.id, model.id)
        bare = Model.load(models_dir(settings_of(home)) / found.model.id)
        assert bare.labelled is None
        np.testing.assert_array_equal(bare.reference.alert_ids, first.reference.alert_ids)
