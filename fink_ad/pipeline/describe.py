"""The first half of the street: filters before the features, routing, features."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import POPULATIONS, AlertBatch
from fink_ad.errors import ConfigError
from fink_ad.features import Context, FeatureTable
from fink_ad.features.extractor import Extractor
from fink_ad.filters import DROP, PROMOTE, FilterProvider
from fink_ad.pipeline.judging import judge
from fink_ad.plugins import load_feature_providers, load_filter_providers

__all__ = ["Described", "Providers", "describe", "providers_of"]


@dataclass(frozen=True, eq=False)
class Providers:
    """The plug-ins in force, and the feature providers that could not be loaded."""

    extractor: Extractor
    before_features: tuple[FilterProvider, ...]
    after_scoring: tuple[FilterProvider, ...]
    broken: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Described:
    """A batch with its features, before anything is ranked.

    Attributes
    ----------
    batch : AlertBatch
        All alerts, routed to their populations.
    dropped : (n,) object array of str
        Why an alert was filtered; empty for those that were not.
    promoted : (n,) object array of str
        Why a filter wants an alert as a candidate whatever its score; else empty.
    tags : mapping of str to (n,) bool
    numbers : mapping of str to (n,) float64
    features : mapping of str to (rows, FeatureTable)
        By population: which rows of the batch, and their features.
    seconds, failures : mapping of str to float, int
        Wall time and failed alerts by provider.
    """

    batch: AlertBatch
    dropped: NDArray[np.object_]
    promoted: NDArray[np.object_]
    tags: Mapping[str, NDArray[np.bool_]]
    numbers: Mapping[str, NDArray[np.float64]]
    features: Mapping[str, tuple[NDArray[np.int64], FeatureTable]]
    seconds: Mapping[str, float]
    failures: Mapping[str, int]


def providers_of(context: Context) -> Providers:
    """Return the providers that a context asks for, loaded once per process.

    Raises
    ------
    ConfigError
        If a feature provider is asked for that is not installed, or a setting does not fit.
    """
    return _providers(json.dumps(dict(context.settings), sort_keys=True), context.feature_providers)


@lru_cache(maxsize=4)
def _providers(settings_json: str, names: tuple[str, ...] | None) -> Providers:
    settings: dict[str, Any] = json.loads(settings_json)
    plugins = load_feature_providers(settings)
    features = plugins.providers
    if names is not None:
        by_name = {provider.name: provider for provider in features}
        unknown = [name for name in names if name not in by_name]
        if unknown:
            raise ConfigError(
                f"no feature provider {unknown[0]!r}; there are {', '.join(sorted(by_name))}"
            )
        features = tuple(by_name[name] for name in names)
    filters = load_filter_providers(settings).providers
    return Providers(
        extractor=Extractor(features),
        before_features=tuple(f for f in filters if f.stage == "before_features"),
        after_scoring=tuple(f for f in filters if f.stage == "after_scoring"),
        broken=tuple(info.name for info in plugins.infos if info.error),
    )


def describe(batch: AlertBatch, context: Context, *, drop: bool = True) -> Described:
    """Filter, route and compute the features of a batch; no I/O, no clock that matters.

    The first filter that drops or promotes an alert decides.

    Parameters
    ----------
    batch : AlertBatch
    context : Context
    drop : bool
        False computes features for the alerts that filters drop as well, for offline studies.
    """
    providers = providers_of(context)
    n = len(batch)
    dropped, promoted = np.full(n, "", object), np.full(n, "", object)
    tags: dict[str, NDArray[np.bool_]] = {}
    numbers: dict[str, NDArray[np.float64]] = {}
    routed = batch
    failures: dict[str, int] = {}
    for provider in providers.before_features:
        verdicts, n_failed = judge(provider, routed, None, None, context)
        if n_failed:
            failures[provider.name] = n_failed
        undecided = (dropped == "") & (promoted == "")
        for code, reasons in ((DROP, dropped), (PROMOTE, promoted)):
            falls = (verdicts.verdict == code) & undecided
            reasons[falls] = verdicts.reason[falls]
        for tag, mask in verdicts.tags.items():
            tags[tag] = tags[tag] | mask if tag in tags else mask
        numbers.update(verdicts.numbers)
        if verdicts.population is not None:
            # The next filter sees where this one sent the alerts.
            routed = routed.with_population(verdicts.population)
    population = routed.codes("population")
    features: dict[str, tuple[NDArray[np.int64], FeatureTable]] = {}
    seconds: dict[str, float] = {}
    for code, name in enumerate(POPULATIONS):
        wanted = (dropped == "") if drop else np.ones(n, np.bool_)
        rows = np.flatnonzero((population == code) & wanted)
        if len(rows) == 0:
            continue
        part = routed if len(rows) == len(routed) else routed.take(rows)
        extraction = providers.extractor.extract(part, context)
        features[name] = (rows, extraction.table)
        for provider_name, spent in extraction.seconds.items():
            seconds[provider_name] = seconds.get(provider_name, 0.0) + spent
        for provider_name, failed in extraction.failures.items():
            failures[provider_name] = failures.get(provider_name, 0) + failed
    return Described(routed, dropped, promoted, tags, numbers, features, seconds, failures)
