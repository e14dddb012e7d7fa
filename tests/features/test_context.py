import math

import numpy as np
import pytest

from fink_ad.alerts.detections import n_detections
from fink_ad.features import Context
from fink_ad.features.context import AlertContext
from fink_ad.features.context.host import galactic_latitude_deg
from fink_ad.testing import make_batch, sample_batch


def _row(batch, population="transient", row=0):
    provider = AlertContext()
    ids = [column.id for column in provider.columns(batch.survey, population)]
    values = provider.extract(batch, Context())
    assert values.shape == (len(batch), len(ids))
    return dict(zip([i.removeprefix("context.") for i in ids], values[row], strict=True))


def _flux(mag):
    return 10 ** ((31.4 - np.asarray(mag, float)) / 2.5)


# Fluxes are so far above the noise that an asinh magnitude is a magnitude to 1e-5.
CURVE = {
    "mjd_utc": [60990.2, 60995.2, 60998.2, 60999.2, 61000.2, 60999.25, 60998.7],
    "band": ["g", "g", "g", "g", "g", "r", "r"],
    "kind": ["forced", "detection", "detection", "limit", "detection", "detection", "forced"],
    "diff_flux_njy": [3e6, -1e7, 2e7, np.nan, 4e7, 1e7, -1e7],
    "diff_flux_err_njy": [1e6, 1e5, 1e5, np.nan, 1e5, 1e5, 1e5],
    "total_flux_njy": [*_flux([15.0, 14.0, 13.0]), np.nan, *_flux([12.5, 11.0, 11.5])],
    "total_flux_err_njy": 1e5,
    "real_bogus": [np.nan, 0.5, 0.7, np.nan, 0.9, 0.7, np.nan],
}


@pytest.fixture(scope="module")
def found():
    batch = make_batch(
        "ztf",
        [CURVE],
        ref_flux_njy=[4e8],
        ref_sep_arcsec=[0.5],
        limit_flux_njy=[4e6],
        ra_deg=[192.85948],
        dec_deg=[27.12825],
        star_galaxy=[0.8],
        n_det_survey=[12.0],
        first_det_mjd_utc=[60994.2],
    )
    return _row(batch)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reference_contrast", -2.5),
        ("reference_sep", 0.5),
        ("star_galaxy", 0.8),
        ("galactic_latitude", 90.0),
        ("last_mag", 12.5),
        ("last_diff_mag", 31.4 - 2.5 * math.log10(4e7)),
        ("mag_change", -0.5),
        ("n_det", 4),
        ("n_det_g", 3),
        ("n_det_r", 1),
        ("n_det_i", 0),
        ("n_det_survey", 12),
        ("age", 6.0),
        ("since_previous_det", 0.95),
        ("forced_excess", 3.0),
        ("real_bogus", 0.9),
        ("real_bogus_mean", 0.7),
        ("snr", 400.0),
        ("limit_contrast", 2.5),
        ("share_negative", 0.25),
    ],
)
def test_hand_worked_values(found, name, value):
    assert found[name] == pytest.approx(value, abs=1e-4)


def test_what_the_packet_does_not_know_is_nan(found):
    for name in ("gaia_sep", "nearest_source_mag", "solar_system_sep", "fwhm", "elongation"):
        assert math.isnan(found[name]), name


def test_colour_is_that_of_the_last_night_with_both_bands(found):
    # Nights of both bands: 60998 (g 13.0, r 11.5) and none later: the g point of 60999 is a limit.
    assert found["g_r"] == pytest.approx(1.5, abs=1e-4)
    # The differences have opposite signs in that night.
    assert math.isnan(found["diff_g_r"])


def test_of_two_nights_with_both_bands_the_last_gives_the_colour():
    curve = {
        "mjd_utc": [61000.2, 61000.3, 61005.2, 61005.3, 61006.2],
        "band": ["g", "r", "g", "r", "r"],
        "diff_flux_njy": _flux([14.0, 13.0, 14.0, 13.7, 12.0]),
        "diff_flux_err_njy": 1e4,
    }
    batch = make_batch("ztf", [curve, CURVE])
    assert _row(batch)["g_r"] == pytest.approx(0.3, abs=1e-4)
    assert _row(batch)["diff_g_r"] == pytest.approx(0.3, abs=1e-4)
    assert _row(batch, row=1)["g_r"] == pytest.approx(1.5, abs=1e-4)


def test_forced_photometry_is_no_detection():
    curve = {
        "mjd_utc": [61000.0, 61001.0, 61003.0],
        "band": "r",
        "kind": ["detection", "forced", "detection"],
        "diff_flux_njy": [1e6, -2e6, 4e6],
        "diff_flux_err_njy": 1e4,
    }
    found = _row(make_batch("ztf", [curve]))
    assert found["n_det"] == 2
    assert found["since_previous_det"] == 3
    assert found["share_negative"] == 0
    # But it is a point of the light curve.
    assert math.isfinite(found["rate"])
    assert found["mag_change"] < -5


def test_colour_of_the_change_and_its_error():
    curve = {
        "mjd_utc": [61000.2, 61000.3, 61000.4],
        "band": ["g", "g", "r"],
        "diff_flux_njy": [-1e7, -3e7, -5e7],
        "diff_flux_err_njy": [1e5, 1e5, 1e5],
        "total_flux_njy": [1e7, 3e7, 5e7],
        "total_flux_err_njy": 1e5,
    }
    found = _row(make_batch("ztf", [curve]))
    assert found["diff_g_r"] == pytest.approx(2.5 * math.log10(5e7 / 2e7), abs=1e-4)
    relative = math.hypot(1e5 / math.sqrt(2) / 2e7, 1e5 / 5e7)
    assert found["g_r_err"] == pytest.approx(2.5 / math.log(10) * relative, rel=1e-4)


@pytest.mark.parametrize(("survey", "same_night"), [("ztf", False), ("lsst", True)])
def test_nights_do_not_break_in_the_dark(survey, same_night):
    curve = {
        "mjd_utc": [60999.99, 61000.01],
        "band": ["g", "r"],
        "diff_flux_njy": 1e8,
        "diff_flux_err_njy": 1e5,
    }
    assert math.isfinite(_row(make_batch(survey, [curve]))["g_r"]) == same_night


def test_rate_is_one_slope_for_all_bands_each_with_its_own_level():
    time = np.array([0.0, 1.0, 2.0, 3.0, -40.0])
    band = ["g", "r", "g", "r", "g"]
    level = np.array([14.0, 12.0, 14.0, 12.0, 5.0])
    flux = _flux(level - 0.1 * time)
    sigma = 0.01
    curve = {
        "mjd_utc": 61000 + time,
        "band": band,
        "diff_flux_njy": flux,
        "diff_flux_err_njy": flux * sigma * math.log(10) / 2.5,
    }
    found = _row(make_batch("ztf", [curve]))
    # The oldest point is outside of the window. Each band spans 2 days: sum of squares 2 + 2.
    assert found["rate"] == pytest.approx(-0.1, abs=1e-4)
    assert found["rate_err"] == pytest.approx(sigma / 2, rel=1e-4)


def test_visits_of_one_hour_are_no_time_base_for_a_rate():
    def rate(*days):
        curve = {
            "mjd_utc": 61000.0 - np.array(days),
            "band": ["g", "r", *["g"] * (len(days) - 2)],
            "diff_flux_njy": 1e6 * np.arange(1, len(days) + 1),
            "diff_flux_err_njy": 1e4,
        }
        found = _row(make_batch("ztf", [curve], mjd_utc=[61000.0], band=["g"]))
        return found["rate"], found["rate_err"]

    # The bands are 0.2 days apart, but each has a level of its own.
    assert np.isnan(rate(0.0, 0.21, 0.01)).all()
    assert np.isnan(rate(0.0, 0.0, 0.19)).all()
    assert np.isfinite(rate(0.0, 0.0, 0.21)).all()


def test_a_detection_without_error_is_counted_as_among_its_peers():
    curve = {
        "mjd_utc": [60999.0, 61000.0, 61001.0],
        "band": ["g", "r", "r"],
        "diff_flux_njy": 1e6,
        "diff_flux_err_njy": [np.nan, 1e4, 1e4],
    }
    batch = make_batch("ztf", [curve, CURVE], mjd_utc=[61000.0, 61000.2])
    assert n_detections(batch).tolist() == [2, 4]
    for row in (0, 1):
        assert _row(batch, row=row)["n_det"] == n_detections(batch)[row]
    found = _row(batch)
    assert (found["n_det_g"], found["n_det_r"]) == (1, 1)


def test_a_single_detection_has_no_rate_and_no_colour_but_the_rest():
    curve = {"mjd_utc": 61000.0, "band": "r", "diff_flux_njy": 1e6, "diff_flux_err_njy": 1e4}
    found = _row(make_batch("ztf", [curve]))
    for name in ("rate", "rate_err", "mag_change", "g_r", "diff_g_r", "since_previous_det"):
        assert math.isnan(found[name]), name
    assert found["age"] == 0
    assert found["n_det"] == 1
    assert found["snr"] == pytest.approx(100)
    assert math.isfinite(found["last_mag"])


def test_points_after_the_alert_are_not_its_history():
    curve = {
        "mjd_utc": [61000.0, 61001.0],
        "band": "r",
        "diff_flux_njy": 1e6,
        "diff_flux_err_njy": 1e4,
    }
    assert _row(make_batch("ztf", [curve], mjd_utc=[61000.0]))["n_det"] == 1


def test_neighbours_do_not_leak_into_an_alert_without_points():
    empty = {key: np.empty(0) for key in ("mjd_utc", "diff_flux_njy", "diff_flux_err_njy")}
    curves = [CURVE, empty | {"band": "g"}, CURVE]
    columns = {"mjd_utc": [61000.2] * 3, "band": ["g"] * 3}
    batch = make_batch("ztf", curves, **columns)
    assert _row(batch, row=1)["n_det"] == 0
    assert math.isnan(_row(batch, row=1)["age"])
    assert _row(batch, row=0)["n_det"] == _row(batch, row=2)["n_det"] == 4


# Sgr A* and M31, with b from the NASA/IPAC Extragalactic Database.
@pytest.mark.parametrize(
    ("ra", "dec", "b"), [(266.41683, -29.00781, -0.04616), (10.68479, 41.26906, -21.57311)]
)
def test_galactic_latitude_of_known_objects(ra, dec, b):
    assert galactic_latitude_deg(np.array(ra), np.array(dec)) == pytest.approx(b, abs=2e-4)


def test_moving_bodies_have_no_host():
    fixed = {column.id for column in AlertContext().columns("lsst", "transient")}
    moving = {column.id for column in AlertContext().columns("lsst", "solar_system")}
    assert moving < fixed
    assert "context.reference_contrast" in fixed - moving
    assert "context.age" in fixed - moving
    assert "context.g_r" in moving
    found = _row(sample_batch("ztf", 3, population="solar_system"), "solar_system")
    assert math.isfinite(found["last_mag"])


def test_there_are_four_groups():
    groups = [column.group for column in AlertContext().columns("ztf", "transient")]
    assert set(groups) == {"host", "colour", "counts", "quality"}
