"""Who is strange: learners, model folders, rarity among peers, explanations."""

from fink_ad.forest.explanation import (
    ToldFeature,
    TopFeatures,
    feature_percentiles,
    top_features,
)
from fink_ad.forest.model import Model
from fink_ad.forest.ranking import (
    DEFAULT_THRESHOLD,
    PROVISIONAL_BELOW,
    Rarity,
    candidate_threshold,
    is_candidate,
    is_provisional,
    kept_threshold,
    rarity,
)
from fink_ad.forest.sketch import PEER_BINS, ScoreSketch, peer_bin
from fink_ad.forest.training import LabelledAlerts, ReferenceSample

__all__ = [
    "DEFAULT_THRESHOLD",
    "PEER_BINS",
    "PROVISIONAL_BELOW",
    "LabelledAlerts",
    "Model",
    "Rarity",
    "ReferenceSample",
    "ScoreSketch",
    "ToldFeature",
    "TopFeatures",
    "candidate_threshold",
    "feature_percentiles",
    "is_candidate",
    "is_provisional",
    "kept_threshold",
    "peer_bin",
    "rarity",
    "top_features",
]
