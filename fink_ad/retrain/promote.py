"""Let a model in, or back: by the gate, or by an operator who answers for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from fink_ad.alerts import POPULATIONS, SURVEYS
from fink_ad.config import Settings
from fink_ad.errors import FinkAdError, LeaseHeld, ModelError, StoreError, TooFewAlerts
from fink_ad.forest import Model
from fink_ad.learn.publish import HOLDS_AT
from fink_ad.retrain.judging import Judgement, judge_contender
from fink_ad.retrain.recompute import current_schema, features_of_kept, new_features
from fink_ad.retrain.taken_back import model_of, why_taken_back
from fink_ad.retrain.train import make_contender, store_contender
from fink_ad.retrain.turn import turn
from fink_ad.store import ActiveModel, Decision, NewDecision, Store, Verdict

__all__ = [
    "FAILED",
    "GATE",
    "LEASE",
    "TOO_FEW",
    "Outcome",
    "promote_model",
    "retrain",
    "retrain_all",
    "rollback_model",
]

_log = structlog.get_logger(__name__)

GATE = "gate"
"""Who decided, where no person did."""

FAILED = "failed"
"""Verdict on a model that could not be made or judged."""

TOO_FEW = "too few alerts"
"""Verdict where there are not enough alerts for a new model, as on a small sky; no failure."""

LEASE = "retrain"
"""Whoever holds it makes, promotes or takes back shared models."""


@dataclass(frozen=True)
class Outcome:
    """What became of a retraining.

    Attributes
    ----------
    contender, incumbent : str
        Revisions.
    verdict : str
        ``promoted``, ``not promoted``, ``not enough evidence`` or ``nothing new``; of several
        models, `TOO_FEW` for one that was left out and `FAILED` for one that went wrong.
    reason : str
        Why, in words.
    figures : mapping
        What the verdict rests on.
    """

    survey: str
    population: str
    verdict: str
    reason: str = ""
    contender: str = ""
    incumbent: str = ""
    figures: dict[str, Any] = field(default_factory=dict)


def retrain(
    store: Store,
    settings: Settings,
    survey: str,
    population: str,
    *,
    full: bool = False,
    force_by: str = "",
    dry_run: bool = False,
    on_step: Callable[[str], None] = lambda step: None,
) -> Outcome:
    """Make a new shared model, judge it, and put it in force if the gate lets it in.

    Whatever happens, and wherever the process ends, a whole model is in force: it changes in
    one transaction, which also notes why and refuses a process that lost its turn. What an
    operator took back only an operator brings back.

    Parameters
    ----------
    full : bool
        Draw the reference from all nights and compute all features anew.
    force_by : str
        Name of the operator who wants the model in force whatever the gate says.
    dry_run : bool
        Train and judge, and leave nothing behind.
    on_step : callable
        Told what is done next.

    Raises
    ------
    LeaseHeld, LeaseLost
        If another retraining is at work, or took over.
    ModelError
        If there is no model yet, or too few alerts for a new one.
    FinkAdError
        If anything needed cannot be read.
    """
    with turn(store, LEASE, settings.retrain.lease_seconds, note=f"{survey} {population}") as lease:
        active = _active(store, survey, population)
        incumbent = Model.load(settings.models_dir / active.revision.id)
        on_step("training")
        contender = make_contender(store, settings, survey, population, full=full)
        ids = (contender.model.revision, incumbent.revision)
        if contender.model.revision == incumbent.revision:
            why = "the same alerts and answers make the model in force"
            return Outcome(survey, population, "nothing new", why, *ids)
        on_step("judging")
        judged = judge_contender(store, settings, contender, incumbent)
        verdict = judged.verdict
        if taken_back := why_taken_back(store, contender):
            verdict, judged = "not promoted", replace(judged, reason=taken_back)
        reason = judged.reason
        if force_by and verdict != "promoted":
            verdict, reason = "promoted", f"{force_by} wants it; the gate said {verdict}: {reason}"
        if not dry_run:
            store_contender(store, settings, contender)
            by = force_by if force_by else GATE
            decision = _decision(contender.model, incumbent.revision, judged, verdict, by)
            if verdict == "promoted":
                store.promote(decision, lease, new_features(survey, contender.kept))
            else:
                store.add_decision(decision)
        _log.info(
            "model_judged",
            survey=survey,
            population=population,
            model=contender.model.short_id,
            verdict=verdict,
            reason=reason,
        )
        return Outcome(survey, population, verdict, reason, *ids, judged.figures)


def retrain_all(
    store: Store,
    settings: Settings,
    keys: Iterable[tuple[str, str]] | None = None,
    *,
    full: bool = False,
    force_by: str = "",
    dry_run: bool = False,
    on_step: Callable[[str], None] = lambda step: None,
) -> tuple[Outcome, ...]:
    """Retrain several shared models; what fails for one leaves the others alone.

    Parameters
    ----------
    keys : iterable of (survey, population), optional
        Whose; by default all that are in force.
    full, force_by, dry_run, on_step
        As in `retrain`.

    Raises
    ------
    LeaseHeld
        If another retraining is at work; those done before stand.
    FinkAdError
        If all of them failed: then the first reason.
    """
    if keys is None:
        keys = [(survey, population) for survey in SURVEYS for population in POPULATIONS]
        keys = [key for key in keys if store.active_model(*key) is not None]
    outcomes = []
    errors = []
    for survey, population in keys:

        def tell(step: str, what: str = f"{survey} {population}") -> None:
            on_step(f"{what}: {step}")

        try:
            outcome = retrain(
                store,
                settings,
                survey,
                population,
                full=full,
                force_by=force_by,
                dry_run=dry_run,
                on_step=tell,
            )
        except LeaseHeld:
            raise
        except TooFewAlerts as error:
            outcome = Outcome(survey, population, TOO_FEW, str(error))
        except FinkAdError as error:
            _log.error("retrain_failed", survey=survey, population=population, error=str(error))
            errors.append(error)
            outcome = Outcome(survey, population, FAILED, str(error))
        outcomes.append(outcome)
    if errors and len(errors) == len(outcomes):
        raise errors[0]
    return tuple(outcomes)


def promote_model(store: Store, settings: Settings, revision_id: str, by: str) -> Decision:
    """Put a stored revision in force because an operator says so.

    Another revision of the model in force ranks until the next answer; one of another model is
    brought up to date with the answers at once.

    Raises
    ------
    ModelError
        If its folder is damaged, or it was trained on other features than are extracted now.
    StoreError
        If there is no such revision, it is in force already, or a retraining is at work.
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
        decision = _decision(model, incumbent, judged, "promoted", by)
        return store.promote(decision, lease, new_features(survey, kept))


def rollback_model(
    store: Store, settings: Settings, survey: str, population: str, by: str
) -> ActiveModel:
    """Return to the shared model that was in force before, and note who wanted it.

    Raises
    ------
    ModelError
        If that model's folder is damaged, or it knows other features than are extracted now.
    StoreError
        If no other model was in force before, or a retraining is at work.
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
        )


def _decision(
    contender: Model, incumbent: str | None, judged: Judgement, verdict: Verdict, by: str
) -> NewDecision:
    return NewDecision(
        contender=contender.revision,
        incumbent=incumbent,
        survey=contender.survey,
        population=contender.population,
        verdict=verdict,
        by=by,
        figures={"gate": judged.verdict, **judged.figures, "reason": judged.reason},
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


def _active(store: Store, survey: str, population: str) -> ActiveModel:
    active = store.active_model(survey, population)
    if active is None:
        raise ModelError(
            f"there is no {survey} {population} model yet: fink-ad run trains the first one"
        )
    return active


def _check_features(model: Model, settings: Settings) -> None:
    if model.schema.hash != current_schema(settings, model.survey, model.population).hash:
        raise ModelError(
            f"model {model.short_id} was trained on other features than are extracted now: "
            "install the providers it was trained with, or run fink-ad retrain"
        )
