"""What providers lay over a light curve: model curves, and a period to fold it with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from fink_ad.alerts import AlertBatch
from fink_ad.features import ModelCurve, OffersCurves, OffersPeriod, Period
from fink_ad.features.offered import offered_curves, offered_period
from fink_ad.review.offering import Offering

__all__ = ["NamedCurve", "Overlays", "overlays_of"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class NamedCurve:
    """A model curve and the name of its provider."""

    provider: str
    curve: ModelCurve


@dataclass(frozen=True, eq=False)
class Overlays:
    """What providers say of one light curve. Their texts are untrusted.

    Attributes
    ----------
    alert : AlertBatch
        The alert they were given, with all points known of its object.
    curves : tuple of NamedCurve
        As the providers come.
    period : Period or None
        Of several providers with one, that of the last: what is installed comes after what is
        built in.
    failures : tuple of str
        What providers did wrong, one line each.
    """

    alert: AlertBatch = field(repr=False)
    curves: tuple[NamedCurve, ...] = ()
    period: Period | None = None
    failures: tuple[str, ...] = ()


def overlays_of(alert: AlertBatch, offers: Sequence[Offering]) -> Overlays:
    """Ask all providers that offer curves or periods; what they do wrong is told, not raised.

    Parameters
    ----------
    alert : AlertBatch
        One alert, with all points known of its object.
    offers : sequence of Offering
        Providers that lack a table they need are not asked.
    """
    curves: list[NamedCurve] = []
    period: Period | None = None
    failures: list[str] = []
    for one in offers:
        if one.missing or not isinstance(one.provider, OffersCurves | OffersPeriod):
            continue
        try:
            if not one.applies_to(alert):
                continue
            if isinstance(one.provider, OffersCurves):
                found = offered_curves(one.provider, alert, one.context)
                curves += [NamedCurve(one.name, curve) for curve in found]
            if isinstance(one.provider, OffersPeriod):
                period = offered_period(one.provider, alert, one.context) or period
        except Exception as error:  # a plug-in may raise anything
            _log.warning("overlay_failed", provider=one.name, error=str(error))
            failures.append(f"{one.name} failed: {error}")
    return Overlays(alert, tuple(curves), period, tuple(failures))
