"""Model: a learner with everything that makes its scores mean the same tomorrow."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import POPULATIONS, SURVEYS
from fink_ad.errors import ModelError
from fink_ad.features import FeatureSchema, FeatureTable
from fink_ad.forest.folder import MANIFEST, pack, write_folder
from fink_ad.forest.imputation import Imputation
from fink_ad.forest.learners import Labels, Learner, learner_named
from fink_ad.forest.manifest import arrays_of, manifest_of, read_parts
from fink_ad.forest.mismatch import first_difference
from fink_ad.forest.novelty import unanswered_share
from fink_ad.forest.sketch import ScoreSketch, peer_bin
from fink_ad.forest.training import LabelledAlerts, ReferenceSample, checked_values

__all__ = ["PROVISIONAL_ROWS", "Model"]

PROVISIONAL_ROWS = 256
"""A model trained on fewer alerts is provisional: used, marked, and soon replaced."""

_BLOCK = 16_384  # rows whose leaves are held at once
_LIBRARIES = ("numpy", "numba", "coniferest", "fink-ad")


@dataclass(frozen=True, eq=False)
class Model:
    """Trees on a reference sample for one survey, one population, one reviewer or all.

    Make one with `train` or `load`.

    Attributes
    ----------
    schema : FeatureSchema
        Columns of the tables it scores, all of them.
    survey, population : str
        Whose alerts it scores.
    reviewer : str
        Whose answers it learned from; empty for everybody's.
    learner : Learner
        Scores prepared values.
    imputation : Imputation
        Prepares values.
    reference : ReferenceSample
        Alerts it was trained on.
    labelled : LabelledAlerts or None
        Answers it was trained on.
    sketch : ScoreSketch
        Its scores of the reference sample.
    seed : int
        All randomness came from it.
    library_versions, metrics : mapping
        Of the time of training.
    """

    schema: FeatureSchema
    survey: str
    population: str
    reviewer: str
    learner: Learner
    imputation: Imputation
    reference: ReferenceSample
    labelled: LabelledAlerts | None
    sketch: ScoreSketch
    seed: int
    library_versions: Mapping[str, str]
    metrics: Mapping[str, float]

    @classmethod
    def train(
        cls,
        table: FeatureTable,
        *,
        survey: str,
        population: str,
        alert_ids: Sequence[int] | NDArray[np.int64],
        object_ids: Sequence[str] | NDArray[np.str_],
        n_det: Sequence[int] | NDArray[np.int64],
        nights: Sequence[int] | NDArray[np.int32],
        seed: int = 0,
        learner: str = "static",
        parameters: Mapping[str, Any] | None = None,
        labelled: LabelledAlerts | None = None,
        reviewer: str = "",
    ) -> Model:
        """Train on a reference sample; its order does not matter.

        Parameters
        ----------
        table : FeatureTable
            Features of the reference sample.
        survey, population : str
            Whose alerts these are.
        alert_ids, object_ids, n_det, nights : (n,) arrays
            Id, object, number of detections and night (``YYYYMMDD``) of each alert.
        seed : int
            Equal input and seed give an equal model.
        learner : str
            Key of `fink_ad.forest.learners.LEARNERS`.
        parameters : mapping, optional
            Those that differ from the learner's defaults.
        labelled : LabelledAlerts, optional
            Answered alerts with features of the same schema.
        reviewer : str
            Whose answers they are; empty for everybody's.

        Raises
        ------
        ModelError
            If there is nothing to learn from or an argument makes no sense.
        """
        for word, known in ((survey, SURVEYS), (population, POPULATIONS)):
            if word not in known:
                raise ModelError(f"{word!r} is not one of {', '.join(known)}")
        if seed < 0:
            raise ModelError(f"seed is {seed}: give a whole number of at least 0")
        reference = ReferenceSample.of(table, alert_ids, object_ids, n_det, nights)
        imputation = Imputation.learn(reference.values)
        values = imputation.prepare(reference.values)
        labels = None
        if labelled is not None:
            if labelled.table.schema.hash != table.schema.hash:
                difference = first_difference(table.schema, labelled.table.schema)
                raise ModelError(f"the answered alerts have other features: {difference}")
            labels = Labels(
                imputation.prepare(labelled.table.values),
                labelled.targets(),
                labelled.confidence,
                None if labelled.n_det is None else peer_bin(labelled.n_det),
            )
        columns = table.schema.columns
        fitted = learner_named(learner).fit(
            values,
            [columns[place].group for place in imputation.columns],
            labels,
            seed,
            parameters or {},
            reference.peer_bins,
        )
        scores = fitted.score(values, reference.peer_bins)
        return cls(
            schema=table.schema,
            survey=survey,
            population=population,
            reviewer=reviewer,
            learner=fitted,
            imputation=imputation,
            reference=reference,
            labelled=labelled,
            sketch=ScoreSketch.of(scores, reference.n_det, reference.object_ids, reference.nights),
            seed=seed,
            library_versions={name: importlib.metadata.version(name) for name in _LIBRARIES},
            metrics={
                "n_reference": len(reference),
                "n_labels": 0 if labels is None else len(labels),
                "score_median": float(np.median(scores)),
                "score_99": float(np.quantile(scores, 0.99)),
            },
        )

    def relearn(self, labelled: LabelledAlerts | None) -> Model:
        """Return the model that these answers, and only these, make of the same reference.

        It equals what `train` makes of the reference sample, seed and parameters of this one.

        Raises
        ------
        ModelError
            If the answered alerts have other features, or cannot be learned from.
        """
        return type(self).train(
            FeatureTable(self.schema, self.reference.values),
            survey=self.survey,
            population=self.population,
            alert_ids=self.reference.alert_ids,
            object_ids=self.reference.object_ids,
            n_det=self.reference.n_det,
            nights=self.reference.nights,
            seed=self.seed,
            learner=self.learner.name,
            parameters=self.learner.parameters,
            labelled=labelled,
            reviewer=self.reviewer,
        )

    @property
    def provisional(self) -> bool:
        """Whether the reference sample is too small for more than a first look."""
        return len(self.reference) < PROVISIONAL_ROWS

    @cached_property
    def dropped_columns(self) -> tuple[str, ...]:
        """Columns without a finite value in the reference sample, which the model leaves out."""
        used = set(self.imputation.columns.tolist())
        return tuple(name for place, name in enumerate(self.schema.names) if place not in used)

    @cached_property
    def used_columns(self) -> tuple[str, ...]:
        """Columns the learner sees, in its order."""
        return tuple(self.schema.names[place] for place in self.imputation.columns)

    def prepare(self, table: FeatureTable) -> NDArray[np.float32]:
        """Return what the learner sees of a table, (n_alerts, n_used), all finite.

        Raises
        ------
        ModelError
            If the table has another schema; the message names the first column that differs.
        """
        if table.schema.hash != self.schema.hash:
            raise ModelError(
                f"model {self.short_id} cannot score this table: "
                f"{first_difference(self.schema, table.schema)}; retrain, or extract the "
                "features the model was trained on"
            )
        return self.imputation.prepare(checked_values(table))

    def score(
        self, table: FeatureTable, n_det: NDArray[np.int64] | None = None
    ) -> NDArray[np.float64]:
        """Return the anomaly score of each alert, (n_alerts,): finite, higher = stranger.

        Parameters
        ----------
        table : FeatureTable
            Features of the model's schema.
        n_det : (n_alerts,) int64, optional
            Number of detections of each alert; needed by models that rank among peers.

        Raises
        ------
        ModelError
            If the table has another schema, or `n_det` is needed and missing.
        """
        bins = None if n_det is None else peer_bin(n_det)
        return self.learner.score(self.prepare(table), bins)

    def novelty(self, table: FeatureTable) -> NDArray[np.float64]:
        """Return how far each alert is from all answers, (n_alerts,), between 0 and 1.

        The share of trees in which it shares its leaf with no answered alert; 1 for all while
        there are no answers.

        Raises
        ------
        ModelError
            If the table has another schema.
        """
        values = self.prepare(table)
        novelty = np.ones(len(values))
        if self.labelled is None or not len(self.labelled):
            return novelty
        answered = self.learner.leaves(self.imputation.prepare(self.labelled.table.values))
        for start in range(0, len(values), _BLOCK):
            leaves = self.learner.leaves(values[start : start + _BLOCK])
            novelty[start : start + _BLOCK] = unanswered_share(leaves, answered)
        return novelty

    @cached_property
    def id(self) -> str:
        """Hash of the whole content; the name of the model's folder."""
        return hashlib.sha256(self._files[MANIFEST]).hexdigest()

    @property
    def short_id(self) -> str:
        """First 12 characters of `id`, for people."""
        return self.id[:12]

    @property
    def revision(self) -> str:
        """The weights after some set of answers: what scores and rarities are recorded with."""
        return self.id

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """All that is not an array, JSON-able; stored with the hashes of the files."""
        return manifest_of(self)

    @cached_property
    def _files(self) -> dict[str, bytes]:
        return pack(self.manifest, arrays_of(self))

    def save(self, models_dir: Path, like: str = "") -> Path:
        """Write the model's folder under `models_dir` and return it.

        Writing the same model again changes nothing. What it has in common with the model of
        id `like`, as a revision has the reference, takes no room of its own.

        Raises
        ------
        ModelError
            If it cannot be written.
        """
        return write_folder(models_dir, self.id, self._files, like)

    @classmethod
    def load(cls, folder: Path) -> Model:
        """Read a model's folder, checking every byte.

        Raises
        ------
        ModelError
            If it is missing, damaged, edited, or of a format this version does not read.
        """
        return cls(**read_parts(folder))
