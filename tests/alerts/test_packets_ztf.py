"""ZTF packets made by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.packets import MappedPackets, PointFlag, to_batches
from fink_ad.alerts.parquet import packet_tables

Make = Callable[..., Any]
Map = Callable[..., MappedPackets]


def one(alerts: AlertBatch) -> dict[str, Any]:
    (row,) = alerts.record_batch.to_pylist()
    return dict(row)


def test_detection_worked_by_hand(mapped: Map, ztf: Make) -> None:
    alert = one(mapped(ztf()).alerts)
    diff, ref = 10 ** (0.4 * 13.4), 10 ** (0.4 * 14.4)
    assert alert["survey"] == "ztf"
    assert alert["alert_id"] == 1095578115815010001
    assert alert["object_id"] == "ZTF18aaaaaaa"
    assert alert["packet_version"] == "3.3"
    assert alert["mjd_utc"] == pytest.approx(58849.5 + 15 / 86400, abs=1e-9)
    assert alert["night"] == 20200101
    assert alert["band"] == "r"
    assert alert["diff_flux_njy"] == pytest.approx(diff)
    assert alert["diff_flux_err_njy"] == pytest.approx(diff * 0.1 / 1.0857362, rel=1e-7)
    assert alert["total_flux_njy"] == pytest.approx(diff + ref)
    assert alert["total_flux_err_njy"] == pytest.approx(
        np.hypot(diff * 0.1, ref * 0.02) / 1.0857362, rel=1e-7
    )
    assert alert["ref_sep_arcsec"] == pytest.approx(1.012)
    assert alert["limit_flux_njy"] == pytest.approx(10 ** (0.4 * 11.4))
    assert alert["real_bogus"] == pytest.approx(0.9)
    assert alert["population"] == "transient"
    (point,) = alert["points"]
    assert (point["kind"], point["point_id"]) == ("detection", alert["alert_id"])
    assert point["total_flux_njy"] == alert["total_flux_njy"]


def test_reference_is_judged_in_arcseconds_not_pixels(mapped: Map, ztf: Make) -> None:
    # 1.49 pixels are 1.508 arcsec: beyond 1.5 arcsec, though not beyond 1.5 pixels.
    near, far = mapped(
        ztf({"candidate.distnr": 1.48}), ztf({"candidate.distnr": 1.49})
    ).alerts.numbers("total_flux_njy")
    assert far == pytest.approx(10 ** (0.4 * 13.4))
    assert near > 2 * far


@pytest.mark.parametrize(("sign", "factor"), [("t", 1), ("1", 1), ("f", -1), ("0", -1)])
def test_sign_of_the_subtraction(mapped: Map, ztf: Make, sign: str, factor: int) -> None:
    alert = one(mapped(ztf({"candidate.isdiffpos": sign})).alerts)
    assert alert["diff_flux_njy"] == pytest.approx(factor * 10 ** (0.4 * 13.4))
    assert alert["flags"] == 0


def test_unknown_sign_is_positive_and_flagged(mapped: Map, ztf: Make) -> None:
    alert = one(mapped(ztf(), ztf({"candidate.isdiffpos": None})).alerts.take(np.array([1])))
    assert alert["diff_flux_njy"] > 0
    assert alert["flags"] == PointFlag.SIGN_UNKNOWN


def test_limits_and_detections_of_the_history(mapped: Map, ztf: Make, prv: Make) -> None:
    history = [
        prv(jd=2458845.0, fid=1),
        prv(jd=2458841.0, magpsf=19.0, sigmapsf=0.2, isdiffpos="f", candid=5, rb=0.6),
        prv(jd=2458842.0),
    ]
    points = one(mapped(ztf(prv_candidates=history)).alerts)["points"]
    assert [(p["band"], p["kind"]) for p in points] == [
        ("g", "limit"),
        ("r", "detection"),
        ("r", "limit"),
        ("r", "detection"),
    ]
    assert points[0]["limit_flux_njy"] == pytest.approx(10 ** (0.4 * 12.4))
    assert np.isnan(points[0]["diff_flux_njy"])
    assert points[1]["diff_flux_njy"] == pytest.approx(-(10 ** (0.4 * 12.4)))
    assert points[1]["real_bogus"] == pytest.approx(0.6)
    assert [p["point_id"] for p in points] == [None, 5, None, 1095578115815010001]


def test_own_detection_wins_over_its_copy_in_the_history(mapped: Map, ztf: Make, prv: Make) -> None:
    copy = prv(jd=2458839.0, magpsf=21.0, sigmapsf=0.3, isdiffpos="t", candid=1095578115815010001)
    (point,) = one(mapped(ztf(prv_candidates=[copy])).alerts)["points"]
    assert point["mjd_utc"] == pytest.approx(58849.5 + 15 / 86400)


def test_unusable_history_is_dropped_and_counted(mapped: Map, ztf: Make, prv: Make) -> None:
    history = [
        prv(jd=float("nan")),
        prv(fid=7),
        prv(diffmaglim=None),
        prv(jd=2458843.0, diffmaglim=-999.0),
        prv(jd=2458844.0, magpsf=float("-inf"), sigmapsf=0.1, candid=3),
        prv(jd=2458841.0, magpsf=19.0, sigmapsf=float("nan"), isdiffpos="t", candid=6),
        prv(jd=2458842.0, magpsf=19.0, sigmapsf=-0.1, isdiffpos="t", candid=7),
    ]
    result = mapped(ztf(prv_candidates=history))
    points = one(result.alerts)["points"]
    assert result.dropped_points == {"time": 1, "band": 1, "limit": 2}
    assert [p["point_id"] for p in points if p["kind"] == "detection"] == [
        6,
        7,
        1095578115815010001,
    ]
    errors = [p["diff_flux_err_njy"] for p in points if p["point_id"] in (6, 7)]
    assert np.isnan(errors).all()


def test_alert_without_usable_flux_stays_without_its_point(mapped: Map, ztf: Make) -> None:
    result = mapped(ztf({"candidate.magpsf": float("nan"), "candidate.diffmaglim": None}), ztf())
    first = result.alerts.record_batch.to_pylist()[0]
    assert first["points"] == []
    assert first["band"] == "r"
    assert np.isnan(first["diff_flux_njy"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("candidate.jd", float("nan")),
        ("candidate.jd", float("inf")),
        ("candidate.jd", -5.0),
        ("candidate.fid", 9),
        ("candidate.ra", 361.0),
        ("candidate.dec", float("nan")),
        ("candid", None),
        ("objectId", None),
        ("objectId", ""),
    ],
)
def test_bad_alert_is_rejected_by_field_and_its_neighbours_go_on(
    mapped: Map, ztf: Make, path: str, value: object
) -> None:
    result = mapped(ztf(candid=1), ztf({path: value}), ztf(candid=3))
    assert result.alerts.numbers("alert_id").tolist() == [1, 3]
    assert result.rows.tolist() == [0, 2]
    (rejected,) = result.rejected
    assert (rejected.record, rejected.reason) == (1, "bad_value")
    assert path in rejected.detail


@pytest.mark.parametrize("exposure", [1e12, 3e6, -1.0, 0.0])
def test_absurd_exposure_does_not_move_the_alert(mapped: Map, ztf: Make, exposure: float) -> None:
    result = mapped(ztf(), ztf({"candidate.exptime": exposure}))
    assert result.alerts.numbers("mjd_utc")[1] == pytest.approx(58849.5 + 15 / 86400, abs=1e-9)


def test_times_no_calendar_has_cost_the_alert_or_the_point(
    mapped: Map, ztf: Make, prv: Make
) -> None:
    history = [prv(jd=jd) for jd in (2458840.0, 1e300, 2400000.5, 1e7)]
    result = mapped(ztf({"candidate.jd": 2400001.0}), ztf(prv_candidates=history))
    (rejected,) = result.rejected
    assert rejected.detail.endswith("candidate.jd is 2400001.0")
    assert result.alerts.points.counts.tolist() == [2]
    assert result.dropped_points == {"time": 3}


def test_sentinels_are_missing(mapped: Map, ztf: Make) -> None:
    names = {
        "sgscore1": "star_galaxy",
        "distpsnr1": "nearest_source_arcsec",
        "srmag1": "nearest_source_mag",
        "neargaia": "gaia_sep_arcsec",
        "maggaia": "gaia_mag",
        "ssdistnr": "solar_system_sep_arcsec",
        "jdstarthist": "first_det_mjd_utc",
        "fwhm": "fwhm_arcsec",
    }
    for value, missing in ((-999.0, True), (0.25, False)):
        alerts = mapped(ztf({f"candidate.{name}": value for name in names})).alerts
        for column in names.values():
            assert np.isnan(alerts.numbers(column))[0] == missing, column
    negative = {f"candidate.{name}": -1.0 for name in ("distpsnr1", "neargaia", "ssdistnr")}
    alerts = mapped(ztf({**negative, "candidate.sgscore1": 0.5, "candidate.drb": -999.0})).alerts
    for name in ("star_galaxy", *(f"{at}_arcsec" for at in ("nearest_source", "gaia_sep"))):
        assert np.isnan(alerts.numbers(name)).all(), name
    assert np.isnan(alerts.numbers("solar_system_sep_arcsec")).all()
    assert alerts.numbers("real_bogus") == pytest.approx([0.7])  # falls back to rb


def test_messages_show_plain_values(mapped: Map, ztf: Make) -> None:
    bad = [ztf({"candidate.ra": float("nan")}), ztf({"candidate.fid": 9}), ztf(candid=None)]
    shown = [rejected.detail.rpartition(" is ")[2] for rejected in mapped(*bad, ztf()).rejected]
    assert sorted(shown) == ["9", "missing", "nan"]


def test_alert_with_two_faults_is_rejected_once(mapped: Map, ztf: Make) -> None:
    bad = ztf({"candidate.ra": float("nan"), "candidate.dec": 100.0, "candid": None})
    assert len(mapped(bad, ztf()).rejected) == 1


def test_all_rejected(mapped: Map, ztf: Make) -> None:
    result = mapped(ztf({"candidate.ra": float("nan")}))
    assert len(result.alerts) == 0
    assert len(result.rejected) == 1


@pytest.mark.parametrize("version", ["2.0", "5.01", "nonsense"])
def test_unknown_version_is_rejected_by_name(mapped: Map, ztf: Make, version: str) -> None:
    result = mapped(ztf(schemavsn=version), ztf(schemavsn="4.02"))
    (rejected,) = result.rejected
    assert rejected.reason == "unknown_version"
    assert version in rejected.detail
    assert result.alerts.strings("packet_version") == ["4.02"]


def test_missing_field_is_rejected_by_name(mapped: Map, ztf: Make) -> None:
    packet = ztf()
    del packet["candidate"]["magpsf"]
    (rejected,) = mapped(packet).rejected
    assert rejected.reason == "missing_field"
    for word in ("ztf", "3.3", "candidate.magpsf"):
        assert word in rejected.detail


def test_unknown_survey_is_rejected(mapped: Map) -> None:
    result = mapped({"hello": 1}, {"hello": 2})
    assert [r.reason for r in result.rejected] == ["unknown_survey"] * 2
    assert len(result.alerts) == 0


def test_version_is_inferred_where_nothing_states_it(mapped: Map, ztf: Make) -> None:
    packet = ztf()
    del packet["schemavsn"]
    assert mapped(packet).alerts.strings("packet_version") == ["3.3"]
    assert to_batches(_tables(packet), "4.02").alerts.strings("packet_version") == ["4.02"]


def _tables(*packets: Any) -> Any:
    return packet_tables(pa.RecordBatch.from_pylist(list(packets)))


def test_forced_photometry_worked_by_hand(mapped: Map, ztf: Make) -> None:
    forced = {
        "jd": 2458830.0,
        "fid": 1,
        "pid": 1075500001815,
        "exptime": 30.0,
        "diffmaglim": 20.0,
        "forcediffimflux": -2000.0,
        "forcediffimfluxunc": 50.0,
        "magzpsci": 26.4,
        "distnr": 1.49,
        "magnr": 16.4,
        "sigmagnr": 0.02,
    }
    failed = {
        **forced,
        "jd": 2458831.0,
        "forcediffimflux": -99999.0,
        "forcediffimfluxunc": -99999.0,
    }
    result = mapped(ztf(schemavsn="4.02", fp_hists=[forced, failed]))
    point = one(result.alerts)["points"][0]
    assert (point["band"], point["kind"], point["point_id"]) == ("g", "forced", None)
    # Zero point 26.4 is five magnitudes from 31.4: one count is 100 nJy. 1.49 is arcsec here.
    assert point["diff_flux_njy"] == pytest.approx(-2e5)
    assert point["diff_flux_err_njy"] == pytest.approx(5e3)
    assert point["total_flux_njy"] == pytest.approx(1e6 - 2e5)
    assert result.dropped_points == {"flux": 1}


def test_forced_point_yields_to_the_detection_of_its_exposure(mapped: Map, ztf: Make) -> None:
    forced = {
        "jd": 2458850.0,
        "fid": 2,
        "exptime": 30.0,
        "forcediffimflux": 1.0,
        "forcediffimfluxunc": 1.0,
        "magzpsci": 26.4,
    }
    (point,) = one(mapped(ztf(schemavsn="4.02", fp_hists=[forced])).alerts)["points"]
    assert point["kind"] == "detection"


@pytest.mark.parametrize(
    ("distance", "name", "population"),
    [
        (0.0, "4371", "solar_system"),
        (5.0, "4371", "solar_system"),
        (5.1, "4371", "transient"),
        (0.0, "null", "transient"),
        (0.0, None, "transient"),
        (-999.0, "4371", "transient"),
    ],
)
def test_population(mapped: Map, ztf: Make, distance: float, name: str, population: str) -> None:
    changes = {
        "candidate.ssdistnr": distance,
        "candidate.ssnamenr": name,
        "candidate.ssmagnr": 18.4,
    }
    alert = one(mapped(ztf(), ztf(changes)).alerts.take(np.array([1])))
    assert alert["population"] == population
    known = name == "4371"
    assert alert["designation"] == ("4371" if known else None)
    assert np.isfinite(alert["predicted_mag"]) == known


def test_broker_classes(mapped: Map, ztf: Make) -> None:
    classes = {"cdsxmatch": "QSO", "tns": "", "vsx": "nan", "gcvs": "Fail 503", "roid": 3}
    nothing = {"cdsxmatch": "Unknown", "tns": None, "vsx": "None", "gcvs": "Unknown", "roid": 0}
    some, none = mapped(ztf(classes), ztf(nothing)).alerts.strings("broker_classes")
    assert some == ["cdsxmatch=QSO", "roid=3"]  # type: ignore[comparison-overlap]
    assert none == []  # type: ignore[comparison-overlap]


def test_time_that_disagrees_with_pid_is_flagged_not_repaired(mapped: Map, ztf: Make) -> None:
    # Pid 1095500001815: 1095 days after 2017-01-01.0 UTC and half a day.
    good, bad = mapped(ztf(), ztf({"candidate.jd": 2458850.1})).alerts.numbers("flags")
    assert (good, bad) == (0, PointFlag.TIME_DISAGREES)


def test_real_bogus_falls_back_to_rb(mapped: Map, ztf: Make) -> None:
    result = mapped(ztf(), ztf({"candidate.drb": None}))
    assert result.alerts.numbers("real_bogus") == pytest.approx([0.9, 0.7])


def test_id_that_went_through_a_float_is_lost_not_rounded(
    mapped: Map, ztf: Make, prv: Make
) -> None:
    detection = {"magpsf": 19.0, "sigmapsf": 0.1, "isdiffpos": "t"}
    history = [
        prv(jd=2458841.0, candid=1095578115815010001.0, **detection),
        prv(jd=2458842.0, candid=77.0, **detection),
    ]
    points = one(mapped(ztf(prv_candidates=history)).alerts)["points"]
    assert [p["point_id"] for p in points] == [None, 77, 1095578115815010001]


def test_text_that_is_not_utf8_costs_no_alert(mapped: Map, ztf: Make) -> None:
    result = mapped(ztf(objectId=b"ZTF\xff"), ztf(objectId=b"ZTF18b"))
    assert result.alerts.strings("object_id") == ["ZTF\ufffd", "ZTF18b"]
