"""Real alerts in characters and links: every one of them can be looked at."""

import numpy as np
import pytest

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.avro import read_packets
from fink_ad.alerts.packets import choose_fields, to_batches
from fink_ad.review.braille import braille_curve
from fink_ad.review.links import links_of


def read(paths):
    tables = read_packets([path.read_bytes() for path in paths], choose_fields).groups
    return AlertBatch.concat(to_batches(table).alerts for table in tables)


@pytest.mark.real_data
def test_every_real_alert_can_be_looked_at(real_data):
    ztf = read(sorted((real_data / "ztf" / "packets").glob("*.avro")))
    lsst = read([real_data / "lsst" / "lsst_20260304_7_long_prod.avro"])
    assert (len(ztf), len(lsst)) == (279, 7)
    for batch in (ztf, lsst):
        names = batch.strings("object_id")
        ra, dec = batch.numbers("ra_deg").tolist(), batch.numbers("dec_deg").tolist()
        for row in range(len(batch)):
            drawn = braille_curve(batch.take(np.array([row])), marks="letters")
            assert max(map(len, str(drawn).splitlines())) <= 80
            assert "◉" in "".join(drawn.rows)
            found = {link.name for link in links_of(batch.survey, names[row], ra[row], dec[row])}
            assert found >= {"TNS", "SIMBAD", "NED", "VizieR", "Aladin"}
            assert ("SNAD" in found) == (dec[row] > -31)
            assert "Fink" in found or batch.survey == "lsst"
