"""New models and who lets them in: sample, recompute, train, judge, promote; and drift."""

from fink_ad.retrain.drift import Measured, measure_drifts
from fink_ad.retrain.promote import promote_model, rollback_model
from fink_ad.retrain.recompute import current_schema, features_of_kept
from fink_ad.retrain.retraining import FAILED, TOO_FEW, Outcome, retrain, retrain_all

__all__ = [
    "FAILED",
    "TOO_FEW",
    "Measured",
    "Outcome",
    "current_schema",
    "features_of_kept",
    "measure_drifts",
    "promote_model",
    "retrain",
    "retrain_all",
    "rollback_model",
]
