"""The columns a provider says it has, checked: a stranger may say anything."""

from __future__ import annotations

from collections import Counter

from fink_ad.errors import ProviderError
from fink_ad.features.contracts import FeatureColumn, FeatureProvider

__all__ = ["declared_columns"]


def declared_columns(
    provider: FeatureProvider, survey: str, population: str
) -> tuple[FeatureColumn, ...]:
    """Return the columns of a provider for alerts of a survey and a population.

    Raises
    ------
    ProviderError
        If the provider cannot say them, or they are not columns with different ids that begin
        with its own name.
    """
    where = f"feature provider {provider.name!r}, columns of {survey} {population} alerts"
    try:
        columns = tuple(provider.columns(survey, population))
    except Exception as error:  # a plug-in may raise anything
        raise ProviderError(f"{where}: raised {type(error).__name__}: {error}") from error
    for column in columns:
        if not isinstance(column, FeatureColumn):
            raise ProviderError(f"{where}: {column!r} is not a FeatureColumn")
        if not column.id.startswith(f"{provider.name}."):
            raise ProviderError(f"{where}: {column.id!r} must begin with '{provider.name}.'")
    for column_id, times in Counter(column.id for column in columns).items():
        if times > 1:
            raise ProviderError(f"{where}: {column_id!r} is declared twice")
    return columns
