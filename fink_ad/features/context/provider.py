"""The provider ``context``: numbers that exist from the first detection on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.features.context import colour, counts, host, quality
from fink_ad.features.context.history import History
from fink_ad.features.contracts import Context, FeatureColumn
from fink_ad.features.population import population_of

__all__ = ["AlertContext", "ContextSettings"]

_GROUPS = {"host": host, "colour": colour, "counts": counts, "quality": quality}


@dataclass(frozen=True)
class ContextSettings:
    """Settings of the provider ``context``: there are none."""


class AlertContext:
    """Host and neighbours, colour and change, counts and age, quality: a group each.

    A single detection in a single band has most of them, and they carry more of what makes a
    rarity stand out than the shape of a short light curve does.
    """

    Settings: ClassVar[type[ContextSettings]] = ContextSettings
    name = "context"
    version = "2"
    requires: tuple[str, ...] = ()

    def __init__(self, settings: ContextSettings | None = None) -> None:
        self.settings = settings or ContextSettings()

    def columns(self, survey: str, population: str) -> tuple[FeatureColumn, ...]:
        """Return ``context.<name>``; for moving bodies without what belongs to a fixed place."""
        return tuple(
            FeatureColumn(f"context.{name}", unit, group, meaning)
            for group, module in _GROUPS.items()
            for name, unit, meaning in module.columns(survey)
            if population != "solar_system" or name not in module.FIXED_SKY
        )

    def applies_to(self, batch: AlertBatch, context: Context) -> NDArray[np.bool_]:
        """Every alert has a context."""
        return np.ones(len(batch), np.bool_)

    def extract(self, batch: AlertBatch, context: Context) -> NDArray[np.float64]:
        """Return the context, NaN where the packet does not know, (n_alerts, n_columns)."""
        history = History.of(batch)
        found: dict[str, NDArray[np.float64]] = {}
        for module in _GROUPS.values():
            found |= module.values(batch, history)
        columns = self.columns(batch.survey, population_of(batch))
        return np.column_stack([found[column.id.removeprefix("context.")] for column in columns])
