"""Simulated packets are read, mapped and filtered like real ones."""

import numpy as np
import pytest

from fink_ad.alerts import POPULATIONS, AlertBatch
from fink_ad.alerts.avro import read_packets
from fink_ad.alerts.packets import PointFlag, choose_fields, to_batches
from fink_ad.features import Context
from fink_ad.filters import DROP
from fink_ad.filters.quality import Quality
from fink_ad.filters.solar_system import SolarSystem
from fink_ad.simulate import write_night


@pytest.fixture(scope="module")
def batch(night, tmp_path_factory):
    written = write_night(tmp_path_factory.mktemp("night"), night, codec="deflate")
    return alerts_of([path.read_bytes() for path in written.alerts])


@pytest.fixture(scope="module")
def kinds(night, batch):
    """Class of each alert of the batch."""
    kind = dict(zip(night.truth["object_id"], night.truth["class"], strict=True))
    return np.array([kind[object_id] for object_id in batch.strings("object_id")])


def alerts_of(messages):
    packets = read_packets(messages, choose_fields)
    assert packets.rejected == ()
    batches = []
    for tables in packets.groups:
        mapped = to_batches(tables)
        assert mapped.rejected == ()
        assert not any(mapped.dropped_points.values())
        batches.append(mapped.alerts)
    return AlertBatch.concat(batches)


def test_every_packet_is_an_alert(night, batch):
    assert len(batch) == len(night)
    assert batch.survey == "ztf"
    assert set(batch.numbers("night").tolist()) == {20260301}
    assert not (batch.numbers("flags") & PointFlag.TIME_DISAGREES).any()
    assert batch.numbers("alert_id").tolist() == [r["candid"] for r in night.records()]


def test_single_packets_and_files_agree(night, batch):
    few = [packet for packet, _ in zip(night.packets(), range(5), strict=False)]
    one_by_one, together = alerts_of(few), batch.take(np.arange(5))
    # As text, in which NaN equals NaN.
    assert str(one_by_one.record_batch.to_pylist()) == str(together.record_batch.to_pylist())


def test_signs_and_kinds_of_points_arrive(batch, kinds):
    points = batch.points
    assert (batch.numbers("diff_flux_njy")[kinds == "r_crb"] < 0).all()
    assert (batch.numbers("diff_flux_njy")[kinds == "supernova_ia"] > 0).all()
    limits = points.of_kind("limit")
    assert 0.1 < limits.mean() < 0.9
    assert np.isfinite(points["limit_flux_njy"][limits]).all()
    assert np.isfinite(points["diff_flux_njy"][points.of_kind("detection")]).all()
    # The total flux of a star is that of the star.
    stars = np.isin(points.alert, np.flatnonzero(kinds == "rr_lyrae"))
    detected = stars & points.of_kind("detection")
    assert (points["total_flux_njy"][detected] > 0).mean() > 0.99


def test_quality_drops_bogus_rather_than_sources(batch, kinds):
    dropped = Quality().judge(batch, None, None, Context()).verdict == DROP
    artefact = np.isin(kinds, ["bogus", "bad_subtraction"])
    assert dropped[artefact].mean() > 0.3
    assert dropped[~artefact].mean() < 0.03


def test_bodies_are_routed(batch, kinds):
    population = SolarSystem().judge(batch, None, None, Context()).population
    body = population == POPULATIONS.index("solar_system")
    assert (body == (kinds == "asteroid")).all()
