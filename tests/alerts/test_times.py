"""Mid-exposure times, leap seconds and nights."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fink_ad.alerts.times import has_night, jd_start_to_mjd_mid, night_of, tai_to_utc
from fink_ad.errors import SourceError


def test_start_of_exposure_becomes_its_middle() -> None:
    mjd = jd_start_to_mjd_mid([2458850.0, 2458850.0], [30.0, 240.0])
    assert mjd == pytest.approx([58849.5 + 15 / 86400, 58849.5 + 120 / 86400], abs=1e-10)


@pytest.mark.parametrize("exposure", [np.nan, 0.0, -999.0, np.inf, 3e6, 1e12])
def test_exposure_without_length_lasts_thirty_seconds(exposure: float) -> None:
    mjd = jd_start_to_mjd_mid([2458850.0], [exposure])
    assert mjd == pytest.approx([58849.5 + 15 / 86400], abs=1e-10)


@pytest.mark.parametrize(
    ("mjd_tai", "seconds"),
    [(61105.0, 37), (57754.0, 36), (57754.0 + 37 / 86400, 37), (51544.0, 32), (41317.5, 10)],
)
def test_leap_seconds(mjd_tai: float, seconds: int) -> None:
    utc = tai_to_utc([mjd_tai])
    assert (mjd_tai - utc[0]) * 86400 == pytest.approx(seconds, abs=1e-5)


def test_leap_second_of_2017_falls_on_new_year() -> None:
    # 2017-01-01T00:00:00 UTC is 37 s TAI later; a second before that, it is 23:59:60.
    after = tai_to_utc([57754.0 + 37.0 / 86400])
    before = tai_to_utc([57754.0 + 35.0 / 86400])
    assert after[0] == pytest.approx(57754.0, abs=1e-9)
    assert (57754.0 - before[0]) * 86400 == pytest.approx(1.0, abs=1e-5)


def test_nan_times_stay_nan() -> None:
    assert np.isnan(tai_to_utc([np.nan])).all()
    assert np.isnan(jd_start_to_mjd_mid([np.nan])).all()


def test_ztf_night_is_the_utc_date() -> None:
    assert night_of([58849.999, 58850.0], "ztf").tolist() == [20200101, 20200102]


def test_rubin_night_begins_at_noon_utc() -> None:
    assert night_of([61041.4999, 61041.5], "lsst").tolist() == [20251231, 20260101]


def test_night_has_four_bytes() -> None:
    assert night_of([60000.0], "ztf").dtype == np.int32


@given(st.floats(1.0, 2_500_000.0), st.sampled_from(["ztf", "lsst", "elasticc"]))
def test_nights_agree_with_the_calendar(mjd: float, survey: str) -> None:
    shift = 0.0 if survey == "ztf" else 0.5
    days = int(np.floor(mjd - shift))
    date = dt.date(1858, 11, 17) + dt.timedelta(days=days)
    assert night_of([mjd], survey).tolist() == [date.year * 10000 + date.month * 100 + date.day]


@pytest.mark.parametrize("mjd", [np.nan, np.inf, -np.inf, 0.0, 1e9])
def test_time_without_a_night_is_refused(mjd: float) -> None:
    with pytest.raises(SourceError, match="MJD must be finite"):
        night_of([60000.0, mjd], "ztf")


def test_times_that_have_a_night() -> None:
    mjd = [np.nan, np.inf, -np.inf, 0.999, 1.0, 60000.0, 2_899_999.9, 2_900_000.0]
    assert has_night(mjd).tolist() == [False] * 4 + [True] * 3 + [False]


def test_unknown_survey_is_named() -> None:
    with pytest.raises(SourceError, match="'atlas'"):
        night_of([60000.0], "atlas")
