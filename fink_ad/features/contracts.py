"""What a feature provider promises, and the context it is given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch

__all__ = ["Context", "FeatureColumn", "FeatureProvider"]


@dataclass(frozen=True)
class FeatureColumn:
    """One number that describes an alert.

    Attributes
    ----------
    id : str
        ``provider.feature`` or ``provider.feature_band``.
    unit : str
        Unit as an astronomer writes it (``mag``, ``mag / day``, ``arcsec``); empty for none.
    group : str
        Columns of one group carry related information; learners draw the group first.
    meaning : str
        One line for the reviewer.
    """

    id: str
    unit: str
    group: str
    meaning: str


@dataclass(frozen=True)
class Context:
    """Immutable snapshot of everything `process` may look at besides the batch.

    Attributes
    ----------
    settings : mapping
        JSON-able settings of the providers by name, as validated.
    feature_providers : tuple of str or None
        Feature providers to run; None for all that are installed.
    model_revision : str
        The active model; empty before there is one.
    tables : mapping of str to object
        Named side tables: catalogues, notices, previous fits, object summaries. Each is
        picklable and has a ``content_hash`` attribute or is hashed by its JSON form.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    model_revision: str = ""
    tables: Mapping[str, Any] = field(default_factory=dict)
    feature_providers: tuple[str, ...] | None = None

    @cached_property
    def content_hash(self) -> str:
        """Hash of the whole content, recorded beside whatever was computed with it."""
        tables = {name: _content_hash(table) for name, table in sorted(self.tables.items())}
        chosen = None if self.feature_providers is None else list(self.feature_providers)
        text = json.dumps(
            [dict(self.settings), self.model_revision, tables, chosen], sort_keys=True
        )
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _content_hash(table: Any) -> str:
    content_hash = getattr(table, "content_hash", None)
    if isinstance(content_hash, str):
        return content_hash
    text = json.dumps(table, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@runtime_checkable
class FeatureProvider(Protocol):
    """Numbers that describe alerts. No base class: any object of this shape will do.

    `extract` works on whole batches; a Python loop over alerts is a defect. It must be
    deterministic, must not change its input, and says "not defined here" with NaN.
    """

    name: str
    version: str
    requires: tuple[str, ...]

    def columns(self, survey: str, population: str) -> tuple[FeatureColumn, ...]:
        """Return the columns `extract` gives for this survey and population, in order."""
        ...

    def applies_to(self, batch: AlertBatch, context: Context) -> NDArray[np.bool_]:
        """Return which alerts are worth computing, (n_alerts,); the rest becomes NaN."""
        ...

    def extract(self, batch: AlertBatch, context: Context) -> NDArray[np.float64]:
        """Return the features of one population, (n_alerts, n_columns)."""
        ...
