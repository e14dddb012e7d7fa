"""Every real packet becomes an alert, and a few are worked by hand from another reader."""

from __future__ import annotations

import io
from pathlib import Path

import fastavro
import numpy as np
import pyarrow.parquet as pq
import pytest

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.avro import read_packets
from fink_ad.alerts.packets import PointFlag, choose_fields, fields_among, stamps, to_batches
from fink_ad.alerts.parquet import ParquetPackets

PARQUET = (
    *("ztf/ztf_20211122_67_simbad_tns_vsx.parquet", "ztf/ztf_2024_hostless_72.parquet"),
    *("ztf/ztf_2020_tde_ZTF20abfcszi_21.parquet", "lsst/lsst_v10_0_27_prod.parquet"),
    *("lsst/lsst_or4_v7_1_50_sim.parquet", "elasticc/elasticc_sample_seed0.parquet"),
    "elasticc/test_elasticc_earlysnia.parquet",
)
AVRO = {
    "ztf/packets/*.avro": 279,
    "ztf/raw_packets/*.avro": 25,
    "ztf/ztf_20260322_31_prod_8scores.avro": 31,
    "lsst/lsst_20260304_7_long_prod.avro": 7,
}


def check(alerts: AlertBatch) -> None:
    """Check what every batch promises."""
    alerts.record_batch.validate(full=True)
    points = alerts.points
    measured = points.of_kind("detection", "forced")
    assert np.isfinite(points["mjd_utc"]).all()
    assert np.isfinite(points["diff_flux_njy"][measured]).all()
    assert np.isfinite(points["total_flux_njy"][measured]).all()
    assert not (points["diff_flux_err_njy"] <= 0).any()
    assert np.isnan(points["diff_flux_njy"][~measured]).all()
    keys = (points["kind"], points["mjd_utc"], points["band"], points.alert)
    assert np.array_equal(np.lexsort(keys), np.arange(len(points)))
    own = points["point_id"] == np.repeat(alerts.numbers("alert_id"), points.counts)
    assert own.sum() == len(alerts)


@pytest.mark.real_data
@pytest.mark.parametrize("pattern", AVRO)
def test_every_avro_packet_becomes_an_alert(real_data: Path, pattern: str) -> None:
    messages = [path.read_bytes() for path in sorted(real_data.glob(pattern))]
    read = read_packets(messages, choose_fields)
    (tables,) = read.groups
    result = to_batches(tables)
    assert read.rejected == result.rejected == ()
    assert len(result.alerts) == AVRO[pattern]
    check(result.alerts)
    expected = [r for m in messages for r in fastavro.reader(io.BytesIO(m))]
    key = "candid" if pattern.startswith("ztf") else "diaSourceId"
    assert result.alerts.numbers("alert_id").tolist() == [r[key] for r in expected]
    cutouts = stamps(tables, result.rows).column("cutout_template").to_pylist()
    raw = [r["cutoutTemplate"] for r in expected]
    assert cutouts == [r["stampData"] if isinstance(r, dict) else r for r in raw]


@pytest.mark.real_data
@pytest.mark.parametrize("name", PARQUET)
def test_every_parquet_row_becomes_an_alert(real_data: Path, name: str) -> None:
    packets = ParquetPackets(real_data / name)
    fields = fields_among(packets.paths)
    for group, n_rows in enumerate(packets.group_rows):
        result = to_batches(packets.read(group, 0, n_rows, fields))
        assert len(result.alerts) == n_rows
        assert result.rejected == ()
        check(result.alerts)
    ids = pq.read_table(real_data / name).column("diaSource" if "ztf" not in name else "candid")
    expected = [v["diaSourceId"] if isinstance(v, dict) else v for v in ids.to_pylist()]
    assert result.alerts.numbers("alert_id").tolist() == expected


@pytest.mark.real_data
def test_ids_that_went_through_floats_are_null(real_data: Path) -> None:
    packets = ParquetPackets(real_data / "ztf/ztf_2024_hostless_72.parquet")
    alerts = to_batches(packets.read(0, 0, 72, fields_among(packets.paths))).alerts
    ids = alerts.points["point_id"]
    assert set(ids[ids >= 0].tolist()) == set(alerts.numbers("alert_id").tolist())


@pytest.mark.real_data
def test_ztf_light_curve_by_hand(real_data: Path) -> None:
    path = real_data / "ztf/ztf_20260322_31_prod_8scores.avro"
    read = read_packets([path.read_bytes()], choose_fields)
    alerts = to_batches(read.groups[0]).alerts
    with path.open("rb") as file:
        records = list(fastavro.reader(file))
    assert len(records) == len(alerts)
    for row, record in zip(alerts.record_batch.to_pylist(), records, strict=True):
        history = [*(record["prv_candidates"] or []), record["candidate"]]
        expected = {}
        for p in history:
            if p["magpsf"] is None:
                continue
            flux = 10 ** (0.4 * (31.4 - p["magpsf"])) * (1 if p["isdiffpos"] in "t1" else -1)
            near = p["distnr"] * 1.012 <= 1.5
            total = flux + (10 ** (0.4 * (31.4 - p["magnr"])) if near else 0)
            mjd = p["jd"] - 2400000.5 + 15 / 86400
            expected[p["candid"]] = (mjd, "?gri"[p["fid"]], flux, total)
        got = {
            p["point_id"]: (p["mjd_utc"], p["band"], p["diff_flux_njy"], p["total_flux_njy"])
            for p in row["points"]
            if p["kind"] == "detection"
        }
        assert got.keys() == expected.keys()
        for key, values in expected.items():
            assert got[key][1] == values[1]
            assert (got[key][0], *got[key][2:]) == pytest.approx((values[0], *values[2:]), rel=1e-9)
        n_limits = sum(p["magpsf"] is None for p in history)
        assert sum(p["kind"] == "limit" for p in row["points"]) <= n_limits


@pytest.mark.real_data
def test_rubin_light_curves_by_hand(real_data: Path) -> None:
    path = real_data / "lsst/lsst_20260304_7_long_prod.avro"
    read = read_packets([path.read_bytes()], choose_fields)
    alerts = to_batches(read.groups[0]).alerts
    with path.open("rb") as file:
        records = list(fastavro.reader(file))
    assert alerts.strings("packet_version") == ["10.0"] * 7
    for row, record in zip(alerts.record_batch.to_pylist(), records, strict=True):
        sources = {s["diaSourceId"]: s for s in record["prvDiaSources"] or []}
        sources[record["diaSourceId"]] = record["diaSource"]
        found = {p["point_id"]: p for p in row["points"] if p["kind"] == "detection"}
        assert found.keys() == sources.keys()
        for key, point in found.items():
            source = sources[key]
            assert point["mjd_utc"] == pytest.approx(
                source["midpointMjdTai"] - 37 / 86400, abs=1e-9
            )
            assert point["band"] == source["band"]
            assert point["diff_flux_njy"] == source["psfFlux"]
        for point in row["points"]:
            near = [s["templateFlux"] for s in sources.values() if s["band"] == point["band"]]
            if near:
                total = point["diff_flux_njy"] + np.median(near)
                assert point["total_flux_njy"] == pytest.approx(total, rel=1e-6)
        exposures = {(s["band"], s["midpointMjdTai"]) for s in sources.values()}
        forced = record["prvDiaForcedSources"] or []
        alone = [f for f in forced if (f["band"], f["midpointMjdTai"]) not in exposures]
        ids = {p["point_id"] for p in row["points"] if p["kind"] == "forced"}
        assert ids == {f["diaForcedSourceId"] for f in alone}
        body = not record["diaSource"]["diaObjectId"]
        assert row["population"] == ("solar_system" if body else "transient")
        assert row["object_id"] == (
            record["mpc_orbits"]["designation"] if body else str(record["diaSource"]["diaObjectId"])
        )


@pytest.mark.real_data
def test_untouched_times_agree_with_pid(real_data: Path) -> None:
    for name in ("raw_packets/*.avro", "ztf_20260322_31_prod_8scores.avro"):
        messages = [path.read_bytes() for path in sorted(real_data.glob(f"ztf/{name}"))]
        alerts = to_batches(read_packets(messages, choose_fields).groups[0]).alerts
        assert not (alerts.points["flags"] & PointFlag.TIME_DISAGREES).any()
