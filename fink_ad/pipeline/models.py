"""Keep the active models at hand: load, train the first ones, know what scores compare with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from fink_ad.alerts.times import night_of
from fink_ad.config import Settings
from fink_ad.errors import ModelError
from fink_ad.features import Context, FeatureTable
from fink_ad.forest import Model, ScoreSketch
from fink_ad.forest.model import PROVISIONAL_ROWS
from fink_ad.pipeline.describe import Described
from fink_ad.pipeline.rank import RANKINGS, Ranking, Rankings, n_detections
from fink_ad.store import Store
from fink_ad.store.records import ModelRecord

__all__ = ["Key", "ModelKeeper", "TrainingRows", "model_record", "train_model", "training_rows"]

_log = structlog.get_logger(__name__)

Key = tuple[str, str]
"""Survey and population."""

_MOST_REFERENCES = 32  # nights and revisions whose references are at hand


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Described alerts of one survey and population, ready to train on."""

    features: FeatureTable
    alert_ids: NDArray[np.int64]
    object_ids: NDArray[np.object_]
    n_det: NDArray[np.int64]
    nights: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.alert_ids)

    @staticmethod
    def join(parts: Iterable[TrainingRows], size: int) -> TrainingRows:
        """Join rows of one schema, in order of alert id, each alert once, at most `size`."""
        parts = list(parts)
        ids = np.concatenate([part.alert_ids for part in parts])
        _, first = np.unique(ids, return_index=True)
        rows = first[:size]
        values = np.concatenate([part.features.values for part in parts])
        return TrainingRows(
            FeatureTable(parts[0].features.schema, values[rows]),
            ids[rows],
            np.concatenate([part.object_ids for part in parts])[rows],
            np.concatenate([part.n_det for part in parts])[rows],
            np.concatenate([part.nights for part in parts])[rows],
        )


def training_rows(described: Described) -> dict[Key, TrainingRows]:
    """Return the rows of a described batch by survey and population."""
    batch = described.batch
    n_det = n_detections(batch)
    object_ids = np.asarray(batch.strings("object_id"), object)
    found = {}
    for population, (rows, table) in described.features.items():
        found[batch.survey, population] = TrainingRows(
            table,
            batch.numbers("alert_id")[rows],
            object_ids[rows],
            n_det[rows],
            batch.numbers("night")[rows],
        )
    return found


class ModelKeeper:
    """The active models of a store, and the first ones where there are none.

    Parameters
    ----------
    store : Store
        Says which revision is active, and remembers new ones.
    models_dir : Path
        Where model folders are.
    settings : Settings
        How first models are made and candidates chosen.
    broken : sequence of str
        Installed feature providers that could not be loaded.
    """

    def __init__(
        self, store: Store, models_dir: Path, settings: Settings, broken: Sequence[str] = ()
    ) -> None:
        self._store = store
        self._models_dir = models_dir
        self._settings = settings
        self._models: dict[Key, Model] = {}
        self._outdated: set[Key] = set()
        self._broken = tuple(broken)
        self._references: dict[tuple[str, int], ScoreSketch | None] = {}
        self._position = store.activation_position()
        self._with_earlier: set[Key] = set()  # whose rows waiting are those of earlier runs, too
        # Rows seen while a population has no model, or a provisional one.
        self._waiting: dict[Key, list[TrainingRows]] = defaultdict(list)

    def models(self) -> Mapping[Key, Model]:
        """Return the active models that were needed so far."""
        return self._models

    def refresh(self) -> None:
        """Let go of models that are no longer in force; to be called between batches."""
        position = self._store.activation_position()
        if position == self._position:
            return
        for key, model in list(self._models.items()):
            active = self._store.active_model(*key)
            if active is None or active.revision.id != model.revision:
                del self._models[key]
                self._with_earlier.discard(key)
        self._outdated.clear()
        self._position = position

    def lacks(self, needs: Iterable[tuple[Key, str]]) -> bool:
        """Whether for a survey and population no model is active that knows these features.

        Parameters
        ----------
        needs : iterable of (Key, str)
            Survey and population, and the hash of the feature schema.
        """
        # All are asked for, so that all that are needed are at hand.
        return None in [self._active(key, schema_hash) for key, schema_hash in needs]

    def learn(self, described: Described) -> None:
        """Remember rows that a first model, or one to replace a provisional one, will need."""
        for key, rows in training_rows(described).items():
            model = self._active(key, rows.features.schema.hash)
            if model is None or model.provisional:
                self._waiting[key].append(rows)

    def train_waiting(self) -> None:
        """Train where there is no model yet, or enough rows to replace a provisional one."""
        for key in sorted(self._waiting):
            parts = self._waiting[key]
            model = self._active(key, parts[0].features.schema.hash)
            if model is not None and not model.provisional:  # promoted meanwhile, by others
                del self._waiting[key]
                continue
            if model is not None and key not in self._with_earlier:
                parts = [*self._earlier(model), *parts]
                self._with_earlier.add(key)
            rows = TrainingRows.join(parts, self._settings.first_model.size)
            self._waiting[key] = [rows]
            if model is None or len(rows) >= PROVISIONAL_ROWS:
                self._train(key, rows)
                if not self._models[key].provisional:
                    del self._waiting[key]

    def context(
        self,
        settings: Mapping[str, Any],
        nights: Mapping[Key, Iterable[int]],
        tables: Mapping[str, Any],
    ) -> Context:
        """Return the snapshot that alerts of these nights are ranked with, models included."""
        by_key = {}
        for key, of_key in sorted(nights.items()):
            model = self._models.get(key)
            if model is None:
                raise ModelError(f"there is no model for {' '.join(key)} alerts yet")
            references = {night: self._reference(model, night) for night in sorted(set(of_key))}
            by_key[key] = Ranking(
                model, {night: ref for night, ref in references.items() if ref is not None}
            )
        rankings = Rankings(
            by_key, self._settings.ranking.candidate_rarity, self._settings.kept.top_share
        )
        revisions = sorted({ranking.model.revision for ranking in by_key.values()})
        return Context(settings, ",".join(revisions), {**tables, RANKINGS: rankings})

    def _active(self, key: Key, schema_hash: str) -> Model | None:
        """Return the active model if it knows these features.

        After a provider came, went or changed its version, the model in force cannot score what
        is extracted now; the next one is trained as if it were the first.

        Raises
        ------
        ModelError
            If that would throw away answers, or give in to a provider that is merely broken.
        """
        if key not in self._models:
            active = self._store.active_model(*key)
            if active is None or key in self._outdated:
                return None
            model = Model.load(self._models_dir / active.revision.id)
            if model.schema.hash != schema_hash:
                self._set_aside(key, model)
                return None
            self._models[key] = model
        return self._models[key]

    def _set_aside(self, key: Key, model: Model) -> None:
        """Let a model of other features be replaced, unless more would be lost than trees.

        Answers come along when a model is trained anew, which has to pass the gate; a run does
        not put one in force by itself.
        """
        why = ""
        if self._broken:
            why = f"provider {', '.join(self._broken)} is broken: see `fink-ad plugins`"
        elif model.labelled is not None:
            why = "it learned from answers: fink-ad retrain carries them over"
        if why:
            raise ModelError(
                f"model {model.short_id} for {' '.join(key)} alerts was trained on other features "
                f"than are extracted now, and {why}"
            )
        _log.warning("features_changed", survey=key[0], population=key[1], model=model.id)
        self._outdated.add(key)

    def _train(self, key: Key, rows: TrainingRows) -> None:
        model = train_model(key, rows, self._settings)
        model.save(self._models_dir)
        self._store.register_model(model_record(model))
        self._store.activate_model(model.revision)
        self._models[key] = model
        _log.info(
            "model_trained",
            survey=model.survey,
            population=model.population,
            model=model.short_id,
            n_alerts=len(rows),
            provisional=model.provisional,
        )

    def _earlier(self, model: Model) -> list[TrainingRows]:
        """Return the rows of earlier runs that have the features of a provisional model."""
        found = self._store.read_features(
            model.survey,
            model.population,
            model.schema.hash,
            limit=self._settings.first_model.size,
        )
        if found is None:
            return []
        nights = night_of(found.mjd_utc, model.survey)
        return [TrainingRows(found.features, found.alert_id, found.object_id, found.n_det, nights)]

    def _reference(self, model: Model, night: int) -> ScoreSketch | None:
        """Scores of the whole nights before a night, if they are more than the model's own."""
        key = (model.revision, night)
        if key not in self._references:
            n_nights = self._settings.ranking.reference_nights
            best = self._store.reference_scores(
                model.survey, model.population, model.revision, night, n_nights
            )
            sketch = ScoreSketch.of(
                best.score,
                best.n_det,
                best.object_id.astype(np.str_),
                best.night.astype(np.int32),
            )
            enough = len(sketch) > len(model.sketch)
            self._references[key] = sketch if enough else None
            while len(self._references) > _MOST_REFERENCES:
                del self._references[next(iter(self._references))]
        return self._references[key]


def train_model(key: Key, rows: TrainingRows, settings: Settings) -> Model:
    """Train a model on rows, with the learner of the settings."""
    return Model.train(
        rows.features,
        survey=key[0],
        population=key[1],
        alert_ids=rows.alert_ids,
        object_ids=rows.object_ids.astype(np.str_),
        n_det=rows.n_det,
        nights=rows.nights,
        seed=settings.forest.seed,
        learner=settings.forest.learner,
        parameters=settings.forest.parameters,
    )


def model_record(model: Model) -> ModelRecord:
    """Return what the store remembers of a model; its arrays are in the folder."""
    return ModelRecord(
        id=model.id,
        survey=model.survey,
        population=model.population,
        provisional=model.provisional,
        n_rows=len(model.reference),
        manifest=model.manifest,
    )
