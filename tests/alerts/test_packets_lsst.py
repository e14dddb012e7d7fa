"""Rubin and ELAsTiCC packets made by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.packets import MappedPackets, PointFlag

Make = Callable[..., Any]
Map = Callable[..., MappedPackets]

TAI = 37 / 86400


def one(alerts: AlertBatch) -> dict[str, Any]:
    (row,) = alerts.record_batch.to_pylist()
    return dict(row)


def test_detection_worked_by_hand(mapped: Map, lsst: Make) -> None:
    alert = one(mapped(lsst()).alerts)
    assert (alert["survey"], alert["packet_version"]) == ("lsst", "10.0")
    assert alert["alert_id"] == 170094456272322680  # beyond 2^53
    assert alert["object_id"] == "313888627064569877"
    assert alert["mjd_utc"] == pytest.approx(61105.0 - TAI, abs=1e-10)
    assert alert["night"] == 20260305
    assert alert["diff_flux_njy"] == 1000.0
    assert alert["total_flux_njy"] == 3000.0
    assert alert["total_flux_err_njy"] == pytest.approx(50.0)
    assert alert["limit_flux_njy"] == 150.0
    assert (alert["ref_flux_njy"], alert["ref_sep_arcsec"]) == (2000.0, 0.0)
    assert alert["real_bogus"] == pytest.approx(0.8)
    assert alert["n_det_survey"] == 3
    assert [p["point_id"] for p in alert["points"]] == [170094456272322680]


@pytest.mark.parametrize(
    ("template", "science", "total", "error"),
    [
        (2000.0, 3050.0, 3000.0, 50.0),
        (None, 3050.0, 3050.0, 30.0),
        (None, None, 1000.0, 30.0),
    ],
)
def test_total_flux_by_what_the_packet_has(
    mapped: Map, lsst: Make, template: float, science: float, total: float, error: float
) -> None:
    changes = {"diaSource.templateFlux": template, "diaSource.scienceFlux": science}
    alert = mapped(lsst(), lsst(changes)).alerts.record_batch.to_pylist()[1]
    assert alert["total_flux_njy"] == pytest.approx(total)
    assert alert["total_flux_err_njy"] == pytest.approx(error)


def test_history_forced_photometry_and_its_ties(mapped: Map, lsst: Make) -> None:
    source = lsst()["diaSource"]
    forced = {
        "diaForcedSourceId": 170019696466722821,
        "midpointMjdTai": 61105.0,
        "band": "i",
        "ra": 63.0,
        "dec": -47.0,
        "psfFlux": 990.0,
        "psfFluxErr": 30.0,
        "scienceFlux": 2990.0,
        "scienceFluxErr": 31.0,
    }
    packet = lsst(
        prvDiaSources=[{**source, "diaSourceId": 5, "midpointMjdTai": 61100.0, "band": "g"}],
        prvDiaForcedSources=[forced, {**forced, "diaForcedSourceId": 9, "midpointMjdTai": 61090.0}],
    )
    points = one(mapped(packet).alerts)["points"]
    assert [(p["band"], p["kind"], p["point_id"]) for p in points] == [
        ("g", "detection", 5),
        ("i", "forced", 9),
        ("i", "detection", 170094456272322680),
    ]
    assert points[1]["total_flux_njy"] == 2990.0


def _history(lsst: Make, *points: tuple[float, str, dict[str, Any]]) -> tuple[Any, Any]:
    """Return sources and forced sources, each of a day, a band and changes."""
    source = lsst()["diaSource"]
    forced = {k: v for k, v in source.items() if "template" not in k and k != "diaSourceId"}
    sources, forced_sources = [], []
    for number, (day, band, changes) in enumerate(points):
        place = {"midpointMjdTai": 61000.0 + day, "band": band}
        if "diaForcedSourceId" in changes:
            forced_sources.append({**forced, **place, **changes})
        else:
            sources.append({**source, **place, "diaSourceId": number + 1, **changes})
    return sources, forced_sources


def test_one_reference_for_all_points_of_an_object_and_band(mapped: Map, lsst: Make) -> None:
    far = {"templateFlux": 9e9, "dec": -47.0 + 1.6 / 3600}
    sources, forced = _history(
        lsst,
        (10, "i", {"templateFlux": 2300.0, "templateFluxErr": 1.0}),
        (11, "i", {"templateFlux": 2200.0, "templateFluxErr": 40.0}),
        (12, "i", {**far, "psfFlux": 5.0}),
        (13, "g", {"templateFlux": None, "psfFlux": 7.0, "scienceFlux": 107.0}),
        (14, "i", {"diaForcedSourceId": 1, "psfFlux": 500.0, "scienceFlux": 700.0}),
        (15, "g", {"diaForcedSourceId": 2, "psfFlux": -20.0, "scienceFlux": 100.0}),
        (16, "g", {"diaForcedSourceId": 3, "psfFlux": 10.0, "scienceFlux": 120.0}),
        (17, "r", {"diaForcedSourceId": 4, "psfFlux": 30.0, "scienceFlux": None}),
    )
    others = lsst({"diaSource.templateFlux": 1.0})
    packet = lsst(prvDiaSources=sources, prvDiaForcedSources=forced)
    alerts = mapped(others, packet, others).alerts
    assert alerts.numbers("total_flux_njy").tolist() == [1001.0, 3200.0, 1001.0]
    points = alerts.record_batch.to_pylist()[1]["points"]
    # In i the median of 2000, 2200 and 2300; in g that of 100, 110 and 120; in r nothing is known.
    assert [(p["band"], p["total_flux_njy"]) for p in points] == [
        ("g", 117.0),
        ("g", 90.0),
        ("g", 120.0),
        ("r", 30.0),
        *(("i", flux) for flux in (3200.0, 3200.0, 2205.0, 2700.0, 3200.0)),
    ]
    assert [p["total_flux_err_njy"] for p in points] == [30.0] * 4 + [50.0] * 5
    for p in points:
        known = p["band"] != "r"
        assert p["ref_sep_arcsec"] == 0.0 if known else np.isnan(p["ref_sep_arcsec"])
        if known:
            assert p["total_flux_njy"] == p["diff_flux_njy"] + p["ref_flux_njy"]


def test_fluxes_at_the_end_of_the_floats_are_not_believed(mapped: Map, lsst: Make) -> None:
    huge = [("templateFlux", 1.7e308), ("psfFlux", -1.7e308), ("scienceFlux", float("inf"))]
    packets = [lsst({f"diaSource.{a}": x, f"diaSource.{b}": y}) for a, x in huge for b, y in huge]
    packets += [lsst({f"diaSource.{a}": x, "diaSource.templateFlux": None}) for a, x in huge]
    alerts = mapped(lsst(), *packets).alerts
    assert len(alerts) == len(packets) + 1
    assert np.isfinite(alerts.points["total_flux_njy"]).all()


def test_detections_across_the_zero_of_right_ascension_are_near(mapped: Map, lsst: Make) -> None:
    sources, _ = _history(lsst, (10, "i", {"ra": 359.9999, "templateFlux": 4000.0}))
    packet = lsst({"diaSource.ra": 0.0001}, prvDiaSources=sources)
    assert one(mapped(packet).alerts)["total_flux_njy"] == 4000.0


BODY = {
    "diaSource.diaObjectId": 0,
    "diaSource.ssObjectId": 21163624394469969,
    "diaObject": None,
    "ssSource.designation": "K04J12Q",
    "mpc_orbits.designation": "2004 JQ12",
    "ssSource.phaseAngle": 4.5,
    "ssSource.helioRange": 2.28926442247257e-08,
    "ssSource.topoRange": 2.5,
}


def test_solar_system_body(mapped: Map, lsst: Make) -> None:
    alert = mapped(lsst(), lsst(BODY)).alerts.record_batch.to_pylist()[1]
    assert alert["population"] == "solar_system"
    assert alert["object_id"] == alert["designation"] == "2004 JQ12"
    assert alert["phase_deg"] == 4.5
    assert alert["helio_au"] == pytest.approx(3.4247, abs=1e-4)
    assert alert["topo_au"] == 2.5


def test_without_object_and_body_the_source_is_its_own_object(mapped: Map, lsst: Make) -> None:
    orphan = {"diaSource.diaObjectId": None, "diaObject.diaObjectId": None}
    alert = mapped(lsst(), lsst(orphan)).alerts.record_batch.to_pylist()[1]
    assert alert["object_id"] == "diaSource:170094456272322680"
    assert alert["population"] == "transient"


def test_flags(mapped: Map, lsst: Make) -> None:
    bad = lsst({"diaSource.isDipole": True, "diaSource.pixelFlags_cr": True})
    good, flagged = mapped(lsst(), bad).alerts.numbers("flags")
    assert (good, flagged) == (0, PointFlag.DIPOLE | PointFlag.COSMIC_RAY)


@pytest.mark.parametrize(
    ("stated", "version"),
    [("lsst.v10_0", "10.0"), ("lsst.v11_1", "11.1"), ("8.0", "8.0"), (None, "10.0")],
)
def test_versions(mapped: Map, lsst: Make, stated: str, version: str) -> None:
    first = lsst({"mpc_orbits.designation": "2004 JQ12"})  # gives the column a type
    alerts = mapped(first, lsst(lsst_schema_version=stated)).alerts
    assert alerts.strings("packet_version")[1] == version


def test_version_12_is_unknown(mapped: Map, lsst: Make) -> None:
    (rejected,) = mapped(lsst(lsst_schema_version="lsst.v12_0")).rejected
    assert rejected.reason == "unknown_version"
    assert "'12.0'" in rejected.detail


def test_alert_id_was_renamed_in_8(mapped: Map, lsst: Make) -> None:
    old = {k: v for k, v in lsst().items() if k not in ("diaSourceId", "mpc_orbits")}
    old = {**old, "alertId": old["diaSource"]["diaSourceId"], "lsst_schema_version": "7.4"}
    old["prvDiaNondetectionLimits"] = [
        {"midpointMjdTai": 61099.0, "band": "r", "diaNoise": 40.0},
    ]
    result = mapped(old)
    assert result.alerts.numbers("alert_id").tolist() == [170094456272322680]
    limit = one(result.alerts)["points"][0]
    assert (limit["kind"], limit["limit_flux_njy"]) == ("limit", 200.0)
    (rejected,) = mapped({**old, "lsst_schema_version": "8.0"}).rejected
    assert rejected.reason == "missing_field"
    assert "'diaSourceId'" in rejected.detail


def test_band_nobody_knows(mapped: Map, lsst: Make) -> None:
    (rejected,) = mapped(lsst({"diaSource.band": "white"})).rejected
    assert rejected.reason == "bad_value"
    assert "diaSource.band is 'white'" in rejected.detail


@pytest.mark.parametrize("time", [1.0001, 2_461_105.0, float("nan")])
def test_time_without_a_night_is_rejected(mapped: Map, lsst: Make, time: float) -> None:
    result = mapped(lsst(), lsst({"diaSource.midpointMjdTai": time}))
    (rejected,) = result.rejected
    assert rejected.reason == "bad_value"
    assert rejected.detail.endswith(f"diaSource.midpointMjdTai is {time}")


def test_null_flux_keeps_the_alert(mapped: Map, lsst: Make) -> None:
    alerts = mapped(lsst(), lsst({"diaSource.psfFlux": None})).alerts
    assert len(alerts) == 2
    assert alerts.points.counts.tolist() == [1, 0]


def test_elasticc_names(mapped: Map) -> None:
    source = {
        "diaSourceId": 23803604009,
        "diaObjectId": 11901802,
        "midPointTai": 61125.0,
        "filterName": "Y",
        "ra": 182.0,
        "decl": -43.0,
        "psFlux": -900.0,
        "psFluxErr": 100.0,
    }
    packet = {"alertId": 23803604009, "diaSource": source, "prvDiaSources": [source]}
    alert = one(mapped(packet).alerts)
    assert (alert["survey"], alert["band"], alert["object_id"]) == ("elasticc", "y", "11901802")
    assert alert["mjd_utc"] == pytest.approx(61125.0 - TAI, abs=1e-10)
    assert alert["dec_deg"] == -43.0
    assert alert["total_flux_njy"] == -900.0
    assert len(alert["points"]) == 1
    host = {"hostgal_snsep": -9.0, "hostgal_mag_r": 999.0}
    none, some = mapped(
        {**packet, "diaObject": host}, {**packet, "diaObject": dict.fromkeys(host, 20.5)}
    ).alerts.record_batch.to_pylist()
    for name in ("nearest_source_arcsec", "nearest_source_mag"):
        assert np.isnan(none[name])
        assert some[name] == 20.5


def test_sentinels_are_missing(mapped: Map, lsst: Make) -> None:
    packet = lsst()
    packet["diaObject"] |= {"nearbyObj1Dist": -1.0, "hostgal_snsep": 3.0}
    packet["ssSource"] |= {"ephOffset": -9.0, "helioRange": -9.0, "ephVmag": 0.0}
    alert = one(mapped(packet).alerts)
    assert alert["nearest_source_arcsec"] == 3.0
    for name in ("solar_system_sep_arcsec", "helio_au", "predicted_mag"):
        assert np.isnan(alert[name]), name


def test_seeing_from_second_moments(mapped: Map, lsst: Make) -> None:
    packet = lsst()
    packet["diaSource"] |= {"ixxPSF": 0.2, "iyyPSF": 0.2, "ixx": 4.0, "iyy": 1.0, "ixy": 0.0}
    alert = one(mapped(packet).alerts)
    assert alert["fwhm_arcsec"] == pytest.approx(2.35482 * np.sqrt(0.2), rel=1e-5)
    assert alert["elongation"] == pytest.approx(2.0)
