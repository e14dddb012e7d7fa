"""A store in which the small simulated night was run, and its model."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fink_ad.config import Settings
from fink_ad.forest import Model
from fink_ad.pipeline import run
from fink_ad.sources.files import FilesSource
from fink_ad.store import CandidateView, NewShowing, Showing, Store

NIGHT = Path(__file__).parents[2] / "data" / "ztf_night_20260301.avro"


@pytest.fixture(scope="session")
def _ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("ran") / "home"
    with Store.open(home) as store:
        run(FilesSource([NIGHT]), store, Settings(home=home))
    return home


@pytest.fixture
def store(_ran: Path, tmp_path: Path) -> Iterator[Store]:
    home = tmp_path / "home"
    shutil.copytree(_ran, home)
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def model(store: Store, tmp_path: Path) -> Model:
    """The active model of the transients."""
    active = store.active_model("ztf", "transient")
    assert active is not None
    return Model.load(Settings(home=tmp_path / "home").models_dir / active.revision.id)


@pytest.fixture
def strangest(store: Store) -> tuple[CandidateView, ...]:
    """The candidates of the night, strangest first."""
    return store.candidates(top=None, survey="ztf", population="transient")


class Show:
    """Shows a candidate to a reviewer, as the queue does."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __call__(
        self, view: CandidateView, reviewer_id: int, draw: str = "top", **more: Any
    ) -> Showing:
        choice = NewShowing(
            reviewer_id=reviewer_id,
            survey=view.survey,
            alert_id=view.alert_id,
            object_id=view.object_id,
            population=view.population,
            model_revision=view.model_revision,
            draw=draw,  # type: ignore[arg-type]
            reason="among the strangest",
            share=0.8,
            score=view.score,
            one_in=view.one_in,
            channel="test",
            place=1,
            order_size=100,
            **more,
        )
        taken = self.store.take_showing([choice], 600, overlap=True)
        assert taken is not None
        return self.store.mark_shown(taken.id, datetime.now(UTC))


@pytest.fixture
def show(store: Store) -> Show:
    return Show(store)
