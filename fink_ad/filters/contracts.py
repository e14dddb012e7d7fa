"""What a filter provider promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.features import Context, FeatureTable

__all__ = ["DROP", "KEEP", "PROMOTE", "FilterProvider", "Verdicts"]

KEEP, DROP, PROMOTE = 0, 1, 2
"""Verdict codes: leave alone, take out, make a candidate whatever the score."""


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What a filter says of each alert of a batch.

    Attributes
    ----------
    verdict : (n,) int8
        `KEEP`, `DROP` or `PROMOTE`.
    reason : (n,) object array of str
        Short stable word for counting; empty for `KEEP`.
    tags : mapping of str to (n,) bool
        Labels to attach, by name.
    numbers : mapping of str to (n,) float64
        Numbers to show to the reviewer, by name.
    population : (n,) int8 or None
        Codes into `POPULATIONS` when the filter routes alerts; else None.
    """

    verdict: NDArray[np.int8]
    reason: NDArray[np.object_]
    tags: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    population: NDArray[np.int8] | None = None

    @classmethod
    def keep_all(cls, n_alerts: int) -> Verdicts:
        """Return verdicts that leave every alert alone."""
        return cls(np.zeros(n_alerts, np.int8), np.full(n_alerts, "", object))


@runtime_checkable
class FilterProvider(Protocol):
    """Says which alerts to drop, keep or promote, and why; on whole batches, deterministic.

    ``stage`` is ``before_features`` (features and scores are None) or ``after_scoring``.
    """

    name: str
    version: str
    requires: tuple[str, ...]
    stage: Literal["before_features", "after_scoring"]

    def judge(
        self,
        batch: AlertBatch,
        features: FeatureTable | None,
        scores: NDArray[np.float64] | None,
        context: Context,
    ) -> Verdicts:
        """Return one verdict per alert."""
        ...
