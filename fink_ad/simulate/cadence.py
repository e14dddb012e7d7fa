"""When each field is visited, in which band and how deep.

A stand-in for the public survey of ZTF (Bellm et al. 2019, PASP 131, 068003): every field in g
and r every second night, 30 s exposures, nights and single visits lost to weather, depth that
follows the Moon.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.times import ZTF_EXPOSURE_S, jd_start_to_mjd_mid
from fink_ad.errors import ConfigError

__all__ = ["HISTORY_DAYS", "MJD_TO_JD", "Schedule", "Visits", "night_to_mjd"]

HISTORY_DAYS = 30
"""A packet carries what happened up to this many days before the alert."""

MJD_TO_JD = 2400000.5

_N_FIELDS = 64
_HALF_FIELD_DEG = 3.4
_NIGHT_HOURS_UTC = (3.0, 12.5)  # at Palomar, between the twilights
_BAND_GAP_DAYS = 45.0 / 1440.0
_DARK_LIMIT_MAG = (20.8, 20.6)  # 5 sigma in g and r
_MOON_LOSS_MAG = (1.0, 0.7)  # at full Moon
_LIMIT_SCATTER_MAG = 0.2
_NIGHT_LOST, _VISIT_LOST = 0.25, 0.08
_NEW_MOON_MJD, _SYNODIC_DAYS = 51549.76, 29.530589  # 2000-01-06 18:14 UTC


@dataclass(frozen=True, eq=False)
class Visits:
    """Visits to the places of N objects; all arrays are (n_objects, n_visits), times ascending.

    Attributes
    ----------
    jd : float64
        Start of the exposure, UTC.
    limit_mag : float64
        5-sigma limit of the difference image, AB.
    observed : bool
        False where weather or cadence left the visit out.
    alerting : bool
        True in the nights that give alerts.
    fid : (n_visits,) int64
        1 for g, 2 for r.
    """

    jd: NDArray[np.float64]
    limit_mag: NDArray[np.float64]
    observed: NDArray[np.bool_]
    alerting: NDArray[np.bool_]
    fid: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.jd)

    @property
    def mjd_utc(self) -> NDArray[np.float64]:
        """Mid-exposure times, (n_objects, n_visits)."""
        return jd_start_to_mjd_mid(self.jd, ZTF_EXPOSURE_S)

    @property
    def alert_mjd(self) -> tuple[float, float]:
        """First and last time, over all objects, in the nights that give alerts."""
        times = self.mjd_utc[self.alerting]
        return float(times.min()), float(times.max())


@dataclass(frozen=True, eq=False)
class Schedule:
    """Visits of every field over the history and the nights that give alerts."""

    visits: Visits
    centre_ra_deg: NDArray[np.float64]
    centre_dec_deg: NDArray[np.float64]

    @classmethod
    def draw(cls, rng: np.random.Generator, last_night: int, nights: int) -> Schedule:
        """Draw the weather and the fields of some nights that end with `last_night`."""
        last = night_to_mjd(last_night)
        days = last - np.arange(HISTORY_DAYS + nights)[::-1]
        alerting = np.arange(len(days)) >= HISTORY_DAYS
        clear = alerting | (rng.random(len(days)) > _NIGHT_LOST)

        slot = (np.arange(_N_FIELDS) + 0.5) / _N_FIELDS
        start, stop = _NIGHT_HOURS_UTC
        time_of_night = (start + slot * (stop - start) - 0.75) / 24
        # Every other night per field, except that all are open in the last one.
        parity = rng.integers(0, 2, _N_FIELDS) if nights > 1 else np.zeros(_N_FIELDS, int)
        open_night = (np.arange(len(days))[::-1] + parity[:, None]) % 2 == 0
        shape = (_N_FIELDS, len(days), 2)
        jitter = rng.uniform(-5, 5, shape[:2]) / 1440
        mjd = (days + time_of_night[:, None] + jitter)[:, :, None] + [0.0, _BAND_GAP_DAYS]
        kept = rng.random(shape) > _VISIT_LOST
        observed = (open_night & clear)[:, :, None] & (kept | alerting[:, None])
        moon = 0.5 - 0.5 * np.cos(2 * np.pi * (mjd - _NEW_MOON_MJD) / _SYNODIC_DAYS)
        limit = np.array(_DARK_LIMIT_MAG) - np.array(_MOON_LOSS_MAG) * moon**2
        limit = limit + rng.normal(0, _LIMIT_SCATTER_MAG, shape)

        visits = Visits(
            jd=np.round(mjd.reshape(_N_FIELDS, -1) + MJD_TO_JD, 7),
            limit_mag=limit.reshape(_N_FIELDS, -1),
            observed=observed.reshape(_N_FIELDS, -1),
            alerting=np.broadcast_to(np.repeat(alerting, 2), (_N_FIELDS, 2 * len(days))),
            fid=np.tile([1, 2], len(days)),
        )
        hour_angle = rng.uniform(-25, 25, _N_FIELDS)
        ra = (_sidereal_deg(last + time_of_night) - hour_angle) % 360
        dec = np.degrees(np.arcsin(rng.uniform(-0.35, 0.97, _N_FIELDS)))
        return cls(visits, ra, dec)

    def at(self, field: NDArray[np.int64]) -> Visits:
        """Visits to objects by the number of their field."""
        visits = self.visits
        return Visits(
            jd=visits.jd[field],
            limit_mag=visits.limit_mag[field],
            observed=visits.observed[field],
            alerting=visits.alerting[field],
            fid=visits.fid,
        )

    def place(
        self, rng: np.random.Generator, field: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draw positions inside fields, degrees."""
        dec = self.centre_dec_deg[field] + rng.uniform(-1, 1, len(field)) * _HALF_FIELD_DEG
        dec = np.clip(dec, -89, 89)
        across = rng.uniform(-1, 1, len(field)) * _HALF_FIELD_DEG
        return (self.centre_ra_deg[field] + across / np.cos(np.radians(dec))) % 360, dec


def night_to_mjd(night: int) -> float:
    """MJD of 0 h UTC of a night written YYYYMMDD.

    Raises
    ------
    ConfigError
        If there is no such date.
    """
    try:
        day = datetime.date(night // 10000, night // 100 % 100, night % 100)
    except ValueError as error:
        raise ConfigError(f"night {night} is not a date; write YYYYMMDD, as 20260301") from error
    return float(day.toordinal() - datetime.date(1858, 11, 17).toordinal())


def _sidereal_deg(mjd_utc: NDArray[np.float64]) -> NDArray[np.float64]:
    """Local mean sidereal time at Palomar (116.86 W), degrees; good to an arcminute."""
    sidereal: NDArray[np.float64] = (280.46062 + 360.98564737 * (mjd_utc - 51544.5) - 116.86) % 360
    return sidereal
