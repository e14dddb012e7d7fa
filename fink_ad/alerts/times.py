"""Times: MJD UTC at mid-exposure, and the night an exposure belongs to."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fink_ad.errors import SourceError

__all__ = [
    "MJD_0_JD",
    "MJD_EPOCH",
    "SAME_EXPOSURE_S",
    "SECONDS_PER_DAY",
    "has_night",
    "jd_start_to_mjd_mid",
    "night_number",
    "night_of",
    "tai_to_utc",
]

MJD_0_JD = 2_400_000.5
"""Julian date of MJD 0."""

MJD_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)
"""When MJD UTC was 0."""

SECONDS_PER_DAY = 86_400.0

SAME_EXPOSURE_S = 1.0
"""Points of one alert and band closer in time than this are of one exposure."""

ZTF_EXPOSURE_S = 30.0
"""Exposure of the public survey, assumed where a packet does not state it."""

LONGEST_EXPOSURE_S = 3600.0
"""No single exposure of a survey is longer; a longer one is an error of the packet."""

_MJD_OF_NIGHTS = (1.0, 2_900_000.0)
"""The years 1858 to 9999: earlier and later times have no date of eight digits."""

_LEAP_MJD_UTC = np.array(
    [
        *(41317, 41499, 41683, 42048, 42413, 42778, 43144, 43509, 43874, 44239, 44786, 45151),
        *(45516, 46247, 47161, 47892, 48257, 48804, 49169, 49534, 50083, 50630, 51179, 53736),
        *(54832, 56109, 57204, 57754),
    ],
    dtype=np.float64,
)
"""First day of each value of TAI - UTC, 10 s in 1972 and one second more each time.

IERS Bulletin C and https://hpiers.obspm.fr/iers/bul/bulc/ntp/leap-seconds.list. No leap second
has been announced after 2017-01-01; when one is, its day is added here.
"""
_TAI_MINUS_UTC = 10.0 + np.arange(len(_LEAP_MJD_UTC))

_NIGHT_SHIFT_DAYS = {"ztf": 0.0, "lsst": 0.5, "elasticc": 0.5}


def jd_start_to_mjd_mid(jd_utc: ArrayLike, exposure_s: ArrayLike = np.nan) -> NDArray[np.float64]:
    """Convert the Julian date at the start of an exposure to MJD at its middle.

    Parameters
    ----------
    jd_utc : (n,) array_like
        Julian date, UTC, at the start of the exposure (ZTF ``jd``).
    exposure_s : array_like
        Length of the exposure [s]; 30 where it is missing, not positive or beyond
        `LONGEST_EXPOSURE_S`.
    """
    exposure = np.asarray(exposure_s, np.float64)
    with np.errstate(invalid="ignore"):
        known = (exposure > 0) & (exposure <= LONGEST_EXPOSURE_S)
    half = np.where(known, exposure, ZTF_EXPOSURE_S) / 2.0
    mjd: NDArray[np.float64] = np.asarray(jd_utc, np.float64) - MJD_0_JD + half / SECONDS_PER_DAY
    return mjd


def tai_to_utc(mjd_tai: ArrayLike) -> NDArray[np.float64]:
    """Convert MJD TAI to MJD UTC by the table of leap seconds; before 1972, TAI - UTC = 10 s."""
    mjd = np.asarray(mjd_tai, np.float64)
    starts_tai = _LEAP_MJD_UTC + _TAI_MINUS_UTC / SECONDS_PER_DAY
    epoch = np.searchsorted(starts_tai, mjd, side="right") - 1
    utc: NDArray[np.float64] = mjd - _TAI_MINUS_UTC[np.maximum(epoch, 0)] / SECONDS_PER_DAY
    return utc


def has_night(mjd_utc: ArrayLike) -> NDArray[np.bool_]:
    """Say which times `night_of` accepts: finite, and in the years 1858 to 9999, (n,) bool."""
    mjd = np.asarray(mjd_utc, np.float64)
    first, end = _MJD_OF_NIGHTS
    with np.errstate(invalid="ignore"):
        inside: NDArray[np.bool_] = (mjd >= first) & (mjd < end)
    return inside


def night_number(mjd_utc: ArrayLike, survey: str) -> NDArray[np.int64]:
    """Return the MJD of the day each night is named after, (n,) int64; see `night_of`.

    Raises
    ------
    SourceError
        If the survey is unknown.
    """
    shift = _NIGHT_SHIFT_DAYS.get(survey)
    if shift is None:
        known = ", ".join(_NIGHT_SHIFT_DAYS)
        raise SourceError(f"no rule for the nights of survey {survey!r}; known are {known}")
    number: NDArray[np.int64] = np.floor(np.asarray(mjd_utc, np.float64) - shift).astype(np.int64)
    return number


def night_of(mjd_utc: ArrayLike, survey: str) -> NDArray[np.int32]:
    """Return the night, YYYYMMDD, each exposure belongs to, (n,) int32.

    ZTF counts nights by the UTC date of the exposure, as in its stream and archive; Rubin by
    ``day_obs``, the date of UTC - 12 h (https://sitcomtn-032.lsst.io), so that no night in Chile
    is cut in two.

    Raises
    ------
    SourceError
        If the survey is unknown, or a time is not finite or outside the years 1858 to 9999.
    """
    if not has_night(mjd_utc).all():
        raise SourceError("a time without a night: MJD must be finite and lie in 1858 to 9999")
    days = np.datetime64("1858-11-17", "D") + night_number(mjd_utc, survey)
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]")
    year = years.astype(np.int64) + 1970
    month = (months - years.astype("datetime64[M]")).astype(np.int64) + 1
    day = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    night: NDArray[np.int32] = (year * 10_000 + month * 100 + day).astype(np.int32)
    return night
