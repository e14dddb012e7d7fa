"""Mean fluxes per alert, band and night, and the nights two bands have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import BANDS
from fink_ad.alerts.times import night_number
from fink_ad.features.context.history import History
from fink_ad.features.segments import run_starts, segment_sum

__all__ = ["NightlyFlux"]


@dataclass(frozen=True, eq=False)
class NightlyFlux:
    """Inverse-variance weighted mean fluxes of the (alert, band, night) that have points.

    Parameters
    ----------
    n_alerts : int
        Number of alerts, those without points included.
    alert, band, night : (n_groups,) int64
        Row of the alert, code of the band, and number of the night.
    diff_njy, total_njy, total_err_njy : (n_groups,) float64
        Mean fluxes; NaN where the flux or error of any point of the night is unknown.
    """

    n_alerts: int
    alert: NDArray[np.int64]
    band: NDArray[np.int64]
    night: NDArray[np.int64]
    diff_njy: NDArray[np.float64]
    total_njy: NDArray[np.float64]
    total_err_njy: NDArray[np.float64]

    @classmethod
    def of(cls, history: History, survey: str) -> NightlyFlux:
        """Average the points of a history night by night."""
        points = history.points
        # A batch without alerts is of no survey, whose nights nobody knows.
        night = night_number(points["mjd_utc"], survey) if len(points) else np.empty(0, np.int64)
        offsets = run_starts(history.curve, night)
        first = offsets[:-1]
        diff, _ = _mean(points["diff_flux_njy"], points["diff_flux_err_njy"], offsets)
        total, total_err = _mean(points["total_flux_njy"], points["total_flux_err_njy"], offsets)
        return cls(
            n_alerts=len(points.offsets) - 1,
            alert=points.alert[first],
            band=points["band"][first].astype(np.int64),
            night=night[first],
            diff_njy=diff,
            total_njy=total,
            total_err_njy=total_err,
        )

    def last_common(
        self, a: str, b: str
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Find each alert's last night with points in both bands.

        Returns
        -------
        alert, in_a, in_b : (n_found,) int64
            Rows of the alerts that have such a night, and the groups of both bands in it.
        """
        group_a = np.flatnonzero(self.band == BANDS.index(a))
        group_b = np.flatnonzero(self.band == BANDS.index(b))
        if not len(group_a) or not len(group_b):
            none = np.empty(0, np.int64)
            return none, none, none
        start = self.night.min()
        key = self.alert * (self.night.max() - start + 1) + self.night - start
        # Keys ascend inside a band, as alerts and their nights do.
        place = np.minimum(np.searchsorted(key[group_b], key[group_a]), len(group_b) - 1)
        common = key[group_b][place] == key[group_a]
        group_a, group_b = group_a[common], group_b[place[common]]
        alert = self.alert[group_a]
        last = run_starts(alert)[1:] - 1
        return alert[last], group_a[last], group_b[last]


def _mean(
    flux: NDArray[np.float64], error: NDArray[np.float64], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = 1 / error**2
        sum_w = segment_sum(weight, offsets)
        return segment_sum(weight * flux, offsets) / sum_w, 1 / np.sqrt(sum_w)
