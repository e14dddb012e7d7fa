"""What the filters do to real alerts, which their documentation states."""

import numpy as np
import pytest

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.avro import read_packets
from fink_ad.alerts.packets import choose_fields, to_batches
from fink_ad.features import Context
from fink_ad.filters import DROP
from fink_ad.filters.quality import Quality
from fink_ad.filters.solar_system import SolarSystem

pytestmark = pytest.mark.real_data


def read(folder):
    messages = [path.read_bytes() for path in sorted(folder.glob("*.avro"))]
    tables = read_packets(messages, choose_fields).groups
    return AlertBatch.concat(to_batches(table).alerts for table in tables)


def test_selected_ztf_alerts_survive_and_raw_artefacts_go(real_data):
    selected, raw = (read(real_data / "ztf" / name) for name in ("packets", "raw_packets"))
    dropped = [Quality().judge(batch, None, None, Context()).reason for batch in (selected, raw)]
    assert len(selected) == 279
    assert len(raw) == 25
    assert (dropped[0] == "low_real_bogus").sum() == (dropped[0] != "").sum() == 5
    assert (dropped[1] == "low_real_bogus").sum() == (dropped[1] != "").sum() == 15


def test_lsst_bodies_stay_bodies(real_data):
    message = (real_data / "lsst" / "lsst_20260304_7_long_prod.avro").read_bytes()
    (tables,) = read_packets([message], choose_fields).groups
    batch = to_batches(tables).alerts
    verdicts = SolarSystem().judge(batch, None, None, Context())
    assert np.array_equal(verdicts.population, batch.codes("population"))
    assert (verdicts.population == 1).sum() == 2
    assert not (Quality().judge(batch, None, None, Context()).verdict == DROP).any()
