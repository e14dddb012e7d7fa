"""Installed providers that offer something to whoever looks at an alert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fink_ad.alerts import AlertBatch
from fink_ad.catalogs import CATALOGS, CatalogFolder
from fink_ad.config import Settings
from fink_ad.features import Context, FeatureProvider
from fink_ad.features.offers import OFFERS
from fink_ad.plugins import load_feature_providers, load_view_providers

__all__ = ["Offering", "offering_providers"]


@dataclass(frozen=True, eq=False)
class Offering:
    """A provider with one offer or more, and the context it is given.

    Attributes
    ----------
    provider : FeatureProvider or ViewProvider
        Of the shape of some of `OFFERS` as well.
    """

    provider: Any
    context: Context

    @property
    def name(self) -> str:
        """Name of the provider."""
        return str(self.provider.name)

    @property
    def missing(self) -> str:
        """A table that the provider needs and that there is not; empty if all are there."""
        return next((one for one in self.provider.requires if one not in self.context.tables), "")

    def applies_to(self, alert: AlertBatch) -> bool:
        """Tell whether a feature provider describes this alert; view providers say it later."""
        if not isinstance(self.provider, FeatureProvider):
            return True
        return bool(self.provider.applies_to(alert, self.context)[0])


def offering_providers(settings: Settings) -> tuple[Offering, ...]:
    """Return the installed providers that make offers: feature providers, then view providers.

    Raises
    ------
    ConfigError
        If a setting of a provider is wrong.
    StoreError
        If a catalogue of the home folder that a provider needs cannot be read or was changed.
    """
    chosen = dict(settings.provider)
    providers: list[Any] = [
        *load_feature_providers(chosen).providers,
        *load_view_providers(chosen).providers,
    ]
    offers: list[Any] = [one for one in providers if isinstance(one, OFFERS)]
    tables = {}
    if any(CATALOGS in one.requires for one in offers):
        catalogs = CatalogFolder(settings.home).load_all()
        tables = {CATALOGS: catalogs} if catalogs else {}
    context = Context(chosen, tables=tables)
    return tuple(Offering(one, context) for one in offers)
