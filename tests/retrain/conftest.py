"""A home in which two nights were run, and answers to give in it."""

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fink_ad.config import Settings
from fink_ad.forest import Model
from fink_ad.pipeline import run
from fink_ad.simulate import simulate_night, write_night
from fink_ad.sources.files import FilesSource
from fink_ad.store import Answer, NewLabel, Store

KEY = ("ztf", "transient")


class Home:
    """A home folder, its settings and store."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def settings(self, **changes: Any) -> Settings:
        return Settings.model_validate({"home": self.path, **changes})

    def store(self) -> Store:
        return Store.open(self.path)

    def active(self) -> Model:
        with self.store() as store:
            found = store.active_model(*KEY)
        assert found is not None
        return Model.load(self.settings().models_dir / found.revision.id)

    def answer(
        self,
        choose: Callable[[np.ndarray], Sequence[Answer]],
        reviewer: str = "vera",
        channel: str = "test",
        n: int | None = None,
    ) -> int:
        """Answer about one kept alert of each object, by its id; return about how many."""
        with self.store() as store:
            index = store.kept_index(*KEY)
            _, first = np.unique(index.object_id.astype(str), return_index=True)
            ids = np.sort(index.alert_id[first])[:n]
            reviewer_id = store.add_reviewer(reviewer).id
            when = datetime(2026, 3, 5, tzinfo=UTC)
            store.add_labels(
                [
                    NewLabel(
                        "ztf",
                        int(alert_id),
                        reviewer_id,
                        answer,
                        channel,
                        when + timedelta(minutes=place),
                    )
                    for place, (alert_id, answer) in enumerate(zip(ids, choose(ids), strict=True))
                ]
            )
        return len(ids)


def mixed(ids: np.ndarray) -> Sequence[Answer]:
    """Every third is an anomaly, for no reason."""
    return ["anomaly" if number % 3 == 0 else "ordinary" for number in range(len(ids))]


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    simulated = simulate_night(20260302, n_objects=500, seed=4, nights=2)
    return write_night(tmp_path_factory.mktemp("packets"), simulated).alerts


@pytest.fixture(scope="session")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night that was not run yet."""
    simulated = simulate_night(20260310, n_objects=200, seed=5)
    return write_night(tmp_path_factory.mktemp("later"), simulated).alerts[0]


@pytest.fixture(scope="session")
def _ran(nights: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("ran") / "home")
    with home.store() as store:
        for night in nights:
            run(FilesSource([night]), store, home.settings())
    return home


@pytest.fixture
def home(_ran: Home, tmp_path: Path) -> Home:
    shutil.copytree(_ran.path, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def answers(home: Home) -> dict[int, Answer]:
    """What everything is; of the first objects it was said here."""
    from .portal import N_GIVEN_HERE, truth

    known = truth(home)
    home.answer(lambda ids: [known[int(one)] for one in ids], n=N_GIVEN_HERE)
    return known
