"""Check that a view provider keeps its contract; run it in the tests of your package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fink_ad.alerts import AlertBatch
from fink_ad.errors import ProviderError
from fink_ad.features import Context, OffersCurves, OffersFigure, OffersPeriod, ViewProvider
from fink_ad.features.offered import offered_curves, offered_period
from fink_ad.features.offers import OFFERS
from fink_ad.testing.cases import fingerprint, hard_batches
from fink_ad.testing.checks import prepared_context

__all__ = ["check_view_provider"]


def check_view_provider(provider: ViewProvider, context: Context | None = None) -> None:
    """Check that what a provider offers can be shown, on the alerts of `check_feature_provider`.

    Feature providers that make offers can be checked by this, too. On each alert an offer must
    keep its shape, be the same every time, and leave the alert as it was.

    Parameters
    ----------
    provider : ViewProvider
        The provider, with its settings.
    context : Context, optional
        Must hold the side tables that the provider requires.

    Raises
    ------
    ProviderError
        At the first breach: names the provider, the case and what was wrong.
    """
    context = prepared_context(provider, ViewProvider, context)
    if not isinstance(provider, OFFERS):
        raise ProviderError(f"provider {provider.name!r} offers no figure, curves or period")
    for case, batch in hard_batches():
        try:
            for row in range(len(batch)):
                _check_offers(provider, batch.take(np.array([row])), context)
        except ProviderError as error:
            raise ProviderError(f"provider {provider.name!r}, {case}: {error}") from error


def _check_offers(provider: Any, alert: AlertBatch, context: Context) -> None:
    before = fingerprint(alert)
    if isinstance(provider, OffersCurves):
        first, again = (offered_curves(provider, alert, context) for _ in range(2))
        if _content(first) != _content(again):
            raise ProviderError("curves gave others on the second call")
    if isinstance(provider, OffersPeriod):
        periods = [offered_period(provider, alert, context) for _ in range(2)]
        if periods[0] != periods[1]:
            raise ProviderError("period gave another on the second call")
    if isinstance(provider, OffersFigure):
        _check_figure(provider, alert, context)
    if fingerprint(alert) != before:
        raise ProviderError("the batch was changed")


def _check_figure(provider: OffersFigure, alert: AlertBatch, context: Context) -> None:
    try:
        drawn = provider.figure(alert, context)
    except Exception as error:  # a plug-in may raise anything
        raise ProviderError(f"figure raised {type(error).__name__}: {error}") from error
    if not (drawn is None or isinstance(drawn, Mapping) or hasattr(drawn, "savefig")):
        raise ProviderError(
            f"figure gave {type(drawn).__name__}, neither a mapping nor a matplotlib figure"
        )


def _content(curves: Any) -> list[tuple[str, str, bytes, bytes]]:
    return [
        (one.band, one.label, one.mjd_utc.tobytes(), one.diff_flux_njy.tobytes()) for one in curves
    ]
