"""What installed providers draw of an alert."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from fink_ad.alerts import AlertBatch
from fink_ad.catalogs import CATALOGS, CatalogFolder
from fink_ad.config import Settings
from fink_ad.features import Context, FeatureProvider, OffersFigure
from fink_ad.plugins import load_feature_providers

__all__ = ["ScienceView", "Sketch", "science_views"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class Sketch:
    """What a provider drew: a plotly figure, a picture (PNG), or neither, and then why not."""

    plotly: Mapping[str, Any] | None = None
    picture: bytes | None = field(default=None, repr=False)
    nothing: str = ""


@dataclass(frozen=True, eq=False)
class ScienceView:
    """The view of one provider.

    Attributes
    ----------
    name : str
        Of the provider.
    """

    name: str
    _provider: FeatureProvider = field(repr=False)
    _figure: Callable[[AlertBatch, Context], Any] = field(repr=False)
    _context: Context = field(repr=False)

    def draw(self, alert: AlertBatch) -> Sketch:
        """Draw one alert, a batch of one row; whatever the provider raises is told, not raised."""
        missing = [one for one in self._provider.requires if one not in self._context.tables]
        if missing:
            return Sketch(nothing=f"it needs {missing[0]}, and there is none")
        try:
            if not self._provider.applies_to(alert, self._context)[0]:
                return Sketch(nothing="it has nothing to say about this alert")
            return _sketch(self._figure(alert, self._context))
        except Exception as error:  # a plug-in may raise anything
            _log.warning("figure_failed", provider=self.name, error=str(error))
            return Sketch(nothing=f"it failed: {type(error).__name__}: {error}")


def science_views(settings: Settings) -> tuple[ScienceView, ...]:
    """Return the views of all installed providers that offer one, as they come.

    Raises
    ------
    ConfigError
        If a setting of a provider is wrong.
    StoreError
        If a catalogue of the home folder cannot be read or was changed.
    """
    chosen = dict(settings.provider)
    offers = [
        one for one in load_feature_providers(chosen).providers if isinstance(one, OffersFigure)
    ]
    if not offers:
        return ()
    catalogs = CatalogFolder(settings.home).load_all()
    context = Context(chosen, tables={CATALOGS: catalogs} if catalogs else {})
    return tuple(ScienceView(one.name, one, one.figure, context) for one in offers)


def _sketch(drawn: Any) -> Sketch:
    if drawn is None:
        return Sketch(nothing="there is nothing to draw of this alert")
    if isinstance(drawn, Mapping):
        return Sketch(plotly=drawn)
    picture = io.BytesIO()
    drawn.savefig(picture, format="png", dpi=110)
    return Sketch(picture=picture.getvalue())
