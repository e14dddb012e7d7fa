"""Find providers through entry points; a broken one harms nobody else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

import structlog
from pydantic import TypeAdapter, ValidationError

from fink_ad.alerts import POPULATIONS, SURVEYS
from fink_ad.config import nearest
from fink_ad.errors import ConfigError, ProviderError
from fink_ad.features import FeatureProvider, ViewProvider
from fink_ad.features.declared import declared_columns
from fink_ad.features.offers import OFFERS
from fink_ad.filters import FilterProvider

__all__ = [
    "FEATURES_GROUP",
    "FILTERS_GROUP",
    "VIEWS_GROUP",
    "PluginInfo",
    "Plugins",
    "load_feature_providers",
    "load_filter_providers",
    "load_view_providers",
]

FEATURES_GROUP = "fink_ad.features"
FILTERS_GROUP = "fink_ad.filters"
VIEWS_GROUP = "fink_ad.views"

_OWN_DISTRIBUTION = "fink-ad"
_log = structlog.get_logger(__name__)
_Provider = TypeVar("_Provider", FeatureProvider, FilterProvider, ViewProvider)


@dataclass(frozen=True)
class PluginInfo:
    """What is known of one entry point.

    Attributes
    ----------
    name, group : str
        Name of the provider and group of its entry point.
    distribution, distribution_version : str
        Installed package it comes from.
    version : str
        Version of the provider; empty if it could not be loaded.
    error : str
        Why it could not be loaded; empty if it works.
    """

    name: str
    group: str
    distribution: str
    distribution_version: str
    version: str = ""
    error: str = ""


@dataclass(frozen=True)
class Plugins(Generic[_Provider]):
    """Providers that work, in their order, and what is known of all of them."""

    providers: tuple[_Provider, ...]
    infos: tuple[PluginInfo, ...]


def load_feature_providers(
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Plugins[FeatureProvider]:
    """Load the feature providers of all installed packages.

    The built-in ones come first, then all in order of their names. A provider that cannot be
    imported or built, or does not keep its contract as far as can be seen without alerts, is left
    out, logged, and listed with its error.

    Parameters
    ----------
    settings : mapping of str to mapping, optional
        Settings of the providers by name, as under ``[provider.<name>]``.

    Raises
    ------
    ConfigError
        If there are settings for no provider, or a setting is unknown or does not fit.
    """
    return _load(FEATURES_GROUP, _feature_provider, settings or {})


def load_filter_providers(
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Plugins[FilterProvider]:
    """Load the filter providers of all installed packages, as `load_feature_providers` does."""
    return _load(FILTERS_GROUP, _filter_provider, settings or {})


def load_view_providers(
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Plugins[ViewProvider]:
    """Load the providers that only offer views, as `load_feature_providers` does."""
    return _load(VIEWS_GROUP, _view_provider, settings or {})


def _feature_provider(candidate: object) -> FeatureProvider:
    if not isinstance(candidate, FeatureProvider):
        raise ProviderError(f"{type(candidate).__name__} is no FeatureProvider")
    # Here a wrong column costs one plug-in; met in the stream it would cost the night.
    for survey in SURVEYS:
        for population in POPULATIONS:
            declared_columns(candidate, survey, population)
    return candidate


def _filter_provider(candidate: object) -> FilterProvider:
    if not isinstance(candidate, FilterProvider):
        raise ProviderError(f"{type(candidate).__name__} is no FilterProvider")
    return candidate


def _view_provider(candidate: object) -> ViewProvider:
    if not isinstance(candidate, ViewProvider):
        raise ProviderError(f"{type(candidate).__name__} is no ViewProvider")
    if not isinstance(candidate, OFFERS):
        raise ProviderError(f"{type(candidate).__name__} offers nothing: no figure, curves, period")
    return candidate


def _load(
    group: str,
    accept: Callable[[object], _Provider],
    settings: Mapping[str, Mapping[str, Any]],
) -> Plugins[_Provider]:
    _check_names(settings)
    providers: list[_Provider] = []
    infos: list[PluginInfo] = []
    for point in sorted(entry_points(group=group), key=_order):
        info = PluginInfo(point.name, group, *_distribution(point))
        try:
            if any(point.name == other.name for other in infos):
                raise ProviderError(f"another package has a provider {point.name!r} already")
            provider = accept(_build(point, settings.get(point.name, {})))
        except ConfigError:
            raise
        except Exception as error:  # a plug-in may raise anything
            info = dataclasses.replace(info, error=f"{type(error).__name__}: {error}")
            _log.warning("provider_broken", **dataclasses.asdict(info))
        else:
            info = dataclasses.replace(info, version=provider.version)
            providers.append(provider)
        infos.append(info)
    return Plugins(tuple(providers), tuple(infos))


def _build(point: EntryPoint, settings: Mapping[str, Any]) -> object:
    provider_class = point.load()
    settings_class = getattr(provider_class, "Settings", None)
    arguments = [] if settings_class is None else [_validated(point.name, settings_class, settings)]
    if settings_class is None and settings:
        raise ConfigError(f"provider {point.name!r} has no settings; remove those in force")
    provider: object = provider_class(*arguments)
    name = getattr(provider, "name", point.name)
    if name != point.name:
        raise ProviderError(f"{point.value} is called {name!r} but registered as {point.name!r}")
    return provider


def _validated(name: str, settings_class: type[Any], settings: Mapping[str, Any]) -> Any:
    known = [field.name for field in dataclasses.fields(settings_class)]
    for key in settings:
        if key not in known:
            raise ConfigError(f"unknown setting 'provider.{name}.{key}'{nearest(key, known)}")
    try:
        return TypeAdapter(settings_class).validate_python(dict(settings))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(["provider", name, *(str(part) for part in first["loc"])])
        raise ConfigError(f"setting {key!r}: {first['msg']}, got {first['input']!r}") from None


def _check_names(settings: Mapping[str, Mapping[str, Any]]) -> None:
    known = sorted(
        point.name
        for group in (FEATURES_GROUP, FILTERS_GROUP, VIEWS_GROUP)
        for point in entry_points(group=group)
    )
    for name in settings:
        if name not in known:
            raise ConfigError(f"settings for no provider: {name!r}{nearest(name, known)}")


def _order(point: EntryPoint) -> tuple[bool, str, str]:
    distribution, _ = _distribution(point)
    return distribution != _OWN_DISTRIBUTION, point.name, distribution


def _distribution(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist else ("", "")
