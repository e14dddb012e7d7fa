"""The picture of a light curve: what is on it, and that no alert is too odd for one."""

import io

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer

from fink_ad.alerts import AlertBatch
from fink_ad.review import light_curve_figure
from fink_ad.review.ranges import flux_range, flux_unit, magnitude_ticks
from fink_ad.sources.files import FilesSource
from fink_ad.testing import make_batch, sample_batch

ONE = {"mjd_utc": 61100.2, "band": "r", "diff_flux_njy": 3e4, "diff_flux_err_njy": 2e3}


def rising(n=9):
    days = np.arange(n)[::-1]
    return {
        "mjd_utc": 61100.2 - days,
        "band": "g",
        "diff_flux_njy": 5e4 * np.exp(-days / 6.0),
        "diff_flux_err_njy": np.full(n, 2e3),
        "point_id": np.arange(n) + 1,
    }


def alert(curve, **columns):
    return make_batch("ztf", [curve], **columns)


def own_of(batch):
    return batch.points["point_id"] == batch.numbers("alert_id")[0]


def png(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=60)
    return buffer.getvalue()


def labels(figure):
    return {text.get_text() for text in figure.legends[0].get_texts()}


def test_detections_forced_points_and_limits_are_told_apart():
    curve = rising() | {"kind": ["limit", "limit", "forced"] + ["detection"] * 6}
    curve["limit_flux_njy"] = np.full(9, 1.5e4)
    curve["diff_flux_njy"][:2] = curve["diff_flux_err_njy"][:2] = np.nan
    figure = light_curve_figure(alert(curve, alert_id=np.array([9])))
    assert labels(figure) == {"this alert", "g", "g forced", "g limit"}
    drawn = {
        one.get_label(): one
        for one in figure.axes[0].containers
        if isinstance(one, ErrorbarContainer)
    }
    assert len(drawn["g"].lines[0].get_xdata()) == 6
    assert drawn["g limit"].lines[1][0].get_marker() != drawn["g"].lines[0].get_marker()
    np.testing.assert_allclose(drawn["g limit"].lines[0].get_ydata(), 15.0)
    (ring,) = (one for one in figure.axes[0].lines if one.get_label() == "this alert")
    np.testing.assert_allclose((ring.get_xdata(), ring.get_ydata()), [[0.0], [50.0]])


def test_one_bad_point_does_not_ruin_the_range_and_is_marked():
    curve = rising(12)
    curve["diff_flux_njy"][3] = -8e7
    batch = alert(curve, alert_id=np.array([12]))
    low, high = flux_range(batch.points, own_of(batch))
    assert -3e4 < low < 0
    assert 5e4 < high < 8e4
    axes = light_curve_figure(batch).axes[0]
    (mark,) = (one for one in axes.lines if one.get_marker() == "v" and len(one.get_xdata()) == 1)
    assert mark.get_xdata()[0] == pytest.approx(-8)


def test_the_alert_itself_is_always_in_the_range():
    curve = rising(12)
    curve["diff_flux_njy"][-1] = 8e7
    batch = alert(curve, alert_id=np.array([12]))
    assert flux_range(batch.points, own_of(batch))[1] > 8e7


def test_a_deep_limit_sets_the_range_and_a_shallow_one_does_not():
    curve = rising() | {"kind": ["limit"] * 2 + ["detection"] * 7}
    curve["limit_flux_njy"] = np.array([6e4, 1e9] + [np.nan] * 7)
    batch = alert(curve, alert_id=np.array([9]))
    assert 6e4 < flux_range(batch.points, own_of(batch))[1] < 1e5


@pytest.mark.parametrize(
    ("largest", "unit"), [(3e6, (1e6, "mJy")), (3e3, (1e3, "µJy")), (300.0, (1.0, "nJy"))]
)
def test_units_keep_numbers_short(largest, unit):
    assert flux_unit(largest) == unit


def test_magnitudes_stand_at_their_fluxes_and_apart():
    assert magnitude_ticks(-5.0, -1.0) == []
    ticks = magnitude_ticks(0.0, 3631e9 * 10 ** (-0.4 * 18.2))
    assert ticks[0] == 18.5
    assert ticks == sorted(ticks)
    fluxes = 10 ** (-0.4 * (np.array(ticks) - 18.2))
    assert (-np.diff(fluxes) >= 0.07).all()


ODD = {
    "one point": ONE,
    "flux is NaN": ONE | {"diff_flux_njy": np.nan},
    "flux is infinite": ONE | {"diff_flux_njy": np.inf},
    "flux is zero": ONE | {"diff_flux_njy": 0.0},
    "flux is huge": ONE | {"diff_flux_njy": 1e30},
    "error is NaN": ONE | {"diff_flux_err_njy": np.nan},
    "error is negative": ONE | {"diff_flux_err_njy": -1.0},
    "error is infinite": ONE | {"diff_flux_err_njy": np.inf},
    "negative": ONE | {"diff_flux_njy": -3e4},
    "time is NaN": ONE | {"mjd_utc": np.nan},
    "only a limit": ONE | {"kind": "limit", "limit_flux_njy": 2e4, "diff_flux_njy": np.nan},
}


@pytest.mark.parametrize("curve", ODD.values(), ids=ODD.keys())
def test_no_alert_is_too_odd_for_a_picture(curve):
    assert png(light_curve_figure(alert(curve))).startswith(b"\x89PNG")


def test_an_alert_without_points_has_an_empty_picture():
    full = alert(ONE)
    none = full.points.select(np.zeros(1, bool)).to_arrow()
    index = full.record_batch.schema.get_field_index("points")
    field = full.record_batch.schema.field("points")
    png(light_curve_figure(AlertBatch(full.record_batch.set_column(index, field, none))))


@pytest.mark.parametrize("name", ["$x_{2$", "\x1b[31m", "a\nb", "名", "x" * 300, "\\"])
def test_names_are_only_text_and_fit(name):
    figure = light_curve_figure(alert(ONE, object_id=[name]))
    png(figure)
    title = figure.axes[0].get_title(loc="left")
    assert len(title) <= 50
    assert title.isascii()
    assert title.isprintable()


@pytest.mark.parametrize("survey", ["ztf", "lsst", "elasticc"])
def test_many_points_of_all_surveys(survey):
    batch = sample_batch(survey, 2, 1000)
    png(light_curve_figure(batch.take(np.array([1]))))


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name",
    [
        "ztf/ztf_20260322_31_prod_8scores.avro",
        "lsst/lsst_20260304_7_long_prod.avro",
        "ztf/ztf_2020_tde_ZTF20abfcszi_21.parquet",
    ],
)
def test_real_alerts(real_data, name):
    (survey,) = next(FilesSource([real_data / name]).batches({})).surveys
    for row in range(0, len(survey.alerts), 3):
        figure = light_curve_figure(survey.alerts.take(np.array([row])))
        png(figure)
        assert "this alert" in labels(figure)
