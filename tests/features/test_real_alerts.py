import numpy as np
import pytest

from fink_ad.alerts import POPULATIONS
from fink_ad.alerts.avro import read_packets
from fink_ad.alerts.packets import choose_fields, to_batches
from fink_ad.features import Context, Extractor
from fink_ad.features.context import AlertContext
from fink_ad.features.statistics import Statistics

FILES = [
    "ztf/packets/*.avro",
    "ztf/raw_packets/*.avro",
    "ztf/ztf_20260322_31_prod_8scores.avro",
    "lsst/lsst_20260304_7_long_prod.avro",
]


@pytest.mark.real_data
@pytest.mark.parametrize("pattern", FILES)
def test_every_real_alert_gets_features(real_data, pattern):
    messages = [path.read_bytes() for path in sorted(real_data.glob(pattern))]
    extractor = Extractor([Statistics(), AlertContext()])
    n_alerts = 0
    for group in read_packets(messages, choose_fields).groups:
        alerts = to_batches(group).alerts
        for code in range(len(POPULATIONS)):
            batch = alerts.take(alerts.codes("population") == code)
            extraction = extractor.extract(batch, Context())
            n_alerts += len(batch)
            if len(batch) == 0:
                continue
            table = extraction.table
            assert extraction.failures == {}
            assert not np.isinf(table.values).any()
            # What any single detection has, whatever else is missing.
            always = ["galactic_latitude", "last_mag", "last_diff_mag", "n_det", "snr"]
            assert np.isfinite(table.select([f"context.{name}" for name in always])).all()
            means = [name for name in table.schema.names if ".mean_" in name]
            assert np.isfinite(table.select(means)).any(axis=1).all()
    assert n_alerts >= len(messages)
