"""The light curve as columns: signs, limits, the alert's own point."""

import numpy as np
import pytest

from fink_ad.review import ModelCurve, curve_points, model_line
from fink_ad.testing import make_batch

ALERT_ID = (1 << 60) + 1  # beyond what a float can hold


def batch() -> object:
    return make_batch(
        "ztf",
        [
            {
                "mjd_utc": [61000.0, 61003.0, 61001.0, 61002.0, 61002.5],
                "band": ["g", "r", "g", "r", "r"],
                "kind": ["detection", "detection", "limit", "forced", "detection"],
                "diff_flux_njy": [1000.0, -1000.0, np.nan, 500.0, np.nan],
                "diff_flux_err_njy": [10.0, 20.0, np.nan, -1.0, 1.0],
                "total_flux_njy": [5000.0, 3000.0, np.nan, 500.0, np.nan],
                "total_flux_err_njy": [10.0, 20.0, np.nan, 30.0, 1.0],
                "limit_flux_njy": [9.0, 9.0, 2000.0, 9.0, 9.0],
                "point_id": [1, ALERT_ID, -1, -1, 2],
            }
        ],
        alert_id=[ALERT_ID],
        mjd_utc=[61003.0],
    )


def test_points_come_by_time_and_those_without_a_flux_do_not() -> None:
    points = curve_points(batch())
    assert points.days.tolist() == [-3, -2, -1, 0]
    assert points.kind.tolist() == ["detection", "limit", "forced", "detection"]
    assert points.band.tolist() == ["g", "g", "r", "r"]


def test_a_limit_is_drawn_at_its_limit_without_an_error() -> None:
    limit = curve_points(batch()).select("limit", "g")
    assert limit.flux_njy.tolist() == [2000.0]
    assert np.isnan(limit.flux_err_njy).all()
    assert limit.mag[0] == pytest.approx(31.4 - 2.5 * np.log10(2000))


def test_what_is_below_the_reference_keeps_its_sign_and_has_a_magnitude() -> None:
    own = curve_points(batch()).where(curve_points(batch()).own)
    assert own.point_id.tolist() == [ALERT_ID]
    assert own.flux_njy.tolist() == [-1000.0]
    assert own.below.all()
    assert own.mag[0] == pytest.approx(31.4 - 7.5)


def test_what_statistics_are_made_of_is_told_from_the_rest() -> None:
    """The limit is no measurement, and the forced point of another alert is none of this one."""
    alert = batch()
    points = curve_points(alert)
    assert points.used.tolist() == [True, False, True, True]
    known = make_batch(
        "ztf",
        [
            {
                "mjd_utc": [60900.0, 61000.0, 61002.0, 61010.0],
                "band": ["g", "g", "r", "i"],
                "kind": ["detection", "detection", "forced", "detection"],
                "diff_flux_njy": [1.0, 1.0, 1.0, 1.0],
                "diff_flux_err_njy": [1.0, 1.0, 1.0, 1.0],
                "total_flux_njy": [1.0, 1.0, 1.0, 1.0],
                "total_flux_err_njy": [1.0, 1.0, 1.0, 1.0],
                "point_id": [7, 1, -1, 8],
            }
        ],
        alert_id=[ALERT_ID],
        mjd_utc=[61003.0],
    )
    later = curve_points(alert, known=known)
    assert later.days.tolist() == [-3, -2, -1, 0, 7]
    assert later.used.tolist() == [True, False, True, True, False]
    whole = curve_points(alert, known=known, whole=True)
    assert whole.days.tolist() == [-103, -3, -2, -1, 0, 7]
    assert not whole.used[0]


def test_an_error_that_is_none_is_unknown() -> None:
    forced = curve_points(batch()).select("forced", "r")
    assert np.isnan(forced.flux_err_njy).all()
    assert np.isnan(forced.mag_err).all()


def test_the_total_flux_is_another_column() -> None:
    points = curve_points(batch(), "total")
    assert points.where(points.own).flux_njy.tolist() == [3000.0]
    assert not points.below.any()


def model(band: str = "g") -> ModelCurve:
    return ModelCurve(band, np.array([61000.0, 61003.0]), np.array([1000.0, -10.0]), "model")


def test_a_model_lies_among_the_points_and_has_no_magnitude_below_the_reference() -> None:
    line = model_line(batch(), model())
    assert line.days.tolist() == [-3, 0]
    assert line.flux_njy.tolist() == [1000, -10]
    assert line.mag[0] == pytest.approx(31.4 - 7.5)
    assert np.isnan(line.mag[1])


def test_a_model_of_the_total_flux_has_the_reference_in_it() -> None:
    assert model_line(batch(), model(), "total").flux_njy.tolist() == [5000, 3990]
    # In r two points have 4000 and 0 beside the difference flux.
    assert model_line(batch(), model("r"), "total").flux_njy.tolist() == [3000, 1990]
    assert np.isnan(model_line(batch(), model("z"), "total").flux_njy).all()
