"""The first half of the street: filters before the features, routing, features."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from fink_ad.alerts import POPULATIONS, AlertBatch
from fink_ad.errors import ConfigError
from fink_ad.features import Context, FeatureTable
from fink_ad.features.extractor import Extractor
from fink_ad.filters import DROP, FilterProvider, Verdicts
from fink_ad.plugins import load_feature_providers, load_filter_providers

__all__ = ["Described", "Providers", "describe", "judge", "providers_of"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class Providers:
    """The plug-ins in force."""

    extractor: Extractor
    before_features: tuple[FilterProvider, ...]
    after_scoring: tuple[FilterProvider, ...]


@dataclass(frozen=True, eq=False)
class Described:
    """A batch with its features, before anything is ranked.

    Attributes
    ----------
    batch : AlertBatch
        All alerts, routed to their populations.
    dropped : (n,) object array of str
        Why an alert was filtered; empty for those that were not.
    tags : mapping of str to (n,) bool
    numbers : mapping of str to (n,) float64
    features : mapping of str to (rows, FeatureTable)
        By population: which rows of the batch, and their features.
    seconds, failures : mapping of str to float, int
        Wall time and failed alerts by provider.
    """

    batch: AlertBatch
    dropped: NDArray[np.object_]
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
    features = load_feature_providers(settings).providers
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
    )


def describe(batch: AlertBatch, context: Context, *, drop: bool = True) -> Described:
    """Filter, route and compute the features of a batch; no I/O, no clock that matters.

    Parameters
    ----------
    batch : AlertBatch
    context : Context
    drop : bool
        False computes features for the alerts that filters drop as well, for offline studies.
    """
    providers = providers_of(context)
    dropped = np.full(len(batch), "", object)
    tags: dict[str, NDArray[np.bool_]] = {}
    numbers: dict[str, NDArray[np.float64]] = {}
    population = batch.codes("population").copy()
    failures: dict[str, int] = {}
    for provider in providers.before_features:
        verdicts, n_failed = judge(provider, batch, None, None, context)
        if n_failed:
            failures[provider.name] = n_failed
        falls = (verdicts.verdict == DROP) & (dropped == "")
        dropped[falls] = verdicts.reason[falls]
        tags.update(verdicts.tags)
        numbers.update(verdicts.numbers)
        if verdicts.population is not None:
            population = verdicts.population
    routed = batch.with_population(population)
    features: dict[str, tuple[NDArray[np.int64], FeatureTable]] = {}
    seconds: dict[str, float] = {}
    for code, name in enumerate(POPULATIONS):
        wanted = (dropped == "") if drop else np.ones(len(batch), np.bool_)
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
    return Described(routed, dropped, tags, numbers, features, seconds, failures)


def judge(
    provider: FilterProvider,
    batch: AlertBatch,
    features: FeatureTable | None,
    scores: NDArray[np.float64] | None,
    context: Context,
) -> tuple[Verdicts, int]:
    """Ask a filter; where it fails, ask alert by alert and keep the alerts it fails on.

    Returns
    -------
    verdicts : Verdicts
        One per alert.
    n_failed : int
        On how many alerts the filter failed.
    """
    try:
        return _checked(provider.judge(batch, features, scores, context), len(batch)), 0
    except Exception as error:  # a plug-in may raise anything; the stream goes on
        if len(batch) == 1:
            _log.warning(
                "filter_failed",
                provider=provider.name,
                version=provider.version,
                error=f"{type(error).__name__}: {error}",
            )
            return Verdicts.keep_all(1), 1
    middle = len(batch) // 2
    halves = [np.arange(middle), np.arange(middle, len(batch))]
    judged = [
        judge(
            provider,
            batch.take(rows),
            FeatureTable(features.schema, features.values[rows]) if features else None,
            scores[rows] if scores is not None else None,
            context,
        )
        for rows in halves
    ]
    parts = [verdicts for verdicts, _ in judged]
    sizes = [len(rows) for rows in halves]
    return _joined(parts, sizes, batch.codes("population")), sum(n for _, n in judged)


def _checked(verdicts: Verdicts, n_alerts: int) -> Verdicts:
    arrays = [verdicts.verdict, verdicts.reason, *verdicts.tags.values()]
    arrays += list(verdicts.numbers.values())
    if verdicts.population is not None:
        arrays.append(verdicts.population)
    for array in arrays:
        if np.shape(array) != (n_alerts,):
            raise ValueError(f"verdicts of shape {np.shape(array)} for {n_alerts} alerts")
    return verdicts


def _joined(parts: list[Verdicts], sizes: list[int], population: NDArray[np.int8]) -> Verdicts:
    """Put verdicts on consecutive rows together; a part that lacks a tag says no to it."""
    tag_names = sorted({name for part in parts for name in part.tags})
    number_names = sorted({name for part in parts for name in part.numbers})
    sized = list(zip(parts, sizes, strict=True))
    routed = None
    if any(part.population is not None for part in parts):
        stops = np.cumsum(sizes)
        routed = np.concatenate(
            [
                part.population if part.population is not None else population[stop - size : stop]
                for part, size, stop in zip(parts, sizes, stops, strict=True)
            ]
        )
    return Verdicts(
        verdict=np.concatenate([part.verdict for part in parts]),
        reason=np.concatenate([part.reason for part in parts]),
        tags={
            name: np.concatenate([p.tags.get(name, np.zeros(n, np.bool_)) for p, n in sized])
            for name in tag_names
        },
        numbers={
            name: np.concatenate([p.numbers.get(name, np.full(n, np.nan)) for p, n in sized])
            for name in number_names
        },
        population=routed,
    )
