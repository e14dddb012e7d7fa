"""What the doctor looks at where alerts are ranked: models, their drift, the jobs about them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from fink_ad.alerts import POPULATIONS, SURVEYS
from fink_ad.config import Settings
from fink_ad.errors import FinkAdError
from fink_ad.features import Context
from fink_ad.forest import Model
from fink_ad.learn.conditions import condition_problem
from fink_ad.learn.whose import Whose
from fink_ad.operations.finding import Finding
from fink_ad.pipeline.describe import providers_of
from fink_ad.store import DriftRecord, JobRun, Store

__all__ = ["look_at_conditions", "look_at_drift", "look_at_jobs", "look_at_models"]


def look_at_models(store: Store, settings: Settings) -> Iterator[Finding]:
    """Yield whether the models in force can be read and know what is extracted now."""
    try:
        extractor = providers_of(Context(dict(settings.provider))).extractor
    except FinkAdError:
        return  # told with the plug-ins
    any_active = False
    pairs = sorted({(p.survey, p.population) for p in store.history_parts() if p.population})
    for survey, population in pairs:
        active = store.active_model(survey, population)
        if active is None:
            continue
        any_active = True
        what = f"{survey} {population}"
        try:
            model = Model.load(settings.models_dir / active.model.id)
        except FinkAdError as error:
            mend = "restore the folder from a backup"
            yield Finding("model", "problem", f"{what}: {error}", mend)
            continue
        told = f"{what}: {model.short_id}, {len(model.reference):,} alerts"
        if model.schema.hash != extractor.schema(survey, population).hash:
            told += ", but the features of the installed providers are others"
            mend = "install the providers it was trained with, or train it again"
            yield Finding("model", "problem", told, mend)
        elif model.provisional:
            mend = "none is needed: it is replaced when there are more alerts"
            yield Finding("model", "warning", f"{told}, provisional", mend)
        else:
            yield Finding("model", "ok", told)
    if not any_active:
        yield Finding("model", "ok", "none yet; the first run trains one")


def look_at_conditions(store: Store, settings: Settings) -> Iterator[Finding]:
    """Yield whether the conditions of the settings belong to somebody and can be met."""
    people = {one.name: one for one in store.reviewers()}
    sound = True
    for name in sorted(set(settings.models) - {"shared"}):
        person = people.get(name)
        if person is not None and person.active and person.personal:
            continue
        sound = False
        why = (
            "no reviewer of that name" if person is None else f"{name} has no ranking of their own"
        )
        mend = f"correct the name, or fink-ad reviewers add {name} --personal"
        yield Finding("condition", "warning", f"[models.{name}] does nothing: {why}", mend)
    personal = [one.id for one in people.values() if one.active and one.personal]
    for survey, population in itertools.product(SURVEYS, POPULATIONS):
        active = store.active_model(survey, population)
        try:
            if active is None:
                continue
            schema = Model.load(settings.models_dir / active.model.id).schema
        except FinkAdError:
            continue  # told with the models
        problems = {
            condition_problem(store, settings, Whose(survey, population, one), schema)
            for one in (None, *personal)
        }
        for problem in sorted(problems - {""}):
            sound = False
            mend = "correct it, or say for which population it is; then restart fink-ad learn"
            told = f"{survey} {population} alerts are not ranked anew: {problem}"
            yield Finding("condition", "problem", told, mend)
    if sound:
        yield Finding("condition", "ok", ", ".join(sorted(settings.models)) or "none")


def look_at_drift(store: Store) -> Iterator[Finding]:
    """Yield what the last measured night of each model was like."""
    latest: dict[tuple[str, str], DriftRecord] = {}
    for one in store.drift():
        latest.setdefault((one.survey, one.population), one)
    for (survey, population), one in sorted(latest.items()):
        told = f"{survey} {population}, night {one.night}"
        if one.alarm:
            reasons = [str(reason) for reason in one.figures.get("reasons", ())]
            told += f": {'; '.join(reasons[:3])}" if reasons else ": alarm"
            mend = "look at the night; if its alerts are sound, fink-ad retrain"
            yield Finding("drift", "warning", told, mend)
        elif one.told:
            yield Finding("drift", "ok", f"{told}: as the model knows them")
        else:
            yield Finding("drift", "ok", f"{told}: too few alerts to tell")


def look_at_jobs(store: Store) -> Iterator[Finding]:
    """Yield how the last run of each scheduled job ended."""
    latest: dict[str, JobRun] = {}
    for run in store.job_runs(limit=200):
        latest.setdefault(run.name, run)
    for name, run in sorted(latest.items()):
        told = f"{name}, due {run.due:%Y-%m-%d %H:%M} UTC: {run.outcome or 'at work, or died'}"
        if run.outcome == "failed":
            mend = f"mend it, then fink-ad scheduler --run {name}"
            yield Finding("job", "warning", f"{told}: {run.detail}", mend)
        else:
            yield Finding("job", "ok", told)
