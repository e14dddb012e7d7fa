"""Learners by name: each turns rows of numbers into anomaly scores."""

from collections.abc import Mapping

from fink_ad.errors import ModelError
from fink_ad.forest.learners.aad import AadForest
from fink_ad.forest.learners.contracts import Labels, Learner
from fink_ad.forest.learners.fal import ForestActiveLearner
from fink_ad.forest.learners.pine import PineForest
from fink_ad.forest.learners.static import StaticForest

__all__ = [
    "LEARNERS",
    "AadForest",
    "ForestActiveLearner",
    "Labels",
    "Learner",
    "PineForest",
    "StaticForest",
    "learner_named",
]

LEARNERS: Mapping[str, type[Learner]] = {
    "aad": AadForest,
    "fal": ForestActiveLearner,
    "pine": PineForest,
    "static": StaticForest,
}
"""Every learner a model may be trained with."""


def learner_named(name: str) -> type[Learner]:
    """Return the learner of that name.

    Raises
    ------
    ModelError
        If there is none.
    """
    if name not in LEARNERS:
        raise ModelError(f"no learner {name!r}; there are {', '.join(sorted(LEARNERS))}")
    return LEARNERS[name]
