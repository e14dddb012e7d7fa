"""What a provider offers, checked: a stranger may return anything."""

from __future__ import annotations

import math

import numpy as np

from fink_ad.alerts import BANDS, AlertBatch
from fink_ad.errors import ProviderError
from fink_ad.features.contracts import Context
from fink_ad.features.offers import ModelCurve, OffersCurves, OffersPeriod, Period

__all__ = ["offered_curves", "offered_period"]

_MAX_CURVES, _MAX_POINTS = 24, 10_000
"""More than that is a mistake, and too much for a browser."""


def offered_curves(
    provider: OffersCurves, alert: AlertBatch, context: Context
) -> tuple[ModelCurve, ...]:
    """Return the model curves of one alert.

    Raises
    ------
    ProviderError
        If the provider raises, or gives something else than curves that can be drawn: of known
        bands, times and fluxes of one shape (n,) float64, times finite and ascending, at most
        24 curves of 10 000 points.
    """
    try:
        curves = tuple(provider.curves(alert, context))
    except Exception as error:  # a plug-in may raise anything
        raise ProviderError(f"curves raised {type(error).__name__}: {error}") from error
    if len(curves) > _MAX_CURVES:
        raise ProviderError(f"curves gave {len(curves)} curves; {_MAX_CURVES} can be drawn")
    for curve in curves:
        _check_curve(curve)
    return curves


def offered_period(provider: OffersPeriod, alert: AlertBatch, context: Context) -> Period | None:
    """Return the period of one alert's object, None if the provider knows none.

    Raises
    ------
    ProviderError
        If the provider raises, or gives something else than a finite, positive period.
    """
    try:
        period = provider.period(alert, context)
    except Exception as error:  # a plug-in may raise anything
        raise ProviderError(f"period raised {type(error).__name__}: {error}") from error
    if period is None:
        return None
    if not isinstance(period, Period) or not isinstance(period.source, str):
        raise ProviderError(f"period gave {type(period).__name__} instead of a Period or None")
    if not isinstance(period.days, int | float) or not (
        math.isfinite(period.days) and period.days > 0
    ):
        raise ProviderError(f"period gave {period.days!r} days; a period is finite and positive")
    return period


def _check_curve(curve: object) -> None:
    if not isinstance(curve, ModelCurve) or not isinstance(curve.label, str):
        raise ProviderError(f"curves gave {type(curve).__name__} instead of a ModelCurve")
    if curve.band not in BANDS:
        raise ProviderError(f"a curve is in band {curve.band!r}; known are {', '.join(BANDS)}")
    times, fluxes = curve.mjd_utc, curve.diff_flux_njy
    for name, values in (("mjd_utc", times), ("diff_flux_njy", fluxes)):
        if not isinstance(values, np.ndarray) or values.dtype != np.float64 or values.ndim != 1:
            raise ProviderError(f"{name} of a curve in {curve.band} is no (n,) float64 array")
    if times.shape != fluxes.shape or len(times) > _MAX_POINTS:
        raise ProviderError(
            f"a curve in {curve.band} has {len(times)} times and {len(fluxes)} fluxes; "
            f"as many of each, at most {_MAX_POINTS}, can be drawn"
        )
    if not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise ProviderError(f"times of a curve in {curve.band} are not finite and ascending")
