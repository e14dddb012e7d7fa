"""Checks that a provider keeps its contract; run them in the tests of your package."""

from __future__ import annotations

from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import POPULATIONS, AlertBatch
from fink_ad.errors import ProviderError
from fink_ad.features import Context, Extractor, FeatureProvider, FeatureTable
from fink_ad.features.context import AlertContext
from fink_ad.features.declared import declared_columns
from fink_ad.features.statistics import Statistics
from fink_ad.filters import KEEP, PROMOTE, FilterProvider, Verdicts
from fink_ad.testing.cases import fingerprint, hard_batches

__all__ = ["check_feature_provider", "check_filter_provider", "prepared_context"]


def check_feature_provider(provider: FeatureProvider, context: Context | None = None) -> None:
    """Check that a feature provider keeps its contract on alerts easy and hard.

    Tried are ordinary alerts of both surveys and populations, and alerts with one point, one
    band, no points, negative fluxes, NaN and 1 000 points, an empty batch and an unknown survey.
    On each the provider must give the declared columns, the same ones every time, and for an
    alert the same whoever its neighbours in the batch are, and leave the batch as it was.

    Parameters
    ----------
    provider : FeatureProvider
        The provider, with its settings.
    context : Context, optional
        Must hold the side tables that the provider requires.

    Raises
    ------
    ProviderError
        At the first breach: names the provider, the case and what was wrong.
    """
    context = prepared_context(provider, FeatureProvider, context)
    for survey in ("ztf", "lsst", "unknown"):
        for population in POPULATIONS:
            _check_columns(provider, survey, population)
    for case, batch in hard_batches():
        try:
            _check_features(provider, batch, context)
        except ProviderError as error:
            raise ProviderError(f"provider {provider.name!r}, {case}: {error}") from error


def check_filter_provider(provider: FilterProvider, context: Context | None = None) -> None:
    """Check that a filter provider keeps its contract on alerts easy and hard.

    The same alerts are tried as by `check_feature_provider`; a provider of the stage
    ``after_scoring`` is given the built-in features and random scores.

    Parameters
    ----------
    provider : FilterProvider
        The provider, with its settings.
    context : Context, optional
        Must hold the side tables that the provider requires.

    Raises
    ------
    ProviderError
        At the first breach: names the provider, the case and what was wrong.
    """
    context = prepared_context(provider, FilterProvider, context)
    if provider.stage not in ("before_features", "after_scoring"):
        raise ProviderError(f"provider {provider.name!r} has the unknown stage {provider.stage!r}")
    extractor = Extractor([Statistics(), AlertContext()])
    for case, batch in hard_batches():
        features, scores = None, None
        if provider.stage == "after_scoring":
            features = _features(extractor, batch)
            scores = np.random.default_rng(0).normal(size=len(batch))
        try:
            _check_verdicts(provider, batch, features, scores, context)
        except ProviderError as error:
            raise ProviderError(f"provider {provider.name!r}, {case}: {error}") from error


def prepared_context(provider: Any, contract: Any, context: Context | None) -> Context:
    """Check the shape of a provider, and return the context to try it with.

    Raises
    ------
    ProviderError
        If it is not of the contract's shape, has no name or version, lacks a table, or cannot
        be sent to another process.
    """
    if not isinstance(provider, contract):
        wanted = [name for name in _members(contract) if not hasattr(provider, name)]
        raise ProviderError(
            f"{type(provider).__name__} is no {contract.__name__}: it has no {', '.join(wanted)}"
        )
    for name in ("name", "version"):
        value = getattr(provider, name)
        if not isinstance(value, str) or not value:
            raise ProviderError(f"{type(provider).__name__}.{name} is {value!r}, not a word")
    context = context or Context()
    for table in provider.requires:
        if table not in context.tables:
            raise ProviderError(
                f"provider {provider.name!r} requires the table {table!r}: "
                f"pass a context that has it"
            )
    try:
        ForkingPickler.dumps(provider)
    except Exception as error:  # whatever the pickling of a stranger's object raises
        raise ProviderError(
            f"provider {provider.name!r} cannot be sent to another process: {error}"
        ) from error
    return context


def _members(contract: Any) -> list[str]:
    own = {name for name in vars(contract) if not name.startswith("_")}
    return sorted(own | set(contract.__annotations__))


def _check_columns(provider: FeatureProvider, survey: str, population: str) -> None:
    columns = declared_columns(provider, survey, population)
    where = f"provider {provider.name!r}, columns of {survey} {population} alerts"
    if columns != declared_columns(provider, survey, population):
        raise ProviderError(f"{where}: they differ from call to call")
    for column in columns:
        if not column.group or not column.meaning:
            raise ProviderError(f"{where}: {column.id!r} has no group or no meaning")


def _check_features(provider: FeatureProvider, batch: AlertBatch, context: Context) -> None:
    before = fingerprint(batch)
    applies = _call(provider.applies_to, batch, context)
    _check_array("applies_to", applies, np.bool_, (len(batch),))
    values = _call(provider.extract, batch, context)
    if len(batch) == 0:
        # Nobody can tell which columns an alert that is not there would have.
        if len(values):
            raise ProviderError(f"extract gave {len(values)} rows")
        return
    population = POPULATIONS[int(batch.codes("population")[0])]
    n_columns = len(provider.columns(batch.survey, population))
    _check_array("extract", values, np.float64, (len(batch), n_columns))
    if np.isinf(values).any():
        raise ProviderError("extract gave infinite values; say NaN where a value is not defined")
    if not np.array_equal(values, _call(provider.extract, batch, context), equal_nan=True):
        raise ProviderError("extract gave other values on the second call")
    if fingerprint(batch) != before:
        raise ProviderError("the batch was changed")
    for row in range(len(batch)):
        alone = _call(provider.extract, batch.take(np.array([row])), context)
        _check_array("extract of one alert", alone, np.float64, (1, n_columns))
        if not np.allclose(alone[0], values[row], rtol=1e-9, atol=1e-9, equal_nan=True):
            raise ProviderError(f"alert {row} alone has other values than among its neighbours")


def _check_verdicts(
    provider: FilterProvider,
    batch: AlertBatch,
    features: FeatureTable | None,
    scores: NDArray[np.float64] | None,
    context: Context,
) -> None:
    before = fingerprint(batch)
    verdicts = _call(provider.judge, batch, features, scores, context)
    if not isinstance(verdicts, Verdicts):
        raise ProviderError(f"judge gave {type(verdicts).__name__} instead of Verdicts")
    shape = (len(batch),)
    _check_array("verdict", verdicts.verdict, np.int8, shape)
    _check_array("reason", verdicts.reason, np.object_, shape)
    for tag, mask in verdicts.tags.items():
        _check_array(f"tag {tag!r}", mask, np.bool_, shape)
    for number, column in verdicts.numbers.items():
        _check_array(f"number {number!r}", column, np.float64, shape)
    if ((verdicts.verdict < KEEP) | (verdicts.verdict > PROMOTE)).any():
        raise ProviderError("a verdict is none of KEEP, DROP, PROMOTE")
    for verdict, reason in zip(verdicts.verdict, verdicts.reason, strict=True):
        if not isinstance(reason, str) or (reason == "") != (verdict == KEEP):
            raise ProviderError(f"verdict {verdict} has the reason {reason!r}")
    if verdicts.population is not None:
        _check_array("population", verdicts.population, np.int8, shape)
        if not np.isin(verdicts.population, range(len(POPULATIONS))).all():
            raise ProviderError("a population is no code into POPULATIONS")
    again = _call(provider.judge, batch, features, scores, context)
    same = np.array_equal(verdicts.verdict, again.verdict)
    if not same or not np.array_equal(verdicts.reason, again.reason):
        raise ProviderError("judge gave other verdicts on the second call")
    if fingerprint(batch) != before:
        raise ProviderError("the batch was changed")


def _call(method: Any, *arguments: Any) -> Any:
    try:
        return method(*arguments)
    except Exception as error:  # a plug-in may raise anything
        raise ProviderError(f"{method.__name__} raised {type(error).__name__}: {error}") from error


def _features(extractor: Extractor, batch: AlertBatch) -> FeatureTable:
    """Return the built-in features; those of an empty batch still have the columns of ZTF's."""
    if len(batch):
        return extractor.extract(batch, Context()).table
    schema = extractor.schema("ztf", "transient")
    return FeatureTable(schema, np.empty((0, len(schema.columns))))


def _check_array(what: str, values: Any, dtype: Any, shape: tuple[int, ...]) -> None:
    if not isinstance(values, np.ndarray):
        raise ProviderError(f"{what} gave {type(values).__name__} instead of an array")
    if values.dtype != dtype or values.shape != shape:
        raise ProviderError(
            f"{what} is {values.dtype} of shape {values.shape} "
            f"instead of {np.dtype(dtype)} of shape {shape}"
        )
