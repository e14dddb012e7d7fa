"""Measure how far the newest night is from what the models were trained on."""

from __future__ import annotations

from datetime import UTC, datetime

from fink_ad.alerts import POPULATIONS, SURVEYS
from fink_ad.config import Settings
from fink_ad.forest import Model
from fink_ad.forest.drift import measure_drift
from fink_ad.pipeline import models_dir
from fink_ad.store import DriftRecord, Store

__all__ = ["measure_drifts"]

_AFTER_ALL = 99_999_999
_MOST_ALERTS = 20_000
"""Alerts of a night that are looked at, drawn by hash: enough for any figure to be steady."""


def measure_drifts(store: Store, settings: Settings) -> tuple[DriftRecord, ...]:
    """Compare the newest night of each shared model with its reference, and remember the result.

    Raises
    ------
    FinkAdError
        If a model or the history cannot be read.
    """
    found = []
    for survey in SURVEYS:
        nights = store.nights(survey, _AFTER_ALL)
        for population in POPULATIONS:
            active = store.active_model(survey, population)
            if active is None:
                continue
            model = Model.load(models_dir(settings) / active.revision.id)
            record = _newest(store, model, nights)
            if record is not None:
                store.record_drift(record)
                found.append(record)
    return tuple(found)


def _newest(store: Store, model: Model, nights: tuple[int, ...]) -> DriftRecord | None:
    """Measure the newest night that has alerts with the features of the model, if there is one."""
    for night in reversed(nights):
        rows = store.read_features(
            model.survey, model.population, model.schema.hash, limit=_MOST_ALERTS, nights=[night]
        )
        if rows is None or not len(rows):
            continue
        # Those of the history may be of another revision.
        scores = model.score(rows.features, rows.n_det)
        drift = measure_drift(model, rows.features, scores, rows.n_det)
        return DriftRecord(
            survey=model.survey,
            population=model.population,
            night=night,
            model_revision=model.revision,
            figures=dict(drift.figures),
            alarm=drift.alarm,
            measured_at=datetime.now(UTC),
        )
    return None
