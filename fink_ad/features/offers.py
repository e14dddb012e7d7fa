"""What a provider may offer to whoever looks at an alert, beside or instead of features.

Each offer is recognised by its method alone, so that one class may make several. A feature provider
may make them, and so may a `ViewProvider`, which has no features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.features.contracts import Context

__all__ = [
    "OFFERS",
    "ModelCurve",
    "OffersCurves",
    "OffersFigure",
    "OffersPeriod",
    "Period",
    "ViewProvider",
]


@dataclass(frozen=True, eq=False)
class ModelCurve:
    """A model of the light curve in one band, to be drawn over the points.

    Attributes
    ----------
    band : str
        One of `BANDS`.
    mjd_utc : (n,) float64
        Ascending times.
    diff_flux_njy : (n,) float64
        Difference flux at these times, signed; NaN breaks the line.
    label : str
        What the model is and how well it fits, in a few words.
    """

    band: str
    mjd_utc: NDArray[np.float64] = field(repr=False)
    diff_flux_njy: NDArray[np.float64] = field(repr=False)
    label: str


@dataclass(frozen=True)
class Period:
    """A period of a light curve.

    Attributes
    ----------
    days : float
        The period, > 0.
    source : str
        Where it is from and how sure it is, in a few words.
    """

    days: float
    source: str


@runtime_checkable
class ViewProvider(Protocol):
    """Makes one offer or more and describes nothing: no features, no part in the stream.

    It is asked on demand, while somebody waits for the page: tens of milliseconds are well spent,
    seconds are not. Registered under ``fink_ad.views``.
    """

    name: str
    version: str
    requires: tuple[str, ...]


@runtime_checkable
class OffersFigure(Protocol):
    """Draws what it found; having `figure` is enough.

    The review page has a tab for each provider of this shape, on its page Science.
    """

    name: str

    def figure(self, batch: AlertBatch, context: Context) -> Any:
        """Return a figure of one alert, of either population; the batch as `OffersCurves` has it.

        Either a plotly figure as a mapping that JSON can hold (``data``, ``layout``), or a
        matplotlib figure that belongs to nobody else; None where there is nothing to draw. Its
        texts are shown as they are: what comes from packets or catalogues must be made harmless.
        """
        ...


@runtime_checkable
class OffersCurves(Protocol):
    """Models the light curve; having `curves` is enough.

    The review page draws the curves over the points, as far as these reach.
    """

    name: str

    def curves(self, batch: AlertBatch, context: Context) -> Sequence[ModelCurve]:
        """Return curves of one alert, none where the model says nothing about it.

        The batch has one row; its light curve holds the points of all alerts that are kept of
        the object, later ones included. Texts may be anybody's: the page makes them harmless.
        """
        ...


@runtime_checkable
class OffersPeriod(Protocol):
    """Knows a period of the object; having `period` is enough.

    The review page can then fold the light curve.
    """

    name: str

    def period(self, batch: AlertBatch, context: Context) -> Period | None:
        """Return the period, None where there is none to be sure of; the batch as in `curves`."""
        ...


OFFERS = (OffersFigure, OffersCurves, OffersPeriod)
"""All that can be offered."""
