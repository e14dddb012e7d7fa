"""Play nights one after another: run, show the strangest, take the answers, relearn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pandas as pd

from fink_ad.alerts.avro import Limits
from fink_ad.config import Settings
from fink_ad.errors import ModelError
from fink_ad.forest import Model
from fink_ad.learn import relearn
from fink_ad.pipeline import models_dir, run
from fink_ad.rehearsal.oracle import Oracle
from fink_ad.rehearsal.queue import rank_night, strangest_unlabelled
from fink_ad.simulate import Night, read_truth, write_pieces
from fink_ad.sources.files import FilesSource
from fink_ad.store import NewLabel, Store
from fink_ad.store.records import Answer

__all__ = [
    "POPULATION",
    "NightReport",
    "Season",
    "Shown",
    "play",
    "rehearsal_settings",
]

POPULATION = "transient"
"""Nothing is planted among the bodies of the solar system."""

_REVIEWER = "oracle"
_CHANNEL = "rehearsal"


@dataclass(frozen=True, eq=False)
class Season:
    """Simulated nights on disk, and which objects were planted in them.

    Attributes
    ----------
    survey : str
    nights : mapping of int to Path
        The file of each night, in order.
    truth : pandas.DataFrame
        One row per object, as `fink_ad.simulate.read_truth` gives it.
    kinds : mapping of str to str
        Class of every object.
    planted : frozenset of str
        Objects that a reviewer would want to see.
    """

    survey: str
    nights: Mapping[int, Path]
    truth: pd.DataFrame
    kinds: Mapping[str, str]
    planted: frozenset[str]

    @classmethod
    def write(cls, folder: Path, pieces: Iterable[Night]) -> Self:
        """Write simulated nights into a folder, as they come in pieces.

        Raises
        ------
        ConfigError, SourceError
            If they cannot be simulated, or the folder cannot be written.
        """
        files = write_pieces(folder, pieces)
        truth = read_truth(files.truth)
        survey = files.alerts[0].stem.partition("_")[0]  # <survey>_night_<night>.avro
        return cls(
            survey,
            {int(path.stem.rpartition("_")[2]): path for path in files.alerts},
            truth,
            dict(zip(truth["object_id"], truth["class"], strict=True)),
            frozenset(truth["object_id"][truth["anomaly"]]),
        )

    def planted_by_class(self) -> dict[str, int]:
        """Count the planted objects of each class."""
        return dict(sorted(Counter(self.kinds[one] for one in self.planted).items()))


@dataclass(frozen=True)
class Shown:
    """One object that was shown, what it is, and what was answered."""

    object_id: str
    alert_id: int
    kind: str
    planted: bool
    answer: Answer


@dataclass(frozen=True)
class NightReport:
    """What a night brought.

    Attributes
    ----------
    n_alerts, n_candidates : int
        Alerts that came in, and candidates among them.
    shown : tuple of Shown
        Strangest first.
    n_appeared : int
        Planted objects that were there to be found up to this night.
    model_revision : str
        What the night was ranked with; what it taught is in force from the next night on.
    """

    night: int
    n_alerts: int
    n_candidates: int
    shown: Sequence[Shown]
    n_appeared: int
    model_revision: str

    def found(self) -> dict[str, int]:
        """Count the planted objects that were shown, by class."""
        return dict(sorted(Counter(one.kind for one in self.shown if one.planted).items()))

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form; alert ids are strings there."""
        shown = [asdict(one) | {"alert_id": str(one.alert_id)} for one in self.shown]
        return asdict(self) | {"shown": shown, "found": self.found()}


def rehearsal_settings(base: Settings, home: Path, learner: str = "fal") -> Settings:
    """Return settings that differ in where state is kept and in the learner.

    Parameters of another learner do not come along.
    """
    same = base.forest.learner == learner
    changes = {"learner": learner} if same else {"learner": learner, "parameters": {}}
    forest = base.forest.model_copy(update=changes)
    return base.model_copy(update={"home": home, "database_url": "", "forest": forest})


def play(
    season: Season,
    oracle: Oracle,
    settings: Settings,
    per_night: int = 10,
    *,
    learning: bool = True,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[NightReport]:
    """Play a season in the home folder of the settings; yields a report after each night.

    Objects are shown once.

    Parameters
    ----------
    per_night : int
        How many objects are shown a night.
    learning : bool
        False leaves the first model in force all season, for comparison.
    should_stop : callable
        Asked between batches; when true, the season ends without a report of that night.

    Raises
    ------
    FinkAdError
        If a night cannot be run, answered or learned from.
    """
    appeared: set[str] = set()
    with Store.open(settings.home) as store:
        reviewer_id = store.add_reviewer(_REVIEWER).id
        for night, path in season.nights.items():
            source = FilesSource(
                [path],
                batch_size=settings.batch_size,
                limits=Limits(**settings.limits.model_dump()),
            )
            summary = run(source, store, settings, should_stop=should_stop)
            if summary.interrupted:
                return
            model = _active(store, settings, season.survey)
            appeared |= set(rank_night(store, model, night).ranks(season.planted))
            shown = [
                Shown(
                    object_id,
                    alert_id,
                    season.kinds[object_id],
                    object_id in season.planted,
                    oracle.answer(object_id),
                )
                for object_id, alert_id in strangest_unlabelled(store, model, night, per_night)
            ]
            for one in shown:
                _label(store, reviewer_id, model, one)
            if learning:
                relearn(store, settings, season.survey, POPULATION)
            yield NightReport(
                night, summary.n_in, summary.n_candidates, shown, len(appeared), model.revision
            )


def _active(store: Store, settings: Settings, survey: str) -> Model:
    """Load the model in force for the population that is rehearsed.

    Raises
    ------
    ModelError
        If there is none, or it cannot be read.
    """
    active = store.active_model(survey, POPULATION)
    if active is None:
        raise ModelError(
            f"no {survey} {POPULATION} model yet: there were no such alerts to grow one on"
        )
    return Model.load(models_dir(settings) / active.revision.id)


def _label(store: Store, reviewer_id: int, model: Model, one: Shown) -> None:
    now = datetime.now(UTC)
    store.add_label(
        NewLabel(
            survey=model.survey,
            alert_id=one.alert_id,
            reviewer_id=reviewer_id,
            answer=one.answer,
            channel=_CHANNEL,
            answered_at=now,
            shown_at=now,
            model_revision=model.revision,
        )
    )
