"""View provider ``period_search``: the period of an object, from all that is known of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fink_ad.alerts import BANDS, AlertBatch
from fink_ad.alerts.photometry import asinh_mag, softening_njy
from fink_ad.features import Context, Period
from fink_ad.variability.measured import Measured, measured
from fink_ad.variability.period_figure import period_figure
from fink_ad.variability.periodogram import (
    N_HARMONICS,
    Floats,
    PeriodFit,
    fit_period,
    periodogram,
    spectral_window,
)

__all__ = ["PeriodSearch", "PeriodSearchSettings"]

MAX_FREQUENCY = 10.0
"""Cycles per day: half the period of a contact binary of 0.2 days, the shortest there are."""

_MIN_IN_BAND = 4
_MIN_CYCLES = 3.0
_MAX_WINDOW = 0.5
_MIN_LEAD = math.log(100.0)
_ERROR_FLOOR_MAG = 0.02


@dataclass(frozen=True)
class PeriodSearchSettings:
    """Settings of the provider ``period_search``.

    Attributes
    ----------
    min_points : int
        Detections and forced photometry needed, over all bands.
    max_false_alarm : float
        Highest false-alarm probability.
    min_explained : float
        Least share of the variation that the wave must explain.
    """

    min_points: Annotated[int, Field(ge=10)] = 20
    max_false_alarm: Annotated[float, Field(gt=0, le=1)] = 1e-3
    min_explained: Annotated[float, Field(ge=0, le=1)] = 0.8


class PeriodSearch:
    """A multi-band Lomb-Scargle search in magnitudes of the total flux.

    A period is told only if white noise would hardly have one as good, if the wave explains most
    of the variation, if the period is a hundred times as likely as any other, and if neither the
    sampling nor slow change is behind it: the spectral window must be low within three cycles per
    span of it and of its harmonics, which also means that three cycles at least were seen. Stars
    with two like minima in a period are found at half of it.
    """

    Settings: ClassVar[type[PeriodSearchSettings]] = PeriodSearchSettings
    name = "period_search"
    version = "1"
    requires: tuple[str, ...] = ()

    def __init__(self, settings: PeriodSearchSettings | None = None) -> None:
        self.settings = settings or PeriodSearchSettings()

    def period(self, batch: AlertBatch, context: Context) -> Period | None:
        """Return the period of one object; None of a body that moves."""
        light_curve = self._light_curve(batch)
        fit = None if light_curve is None else light_curve.fit()
        if light_curve is None or fit is None or self._doubt(fit, light_curve.mjd_utc):
            return None
        chance = "below 1e-12" if fit.false_alarm < 1e-12 else f"{fit.false_alarm:.0e}"
        n_points = len(light_curve.mjd_utc)
        told = f"Lomb-Scargle of {n_points} points, false-alarm probability {chance}"
        return Period(1 / fit.frequency, told)

    def figure(self, batch: AlertBatch, context: Context) -> dict[str, Any] | None:
        """Return the periodogram with the best period marked, and why it is told or is not."""
        light_curve = self._light_curve(batch)
        fit = None if light_curve is None else light_curve.fit()
        if light_curve is None or fit is None:
            return None
        doubt = self._doubt(fit, light_curve.mjd_utc)
        verdict = f"Period {1 / fit.frequency:.6g} d"
        if doubt:
            verdict = f"No period to be sure of: at {1 / fit.frequency:.4g} d {doubt}"
        frequency, power = periodogram(*light_curve, MAX_FREQUENCY)
        return period_figure(frequency, power, fit, verdict)

    def _light_curve(self, batch: AlertBatch) -> _LightCurve | None:
        """Return what is searched; None of a body that moves or has too few points."""
        if batch.strings("population")[0] == "solar_system":
            return None
        points = _of_well_seen_bands(measured(batch, "total"))
        if len(points) < self.settings.min_points:
            return None
        softening = softening_njy(batch.survey)[points.band]
        mag, error = asinh_mag(points.flux_njy, points.flux_err_njy, softening)
        return _LightCurve(points.mjd_utc, mag, np.hypot(error, _ERROR_FLOOR_MAG), points.band)

    def _doubt(self, fit: PeriodFit, mjd_utc: Floats) -> str:
        """Say why a period is not to be told; nothing if it is."""
        if fit.false_alarm > self.settings.max_false_alarm:
            return "noise may be fitted as well"
        if fit.explained < self.settings.min_explained:
            return "the wave explains too little"
        if fit.lead < _MIN_LEAD:
            return "another period is nearly as likely"
        reach = _MIN_CYCLES / float(np.ptp(mjd_utc))
        near = fit.frequency * np.arange(1, N_HARMONICS + 1)[:, None]
        near = near + np.linspace(-reach, reach, 61)
        if spectral_window(mjd_utc, near.ravel()).max() >= _MAX_WINDOW:
            return "the sampling or slow change may be behind it"
        return ""


class _LightCurve(NamedTuple):
    """Asinh magnitudes with their errors, all (n,)."""

    mjd_utc: Floats
    mag: Floats
    error: Floats
    band: NDArray[np.int8]

    def fit(self) -> PeriodFit | None:
        return fit_period(*self, MAX_FREQUENCY)


def _of_well_seen_bands(points: Measured) -> Measured:
    enough = np.bincount(points.band, minlength=len(BANDS)) >= _MIN_IN_BAND
    return points.where(enough[points.band])
