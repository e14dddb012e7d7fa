"""Make new shared models, and put in force those that the gate lets in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from fink_ad.alerts import POPULATIONS, SURVEYS
from fink_ad.config import Settings
from fink_ad.errors import FinkAdError, LeaseHeld, ModelError, TooFewAlerts
from fink_ad.forest import Model
from fink_ad.retrain.judging import judge_contender
from fink_ad.retrain.recompute import new_features
from fink_ad.retrain.taken_back import why_taken_back
from fink_ad.retrain.train import make_contender, store_contender
from fink_ad.retrain.turn import LEASE, turn
from fink_ad.store import ActiveModel, Store

__all__ = ["FAILED", "GATE", "TOO_FEW", "Outcome", "retrain", "retrain_all"]

_log = structlog.get_logger(__name__)

GATE = "gate"
"""Who decided, where no person did."""

FAILED = "failed"
"""Verdict on a model that could not be made or judged."""

TOO_FEW = "too few alerts"
"""Verdict where there are not enough alerts for a new model, as on a small sky; no failure."""


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
            decision = judged.decision(contender.model, incumbent.revision, verdict, by)
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


def _active(store: Store, survey: str, population: str) -> ActiveModel:
    active = store.active_model(survey, population)
    if active is None:
        raise ModelError(
            f"there is no {survey} {population} model yet: fink-ad run trains the first one"
        )
    return active
