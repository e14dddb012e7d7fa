"""Relearn after answers: the active model's reference and what reviewers said of it so far."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import structlog

from fink_ad.config import Settings
from fink_ad.errors import ModelError
from fink_ad.features import FeatureSchema, FeatureTable
from fink_ad.forest import LabelledAlerts, Model
from fink_ad.learn.settle import settle
from fink_ad.pipeline import model_record, models_dir
from fink_ad.store import LabelRecord, RevisionRecord, Store, unpack_features

__all__ = ["relearn"]

_log = structlog.get_logger(__name__)


def relearn(store: Store, settings: Settings, survey: str, population: str) -> Model | None:
    """Train the active model anew with all answers so far, and put the result in force.

    The reference sample stays, so that only the answers change what is strange. Answers about
    alerts with features of another schema wait until their features are computed anew. The
    same answers give the same revision.

    Parameters
    ----------
    store : Store
        Gives the active model and the answers, and is told the new revision.
    settings : Settings
        Where the model folders are, and the learner: if it is another one than that of the
        active model, a new model is trained on the same reference.
    survey, population : str
        Whose model.

    Returns
    -------
    Model or None
        The model now in force; None if there is no model yet, or nothing to learn from.

    Raises
    ------
    ModelError
        If the learner of the settings does not use answers, or the model cannot be read,
        trained or written.
    """
    active = store.active_model(survey, population)
    if active is None:
        return None
    labels = settle(store.latest_labels(survey, population))
    # Answers that were all taken back have to be unlearned.
    if not labels and active.revision.n_labels == 0:
        return None
    if settings.forest.learner == "static":
        raise ModelError(
            "learner 'static' does not use answers: set forest.learner to 'fal', which then "
            f"takes over the reference sample of the active {survey} {population} model"
        )
    folder = models_dir(settings)
    model = Model.load(folder / active.revision.id)
    labelled = _labelled_alerts(store, labels, model.schema)
    model_id = active.model.id
    if model.learner.name == settings.forest.learner:
        learned = model.relearn(labelled)
        learned.save(folder)
    else:
        bare = _with_learner(model, settings)
        bare.save(folder)
        store.register_model(model_record(bare))
        model_id = bare.id
        learned = bare.relearn(labelled)
        learned.save(folder)
    n_labels = 0 if labelled is None else len(labelled)
    store.register_revision(RevisionRecord(learned.revision, model_id, n_labels, learned.manifest))
    store.activate_model(learned.revision)
    _log.info(
        "model_relearned",
        survey=survey,
        population=population,
        model=learned.short_id,
        n_labels=n_labels,
    )
    return learned


def _labelled_alerts(
    store: Store, labels: Sequence[LabelRecord], schema: FeatureSchema
) -> LabelledAlerts | None:
    """Return the answered alerts that have these features; None if there are none."""
    usable = [label for label in labels if label.feature_schema == schema.hash]
    if len(usable) < len(labels):
        _log.warning("labels_of_other_features", n_labels=len(labels) - len(usable))
    if not usable:
        return None
    ids = [label.alert_id for label in usable]
    # Labelled alerts are kept for good.
    n_det = {record.alert_id: record.n_det for record in store.kept(usable[0].survey, ids)}
    return LabelledAlerts.of(
        FeatureTable(schema, unpack_features([label.features for label in usable])),
        alert_ids=ids,
        object_ids=[label.object_id for label in usable],
        answers=[label.answer for label in usable],
        n_det=np.array([n_det[alert_id] for alert_id in ids], np.int64),
    )


def _with_learner(model: Model, settings: Settings) -> Model:
    """Train the learner of the settings, without answers, on the reference of a model."""
    reference = model.reference
    return Model.train(
        FeatureTable(model.schema, reference.values),
        survey=model.survey,
        population=model.population,
        alert_ids=reference.alert_ids,
        object_ids=reference.object_ids,
        n_det=reference.n_det,
        nights=reference.nights,
        seed=settings.forest.seed,
        learner=settings.forest.learner,
        parameters=settings.forest.parameters,
    )
