"""A home in which one simulated night was run, and ways to answer about it."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from fink_ad.config import Settings
from fink_ad.forest import Model
from fink_ad.pipeline import run
from fink_ad.simulate import simulate_night, write_night
from fink_ad.sources.files import FilesSource
from fink_ad.store import LabelRecord, NewLabel, Store

KEY = ("ztf", "transient")


def settings_of(home: Path, learner: str = "fal", **more: object) -> Settings:
    return Settings.model_validate({"home": home, "forest": {"learner": learner}} | more)


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


class Hand:
    """What tests do to a store."""

    key = KEY
    settings = staticmethod(settings_of)

    @staticmethod
    def active(store: Store) -> Model:
        found = store.active_model(*KEY)
        assert found is not None
        return Model.load(store.history.home / "models" / found.revision.id)

    def answer(
        self,
        store: Store,
        answers: list[str],
        reviewer: str = "vera",
        first: int = 0,
        channel: str = "test",
    ) -> list[LabelRecord]:
        """Answer about the alerts of smallest id, each of another object."""
        reviewer_id = store.add_reviewer(reviewer).id
        model = self.active(store)
        _, places = np.unique(model.reference.object_ids, return_index=True)
        ids = model.reference.alert_ids[np.sort(places)][first:]
        return [
            store.add_label(
                NewLabel(
                    survey="ztf",
                    alert_id=int(alert_id),
                    reviewer_id=reviewer_id,
                    answer=one,  # type: ignore[arg-type]
                    channel=channel,
                    answered_at=datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=place),
                )
            )
            for place, (alert_id, one) in enumerate(zip(ids, answers, strict=False))
        ]


@pytest.fixture
def hand() -> Hand:
    return Hand()
