"""Measure how far the newest night is from what the models were trained on."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import NamedTuple

import structlog

from fink_ad.alerts import POPULATIONS, SURVEYS
from fink_ad.config import Settings
from fink_ad.errors import FinkAdError
from fink_ad.forest import Model
from fink_ad.forest.drift import MIN_ALERTS, measure_drift
from fink_ad.store import DriftRecord, Store

__all__ = ["Measured", "measure_drifts"]

_log = structlog.get_logger(__name__)

_AFTER_ALL = 99_999_999
_MOST_ALERTS = 20_000
"""Alerts of a night that are looked at, drawn by hash: enough for any figure to be steady."""


class Measured(NamedTuple):
    """What was measured, and what could not be."""

    records: tuple[DriftRecord, ...]
    failures: tuple[str, ...]


def measure_drifts(store: Store, settings: Settings) -> Measured:
    """Compare the newest night of each shared model with its reference, and remember the result.

    The newest night is the newest with `MIN_ALERTS` alerts; where there is none, that of the
    newest alerts is remembered with the figures ``n_alerts`` and ``n_reference`` only. A model or
    a history that cannot be read leaves the other models alone.
    """
    records, failures = [], []
    for survey, population in product(SURVEYS, POPULATIONS):
        try:
            active = store.active_model(survey, population)
            if active is None:
                continue
            model = Model.load(settings.models_dir / active.revision.id)
            record = _newest(store, model, store.nights(survey, _AFTER_ALL))
            if record is not None:
                store.record_drift(record)
                records.append(record)
        except FinkAdError as error:
            _log.error("drift_failed", survey=survey, population=population, error=str(error))
            failures.append(f"{survey} {population}: {error}")
    return Measured(tuple(records), tuple(failures))


def _newest(store: Store, model: Model, nights: tuple[int, ...]) -> DriftRecord | None:
    """Measure the newest night with enough alerts with the features of the model.

    Returns
    -------
    DriftRecord or None
        Of the newest night if none has enough; None without any alerts.
    """
    newest = None
    for night in reversed(nights):
        rows = store.read_features(
            model.survey, model.population, model.schema.hash, limit=_MOST_ALERTS, nights=[night]
        )
        if rows is None or not len(rows):
            continue
        # Those of the history may be of another revision.
        scores = model.score(rows.features, rows.n_det)
        drift = measure_drift(model, rows.features, scores, rows.n_det)
        record = DriftRecord(
            survey=model.survey,
            population=model.population,
            night=night,
            model_revision=model.revision,
            figures=dict(drift.figures),
            alarm=drift.alarm,
            measured_at=datetime.now(UTC),
        )
        if len(rows) >= MIN_ALERTS:
            return record
        newest = newest or record
    return newest
