import math

import fastavro
import numpy as np
import pytest

from fink_ad.alerts.avro import read_packets
from fink_ad.alerts.packets import PointFlag, choose_fields, to_batches
from fink_ad.features import Context
from fink_ad.features.statistics import STATISTICS, Statistics, StatisticsSettings
from fink_ad.testing import make_batch, sample_batch

NAMES = list(STATISTICS)
PARITY = Statistics(StatisticsSettings(mode="parity"))

# One object has two g sources at one time, of which the live system kept the later id (its sort
# is not stable). These values differ by 1e-5 to 1e-3.
TWO_SOURCES_AT_ONE_TIME = ("313897383979122767", "g")
THEIR_MISSES = [
    "standard_deviation",
    "cusum",
    "kurtosis",
    "linear_trend",
    "linear_trend_sigma",
    "linear_trend_noise",
    "linear_fit_slope",
    "linear_fit_reduced_chi2",
    "anderson_darling_normal",
    "skew",
    "stetson_K",
]


def _row(provider, batch, row=0):
    columns = [column.id for column in provider.columns(batch.survey, "transient")]
    return dict(zip(columns, provider.extract(batch, Context())[row], strict=True))


def _flux(mag):
    return 10 ** ((31.4 - np.asarray(mag, float)) / 2.5)


def test_columns_are_named_by_statistic_and_band():
    ids = [column.id for column in Statistics().columns("lsst", "transient")]
    assert len(ids) == len(set(ids)) == 26 * 6
    assert "statistics.stetson_K_y" in ids
    units = {column.id: column.unit for column in Statistics().columns("ztf", "transient")}
    assert len(units) == 52
    assert units["statistics.mean_g"] == "mag"
    assert units["statistics.maximum_slope_r"] == "mag / day"
    assert units["statistics.skew_r"] == ""


def test_columns_match_what_the_light_curve_package_computes():
    from fink_ad.features.statistics import _extractor

    assert _extractor().names == NAMES


def test_hand_worked_values_on_bright_magnitudes():
    mag = np.array([15.0, 16.0, 15.0, 17.0])
    flux = _flux(mag)
    err = flux * 0.1 * math.log(10) / 2.5
    curve = {
        "mjd_utc": 60000 + np.arange(4.0),
        "band": "r",
        "diff_flux_njy": flux,
        "diff_flux_err_njy": err,
    }
    found = _row(Statistics(), make_batch("ztf", [curve]))
    expected = {
        "mean": 15.75,
        "median": 15.5,
        "amplitude": 1.0,
        "standard_deviation": math.sqrt(2.75 / 3),
        "maximum_slope": 2.0,
        "percent_amplitude": 1.5,
        "linear_trend": 0.5,
        "chi2": 2.75 / 3 / 0.01,
    }
    for name, value in expected.items():
        assert found[f"statistics.{name}_r"] == pytest.approx(value, rel=1e-4), name
    assert all(math.isnan(value) for name, value in found.items() if name.endswith("_g"))


def test_default_mode_sees_total_flux_of_detections_and_forced_photometry_but_no_limits():
    curve = {
        "mjd_utc": 60000 + np.arange(3.0),
        "band": "g",
        "kind": ["detection", "forced", "limit"],
        "diff_flux_njy": [-5e6, -5e6, np.nan],
        "diff_flux_err_njy": [1e4, 1e4, np.nan],
        "total_flux_njy": _flux([15.0, 17.0, 10.0]),
        "total_flux_err_njy": 1e4,
    }
    batch = make_batch("ztf", [curve])
    assert _row(Statistics(), batch)["statistics.mean_g"] == pytest.approx(16.0, abs=1e-4)
    # The live system has the one detection only, and forgets its sign.
    live = _row(PARITY, batch)["statistics.mean_g"]
    assert live == pytest.approx(31.4 - 2.5 * math.log10(5e6), abs=1e-9)


def test_default_mode_leaves_out_what_the_survey_withdrew_or_injected():
    flags = [0, PointFlag.WITHDRAWN, PointFlag.INJECTED, PointFlag.FLUX_FAILED | PointFlag.DIPOLE]
    curve = {
        "mjd_utc": 60000 + np.arange(4.0),
        "band": "g",
        "diff_flux_njy": 1e6,
        "diff_flux_err_njy": 1e4,
        "total_flux_njy": _flux([15.0, 10.0, 11.0, 17.0]),
        "total_flux_err_njy": 1e4,
        "flags": [int(flag) for flag in flags],
    }
    batch = make_batch("lsst", [curve])
    assert _row(Statistics(), batch)["statistics.mean_g"] == pytest.approx(16.0, abs=1e-4)
    # The live system knows no flags.
    faded = make_batch("lsst", [{**curve, "diff_flux_njy": [1e6, 1e6, 1e6, 5e6]}])
    assert _row(PARITY, faded)["statistics.mean_g"] == pytest.approx(2e6)


def test_a_fading_below_the_reference_has_finite_statistics():
    curve = {
        "mjd_utc": 60000 + np.arange(6.0),
        "band": "r",
        "diff_flux_njy": -np.linspace(1e4, 5e4, 6),
        "diff_flux_err_njy": 1e3,
    }
    assert np.isfinite(Statistics().extract(make_batch("ztf", [curve]), Context())[0, 26:]).all()


def test_difference_flux_is_a_group_of_its_own_and_off():
    both = Statistics(StatisticsSettings(difference_flux=True))
    columns = both.columns("ztf", "transient")
    assert len(columns) == 104
    assert {column.group for column in columns} == {"statistics", "statistics_diff"}
    batch = sample_batch("ztf", 5)
    values = both.extract(batch, Context())
    np.testing.assert_array_equal(values[:, :52], Statistics().extract(batch, Context()))
    flux = batch.points["diff_flux_njy"]
    first_g = (batch.points.alert == 0) & batch.points.in_band("g") & np.isfinite(flux)
    place = [column.id for column in columns].index("statistics.diff_mean_g")
    assert values[0, place] == pytest.approx(flux[first_g].mean())


def test_modes_cannot_be_mixed_up_by_a_model():
    assert Statistics().version != PARITY.version


def test_live_rule_adds_the_reference_to_all_points_if_any_is_close():
    curve = {
        "mjd_utc": 60000 + np.arange(2.0),
        "band": ["g", "r"],
        "diff_flux_njy": [1e5, -1e5],
        "diff_flux_err_njy": 1e3,
        "ref_flux_njy": [1e6, 5e5],
        "ref_flux_err_njy": 1e3,
        "ref_sep_arcsec": [1.5 * 1.012, 30.0],
    }
    close = _row(PARITY, make_batch("ztf", [curve]))
    assert close["statistics.mean_g"] == pytest.approx(31.4 - 2.5 * math.log10(1.1e6))
    assert close["statistics.mean_r"] == pytest.approx(31.4 - 2.5 * math.log10(4e5))
    far = _row(PARITY, make_batch("ztf", [curve | {"ref_sep_arcsec": [1.52 * 1.012, 30.0]}]))
    assert far["statistics.mean_g"] == pytest.approx(31.4 - 2.5 * math.log10(1e5))


def test_live_rule_looks_at_the_distance_of_detections_only():
    curve = {
        "mjd_utc": 60000 + np.arange(2.0),
        "band": "g",
        "kind": ["forced", "detection"],
        "diff_flux_njy": 1e5,
        "diff_flux_err_njy": 1e3,
        "ref_flux_njy": 1e6,
        "ref_flux_err_njy": 1e3,
        "ref_sep_arcsec": [0.1, 30.0],
    }
    found = _row(PARITY, make_batch("ztf", [curve]))
    assert found["statistics.mean_g"] == pytest.approx(31.4 - 2.5 * math.log10(1e5))


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["536106200014286", "633202300014898", "633211400005684"])
def test_published_features_of_three_light_curves(real_data, name):
    folder = real_data / "unit" / "ad_features_tests"
    mjd, mag, err, _ = np.loadtxt(folder / f"{name}.csv", delimiter=",", skiprows=1).T
    curve = {
        "mjd_utc": mjd,
        "band": "g",
        "diff_flux_njy": _flux(mag),
        "diff_flux_err_njy": _flux(mag) * err * math.log(10) / 2.5,
    }
    found = _row(PARITY, make_batch("ztf", [curve]))
    published = dict(
        line.split(": ")
        for line in (folder / f"{name}.features").read_text().splitlines()
        if ": " in line
    )
    checked = [key for key in NAMES if key in published]
    assert len(checked) >= 19
    for key in checked:
        # Printed with four digits.
        assert found[f"statistics.{key}_g"] == pytest.approx(float(published[key]), rel=1e-3), key


def _compare(found, recorded, band):
    """Return how many recorded values are met, and the names of those that are not."""
    scale = max(abs(recorded.get("mean") or 0.0), abs(recorded.get("amplitude") or 0.0))
    missed = []
    for name in NAMES:
        ours, theirs = found[f"statistics.{name}_{band}"], recorded.get(name)
        if theirs is None or not math.isfinite(theirs):
            assert math.isnan(ours), f"{name}_{band}: {ours} where nothing is recorded"
        elif abs(ours - theirs) > 1e-5 * abs(theirs) + 1e-9 * scale:
            missed.append(name)
    n_recorded = sum(v is not None and math.isfinite(v) for v in recorded.values())
    return n_recorded - len(missed), missed


def _packets_and_batch(path):
    """Records of a container file as fastavro reads them, and their alerts in the same order."""
    with path.open("rb") as file:
        records = list(fastavro.reader(file))
    (group,) = read_packets([path.read_bytes()], choose_fields).groups
    mapped = to_batches(group)
    assert len(mapped.alerts) == len(records)
    return [records[row] for row in mapped.rows], mapped.alerts


@pytest.mark.real_data
def test_parity_with_all_features_recorded_for_ztf(real_data):
    packets, batch = _packets_and_batch(real_data / "ztf" / "ztf_20260322_31_prod_8scores.avro")
    met = 0
    for row, packet in enumerate(packets):
        found = _row(PARITY, batch, row)
        for band in "gr":
            equal, missed = _compare(found, packet[f"lc_features_{band}"] or {}, band)
            assert not missed, f"{packet['objectId']} {band}: {missed}"
            met += equal
    assert met == 899


@pytest.mark.real_data
def test_parity_with_the_features_recorded_for_lsst(real_data):
    packets, batch = _packets_and_batch(real_data / "lsst" / "lsst_20260304_7_long_prod.avro")
    met = 0
    for row, packet in enumerate(packets):
        found = _row(PARITY, batch, row)
        for band in "ugrizy":
            equal, missed = _compare(found, (packet["lc_features"] or {}).get(band, {}), band)
            object_id = str((packet["diaObject"] or {}).get("diaObjectId"))
            two_sources = (object_id, band) == TWO_SOURCES_AT_ONE_TIME
            assert missed == (THEIR_MISSES if two_sources else []), f"{object_id} {band}"
            met += equal
    assert met == 553 - len(THEIR_MISSES)
