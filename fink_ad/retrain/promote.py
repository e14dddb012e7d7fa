"""Let a model in, or back, because an operator answers for it."""

from __future__ import annotations

from typing import Any

from fink_ad.config import Settings
from fink_ad.errors import ModelError, StoreError
from fink_ad.forest import Model
from fink_ad.learn.publish import HOLDS_AT
from fink_ad.retrain.judging import Judgement
from fink_ad.retrain.recompute import current_schema, features_of_kept, new_features
from fink_ad.retrain.taken_back import model_of
from fink_ad.retrain.turn import LEASE, turn
from fink_ad.store import ActiveModel, Decision, Store

__all__ = ["promote_model", "rollback_model"]


def promote_model(
    store: Store, settings: Settings, revision_id: str, by: str, operator_id: int | None = None
) -> Decision:
    """Put a stored revision in force because an operator says so.

    Another revision of the model in force ranks until the next answer; one of another model is
    brought up to date with the answers at once.

    Parameters
    ----------
    by : str
        Who decides, as it is written down.
    operator_id : int, optional
        The reviewer who decides, where that is one: they must be an operator when it is done.

    Raises
    ------
    ModelError
        If its folder is damaged, or it was trained on other features than are extracted now.
    StoreError
        If there is no such revision, it is in force already, a retraining is at work, or who
        decides is no operator.
    """
    found = store.model(revision_id)
    if found is None:
        raise StoreError(f"no model revision {revision_id!r} in the store; see fink-ad models list")
    survey, population = found.model.survey, found.model.population
    if found.model.reviewer_id is not None:
        raise ModelError(
            f"model {revision_id[:12]} is reviewer {found.model.reviewer_id}'s own: it follows "
            "the shared one by itself"
        )
    model = Model.load(settings.models_dir / revision_id)
    with turn(store, LEASE, settings.retrain.lease_seconds, note=f"promote {by}") as lease:
        _check_features(model, settings)
        active = store.active_model(survey, population)
        if active is not None and active.revision.id == revision_id:
            raise StoreError(f"model {revision_id[:12]} is in force already")
        incumbent = None if active is None else active.revision.id
        figures = {**_judged_before(store, model), HOLDS_AT: None}
        if active is not None and active.model.id == found.model.id:
            # An earlier revision, on purpose: what it had not learned by now it shall not.
            figures[HOLDS_AT] = store.label_position(survey, population)
        judged = Judgement("promoted", f"{by} decided", figures)
        kept = features_of_kept(store, settings, survey, population)
        decision = judged.decision(model, incumbent, "promoted", by)
        return store.promote(decision, lease, new_features(survey, kept), operator_id)


def rollback_model(
    store: Store,
    settings: Settings,
    survey: str,
    population: str,
    by: str,
    operator_id: int | None = None,
) -> ActiveModel:
    """Return to the shared model that was in force before, and note who wanted it.

    Parameters
    ----------
    by : str
        Who decides, as it is written down.
    operator_id : int, optional
        The reviewer who decides, where that is one: they must be an operator when it is done.

    Raises
    ------
    ModelError
        If that model's folder is damaged, or it knows other features than are extracted now.
    StoreError
        If no other model was in force before, a retraining is at work, or who decides is no
        operator.
    """
    with turn(store, LEASE, settings.retrain.lease_seconds, note=f"rollback {by}") as lease:
        target = store.earlier_model(survey, population)
        if target is None:
            raise StoreError(f"no earlier {survey} {population} model to return to")
        model = Model.load(settings.models_dir / target.revision.id)
        _check_features(model, settings)
        kept = features_of_kept(store, settings, survey, population)
        return store.rollback_model(
            survey,
            population,
            by=by,
            whole=True,
            lease=lease,
            features=new_features(survey, kept),
            operator_id=operator_id,
        )


def _judged_before(store: Store, model: Model) -> dict[str, Any]:
    """Return the figures of a model's last judgement, which say what it was trained with.

    The revisions that learned more answers since then are of the same model.
    """
    its_model = model_of(store, model.revision)
    for one in reversed(store.decisions(model.survey, model.population)):
        if "imports" in one.figures and model_of(store, one.contender) == its_model:
            return {name: told for name, told in one.figures.items() if name != "reason"}
    return {}


def _check_features(model: Model, settings: Settings) -> None:
    if model.schema.hash != current_schema(settings, model.survey, model.population).hash:
        raise ModelError(
            f"model {model.short_id} was trained on other features than are extracted now: "
            "install the providers it was trained with, or run fink-ad retrain"
        )
