"""Relearn after answers: the active model's reference and what reviewers said of it so far."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from fink_ad.config import Settings
from fink_ad.errors import ModelError, StoreError
from fink_ad.features import FeatureTable
from fink_ad.forest import Model
from fink_ad.learn.answers import labelled_alerts, teaching_answers
from fink_ad.learn.whose import Whose
from fink_ad.pipeline import model_record
from fink_ad.store import ActiveModel, KeptIndex, Lease, RevisionRecord, Store

__all__ = ["Revision", "put_in_force", "relearn", "remember", "reviewer_name", "revise"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class Revision:
    """A model with what it learned.

    Attributes
    ----------
    model : Model
    bare : Model or None
        The model it is a revision of, without answers, where that one is new.
    model_id : str
        Id of the model it is a revision of.
    trees : str
        Names the trees: id of the shared model that has them.
    """

    model: Model
    bare: Model | None
    model_id: str
    trees: str


def relearn(
    store: Store,
    settings: Settings,
    survey: str,
    population: str,
    reviewer_id: int | None = None,
) -> Model | None:
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
    reviewer_id : int, optional
        Whose model, if it is a reviewer's own: it has the reference and the trees of the
        shared one.

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
    whose = Whose(survey, population, reviewer_id)
    active = store.active_model(survey, population)
    if active is None:
        return None
    own = store.active_model(*whose)
    # Answers that were all taken back have to be unlearned.
    if not teaching_answers(store, settings.learn, whose) and (
        own is None or own.revision.n_labels == 0
    ):
        return None
    if settings.forest.learner == "static":
        raise ModelError(
            "learner 'static' does not use answers: set forest.learner to 'fal', which then "
            f"takes over the reference sample of the active {survey} {population} model"
        )
    shared = Model.load(settings.models_dir / active.revision.id)
    revision = revise(store, settings, whose, shared, active.model.id)
    remember(store, settings, whose, revision)
    put_in_force(store, whose, revision, replaces=own)
    return revision.model


def revise(
    store: Store,
    settings: Settings,
    whose: Whose,
    shared: Model,
    shared_id: str,
    kept: KeptIndex | None = None,
) -> Revision:
    """Train on the reference of the shared model with the answers that count; store nothing.

    Parameters
    ----------
    shared : Model
        The shared model in force, of whatever revision.
    shared_id : str
        Id of the model it is a revision of.
    kept : KeptIndex, optional
        The kept alerts of the survey and population, if at hand.

    Raises
    ------
    ModelError
        If the learner cannot learn from the answers.
    StoreError
        If there is no such reviewer.
    """
    teaching = teaching_answers(store, settings.learn, whose)
    labelled = labelled_alerts(store, whose, teaching, shared.schema, kept)
    bare = None
    trees = model_id = shared_id
    if shared.learner.name != settings.forest.learner and settings.forest.learner != "static":
        shared = bare = _with_learner(shared, settings)
        trees = model_id = bare.id
    if whose.reviewer_id is not None:
        shared = bare = replace(shared, reviewer=reviewer_name(store, whose.reviewer_id)).relearn(
            None
        )
        model_id = bare.id
    return Revision(shared.relearn(labelled), bare, model_id, trees)


def remember(store: Store, settings: Settings, whose: Whose, revision: Revision) -> None:
    """Write the folder of a revision, and register it; it is not in force yet."""
    folder = settings.models_dir
    if revision.bare is not None:
        revision.bare.save(folder, like=revision.trees)
        record = model_record(revision.bare)
        store.register_model(replace(record, reviewer_id=whose.reviewer_id))
    model = revision.model
    model.save(folder, like=revision.model_id)
    n_labels = 0 if model.labelled is None else len(model.labelled)
    store.register_revision(
        RevisionRecord(model.revision, revision.model_id, n_labels, model.manifest)
    )


def put_in_force(
    store: Store,
    whose: Whose,
    revision: Revision,
    lease: Lease | None = None,
    replaces: ActiveModel | None = None,
) -> None:
    """Make a revision the one in force.

    Parameters
    ----------
    replaces : ActiveModel, optional
        What was in force when the revision was begun: a model promoted since then stays.

    Raises
    ------
    LeaseLost
        If a lease is given that is not in force any more.
    StoreError
        If something else came into force meanwhile.
    """
    before = None if replaces is None else replaces.revision.id
    store.activate_model(revision.model.revision, lease, replaces=before)
    _log.info(
        "model_relearned",
        survey=whose.survey,
        population=whose.population,
        reviewer=revision.model.reviewer,
        model=revision.model.short_id,
        n_labels=0 if revision.model.labelled is None else len(revision.model.labelled),
    )


def reviewer_name(store: Store, reviewer_id: int) -> str:
    """Return the name of a reviewer.

    Raises
    ------
    StoreError
        If there is none of this number.
    """
    for one in store.reviewers():
        if one.id == reviewer_id:
            return one.name
    raise StoreError(f"no reviewer has the number {reviewer_id}: see `fink-ad reviewers list`")


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
