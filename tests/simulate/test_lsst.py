"""Rubin packets: read, mapped and reproduced like those of ZTF."""

import numpy as np
import pytest

from fink_ad.alerts.avro import read_packets
from fink_ad.alerts.packets import choose_fields, to_batches
from fink_ad.errors import ConfigError
from fink_ad.simulate import LSST_PACKET_SCHEMA, simulate_night

OPTIONS = {"survey": "lsst", "n_objects": 200, "seed": 3}


@pytest.fixture(scope="module")
def night():
    return simulate_night(20260301, **OPTIONS, stamps="individual", n_stamped=5)


@pytest.fixture(scope="module")
def records(night):
    return night.records()


def test_same_seed_same_bytes(night):
    again = simulate_night(20260301, **OPTIONS, stamps="individual", n_stamped=5)
    assert again.bodies == night.bodies
    assert again.truth.equals(night.truth)
    assert night.schema is LSST_PACKET_SCHEMA


def test_ids_are_large_and_unique(night, records):
    ids = [record["diaSourceId"] for record in records]
    assert len(set(ids)) == len(ids) == len(night)
    assert min(ids) > 2**53
    told = sorted(one for alerts in night.truth["alert_ids"] for one in alerts)
    assert told == sorted(ids)
    names = {
        alert: name
        for name, alerts in zip(night.truth["object_id"], night.truth["alert_ids"], strict=True)
        for alert in alerts
    }
    for record in records:
        of = record["diaObject"] and str(record["diaObject"]["diaObjectId"])
        assert names[record["diaSourceId"]] == (of or record["ssSource"]["designation"])


def test_histories_are_a_year_of_detections_and_all_visits(records):
    lengths = []
    for record in records:
        time = record["diaSource"]["midpointMjdTai"]
        sources = record["prvDiaSources"] or []
        forced = record["prvDiaForcedSources"] or []
        for history in (sources, forced):
            times = [one["midpointMjdTai"] for one in history]
            assert times == sorted(times)
            assert all(time - 365 <= one < time for one in times)
        # Forced photometry covers the detections, and what was seen without being detected.
        visits = {one["visit"]: one["psfFlux"] for one in forced}
        assert all(visits[one["visit"]] == one["psfFlux"] for one in sources)
        assert bool(sources) == bool(forced)
        lengths.append((len(sources), len(forced)))
    n_sources, n_forced = np.array(lengths).T
    assert n_forced.max() > 80
    assert np.median(n_forced[n_sources > 0]) > np.median(n_sources[n_sources > 0])


def test_bodies_have_no_object_and_others_no_body(night, records):
    asteroids = {
        alert
        for kind, alerts in zip(night.truth["class"], night.truth["alert_ids"], strict=True)
        for alert in alerts
        if kind == "asteroid"
    }
    assert asteroids
    for record in records:
        is_body = record["diaSourceId"] in asteroids
        assert (record["diaObject"] is None) == is_body == (record["ssSource"] is not None)
        if is_body:
            assert record["prvDiaSources"] is None
            assert 0 < record["ssSource"]["phaseAngle"] < 35
            assert record["ssSource"]["helioRange"] > 2


def test_stamps_are_bare_images(records):
    stamped = [record for record in records if record["cutoutScience"]]
    assert len(stamped) == 5
    for record in stamped:
        science, template, difference = (
            np.frombuffer(record[f"cutout{name}"], ">f4", 63 * 63, 2880)
            for name in ("Science", "Template", "Difference")
        )
        assert record["cutoutScience"].startswith(b"SIMPLE  =")
        assert np.allclose(science - 150 - template, difference, atol=1e-3 * abs(science).max())


def test_the_reader_of_real_packets_reads_them(night, records):
    packets = read_packets(list(night.packets()), choose_fields)
    assert packets.rejected == ()
    mapped = [to_batches(tables) for tables in packets.groups]
    assert not any(one.rejected or any(one.dropped_points.values()) for one in mapped)
    (alerts,) = [one.alerts for one in mapped]
    assert alerts.survey == "lsst"
    assert alerts.numbers("alert_id").tolist() == [one["diaSourceId"] for one in records]
    assert set(alerts.numbers("night").tolist()) == {20260301}
    names = {
        alert: name
        for name, ids in zip(night.truth["object_id"], night.truth["alert_ids"], strict=True)
        for alert in ids
    }
    assert list(alerts.strings("object_id")) == [names[one["diaSourceId"]] for one in records]
    points = alerts.points
    assert points.of_kind("forced").any()
    assert {band for band in "ugrizy" if points.in_band(band).any()} == set("ugrizy")
    own = [one["diaSource"]["psfFlux"] for one in records]
    assert alerts.numbers("diff_flux_njy") == pytest.approx(own, rel=1e-6)


def test_a_night_before_the_survey_is_refused():
    with pytest.raises(ConfigError, match="20200101 is too early"):
        simulate_night(20200101, **OPTIONS)
