"""Run all feature providers on a batch; a provider that fails costs its own columns only."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import structlog
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.errors import ProviderError
from fink_ad.features.contracts import Context, FeatureColumn, FeatureProvider
from fink_ad.features.declared import declared_columns
from fink_ad.features.population import population_of
from fink_ad.features.schema import FeatureSchema, FeatureTable

__all__ = ["Extraction", "Extractor"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class Extraction:
    """Features of one batch and what it took to get them.

    Attributes
    ----------
    table : FeatureTable
        One row per alert, in batch order; free of infinities.
    seconds : mapping of str to float
        Wall time by provider.
    failures : mapping of str to int
        Alerts without a provider's columns because it failed on them, by provider; providers
        without a failure are left out.
    """

    table: FeatureTable
    seconds: Mapping[str, float]
    failures: Mapping[str, int]


class Extractor:
    """Turns batches into feature tables with a fixed set of providers.

    Parameters
    ----------
    providers : sequence of FeatureProvider
        In the order of their columns.

    Raises
    ------
    ProviderError
        If two providers have the same name.
    """

    def __init__(self, providers: Sequence[FeatureProvider]) -> None:
        self.providers = tuple(providers)
        names = [provider.name for provider in self.providers]
        for name in names:
            if names.count(name) > 1:
                raise ProviderError(f"two feature providers are called {name!r}; rename one")
        self._schemas: dict[tuple[str, str], FeatureSchema] = {}

    def schema(self, survey: str, population: str) -> FeatureSchema:
        """Return the columns of all providers for a survey and a population.

        Raises
        ------
        ProviderError
            If a provider cannot say its columns, or says ids that are not its own.
        """
        key = (survey, population)
        if key not in self._schemas:
            columns: list[FeatureColumn] = []
            for provider in self.providers:
                columns += declared_columns(provider, survey, population)
            self._schemas[key] = FeatureSchema(
                columns=tuple(columns),
                versions=tuple((provider.name, provider.version) for provider in self.providers),
            )
        return self._schemas[key]

    def extract(self, batch: AlertBatch, context: Context) -> Extraction:
        """Compute the features of alerts of one survey and one population.

        A provider that raises, or returns another shape or type than it declared, is tried
        again on ever smaller parts of the batch, so that one bad alert costs one alert. Its
        columns are NaN for the alerts that failed; the failure is logged and counted.

        Parameters
        ----------
        batch : AlertBatch
            Alerts of one population. For an empty batch the table has no columns, as nobody
            can tell whose alerts they would have been.
        context : Context
            Side tables the providers may need.

        Raises
        ------
        ProviderError
            If the batch mixes populations, or the columns cannot be declared.
        """
        if len(batch) == 0:
            return Extraction(FeatureTable(FeatureSchema((), ()), np.empty((0, 0))), {}, {})
        population = population_of(batch)
        schema = self.schema(batch.survey, population)
        values = np.full((len(batch), len(schema.columns)), np.nan)
        seconds: dict[str, float] = {}
        failures: dict[str, int] = {}
        stop = 0
        for provider in self.providers:
            start, stop = stop, stop + len(provider.columns(batch.survey, population))
            begin = time.perf_counter()
            n_failed = _Run(provider, context, values[:, start:stop]).fill(batch)
            seconds[provider.name] = time.perf_counter() - begin
            if n_failed:
                failures[provider.name] = n_failed
        values[np.isinf(values)] = np.nan
        return Extraction(FeatureTable(schema, values), seconds, failures)


class _Run:
    """One provider on one batch, writing into its part of the table."""

    def __init__(
        self, provider: FeatureProvider, context: Context, target: NDArray[np.float64]
    ) -> None:
        self.provider = provider
        self.context = context
        self.target = target
        self.error: Exception | None = None

    def fill(self, batch: AlertBatch) -> int:
        """Fill the target and return on how many alerts the provider failed."""
        missing = [name for name in self.provider.requires if name not in self.context.tables]
        if missing:
            self.error = ProviderError(f"the context has no table {missing[0]!r}")
            n_failed = len(batch)
        else:
            n_failed = self._fill(batch, 0, len(batch))
        if n_failed:
            _log.warning(
                "feature_provider_failed",
                provider=self.provider.name,
                version=self.provider.version,
                n_alerts=len(batch),
                n_failed=n_failed,
                error=f"{type(self.error).__name__}: {self.error}",
            )
        return n_failed

    def _fill(self, batch: AlertBatch, start: int, stop: int) -> int:
        """Fill rows `start` to `stop`, halving them until only the bad ones are left out."""
        n_rows = stop - start
        part = batch if n_rows == len(batch) else batch.take(np.arange(start, stop))
        try:
            self.target[start:stop] = self._values(part)
        except Exception as error:  # a plug-in may raise anything; the stream goes on
            self.error = error
            if n_rows == 1:
                self.target[start:stop] = np.nan
                return 1
            middle = start + n_rows // 2
            return self._fill(batch, start, middle) + self._fill(batch, middle, stop)
        return 0

    def _values(self, batch: AlertBatch) -> NDArray[np.float64]:
        applies = np.asarray(self.provider.applies_to(batch, self.context))
        if applies.dtype != np.bool_ or applies.shape != (len(batch),):
            raise ProviderError(
                f"applies_to gave {applies.dtype} of shape {applies.shape} "
                f"instead of bool of shape {(len(batch),)}"
            )
        values = np.full((len(batch), self.target.shape[1]), np.nan)
        if applies.any():
            chosen = batch if applies.all() else batch.take(applies)
            found = self.provider.extract(chosen, self.context)
            expected = (len(chosen), self.target.shape[1])
            if (
                not isinstance(found, np.ndarray)
                or found.dtype != np.float64
                or found.shape != expected
            ):
                raise ProviderError(
                    f"extract gave {getattr(found, 'dtype', type(found).__name__)} of shape "
                    f"{np.shape(found)} instead of float64 of shape {expected}"
                )
            values[applies] = found
        return values
