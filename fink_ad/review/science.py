"""What installed providers draw of an alert."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from fink_ad.alerts import AlertBatch
from fink_ad.config import Settings
from fink_ad.features import OffersFigure
from fink_ad.review.offering import Offering, offering_providers

__all__ = ["ScienceView", "Sketch", "science_views"]

_log = structlog.get_logger(__name__)

_MAX_TOLD = 200


@dataclass(frozen=True, eq=False)
class Sketch:
    """What a provider drew: a plotly figure, a picture (PNG), or neither, and then why not."""

    plotly: Mapping[str, Any] | None = None
    picture: bytes | None = field(default=None, repr=False)
    nothing: str = ""


@dataclass(frozen=True, eq=False)
class ScienceView:
    """The view of one provider that offers a figure.

    Attributes
    ----------
    name : str
        Of the provider.
    """

    name: str
    _offering: Offering = field(repr=False)

    def draw(self, alert: AlertBatch) -> Sketch:
        """Draw one alert, a batch of one row; whatever the provider raises is told, not raised."""
        missing = self._offering.missing
        if missing:
            return Sketch(nothing=f"it needs {missing}, and there is none")
        try:
            if not self._offering.applies_to(alert):
                return Sketch(nothing="it has nothing to say about this alert")
            return _sketch(self._offering.provider.figure(alert, self._offering.context))
        except Exception as error:  # a plug-in may raise anything
            _log.warning("figure_failed", provider=self.name, error=str(error))
            told = " ".join(f"{type(error).__name__}: {error}".split())  # plotly writes pages
            return Sketch(nothing=f"it failed: {told[:_MAX_TOLD]}")


def science_views(settings: Settings) -> tuple[ScienceView, ...]:
    """Return the views of all installed providers that offer a figure, as they come.

    Raises
    ------
    ConfigError
        If a setting of a provider is wrong.
    StoreError
        If a catalogue of the home folder that a provider needs cannot be read or was changed.
    """
    return tuple(
        ScienceView(one.name, one)
        for one in offering_providers(settings)
        if isinstance(one.provider, OffersFigure)
    )


def _sketch(drawn: Any) -> Sketch:
    """Draw it as far as that can fail here instead of in the page."""
    if drawn is None:
        return Sketch(nothing="there is nothing to draw of this alert")
    if isinstance(drawn, Mapping):
        from plotly.graph_objects import Figure  # half a second, and a package of the screens

        return Sketch(plotly=json.loads(Figure(dict(drawn)).to_json()))
    picture = io.BytesIO()
    drawn.savefig(picture, format="png", dpi=110)
    return Sketch(picture=picture.getvalue())
