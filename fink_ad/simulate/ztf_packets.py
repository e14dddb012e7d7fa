"""Puts ZTF packets together out of encoded rows."""

from __future__ import annotations

import numpy as np

from fink_ad.simulate.cutouts import Stamps
from fink_ad.simulate.encode import encode_long, encode_rows
from fink_ad.simulate.ids import ztf_object_ids
from fink_ad.simulate.packets import Packets
from fink_ad.simulate.population import Population
from fink_ad.simulate.rows import Rows
from fink_ad.simulate.schema import CANDIDATE_FIELDS, PRV_CANDIDATE_FIELDS, SCHEMA_VERSION
from fink_ad.simulate.ztf_columns import candidate_columns, visit_columns

__all__ = ["ztf_packets"]

_PUBLISHER = b"fink_ad simulator"
_NO_CUTOUTS = b"\x02\x02\x02"  # branch 1 of the three unions
_FILE_NAMES = (
    "candid{candid}_pid{pid}_targ_sci.fits.gz",
    "candid{candid}_ref.fits.gz",
    "candid{candid}_pid{pid}_targ_scimref.fits.gz",
)
_HEAD = [
    *((name, "string", False) for name in ("schemavsn", "publisher", "objectId")),
    ("candid", "long", False),
]


def ztf_packets(
    population: Population, rows: Rows, seed: int, stamps: dict[int, Stamps]
) -> Packets:
    """Encode the alerts of a population; a history is one slice of its encoded rows."""
    shared = visit_columns(population, rows)
    own = candidate_columns(population, rows, shared)
    object_ids = ztf_object_ids(population, seed)
    candid = np.ma.getdata(own["candid"])
    n_alerts = len(candid)
    heads, head_at = encode_rows(
        _HEAD,
        {
            "schemavsn": np.full(n_alerts, SCHEMA_VERSION.encode()),
            "publisher": np.full(n_alerts, _PUBLISHER),
            "objectId": object_ids[rows.obj[rows.alert]],
            "candid": candid,
        },
    )
    alerts, alert_at = encode_rows(CANDIDATE_FIELDS, own)
    history, history_at = encode_rows(PRV_CANDIDATE_FIELDS, shared)
    counts = {n: encode_long(n) for n in np.unique(rows.alert - rows.first).tolist()}
    bodies = []
    for i, (first, stop) in enumerate(zip(rows.first.tolist(), rows.alert.tolist(), strict=True)):
        parts = [heads[head_at[i] : head_at[i + 1]], alerts[alert_at[i] : alert_at[i + 1]]]
        if first == stop:
            parts.append(b"\x02")  # branch 1: null, as for an object without history
        else:
            items = history[history_at[first] : history_at[stop]]
            parts += [b"\x00", counts[stop - first], items, b"\x00"]
        parts.append(_cutouts(stamps[i], candid[i], own["pid"][i]) if i in stamps else _NO_CUTOUTS)
        bodies.append(b"".join(parts))
    return Packets(bodies, candid, np.char.decode(object_ids, "ascii"))


def _cutouts(stamps: Stamps, candid: int, pid: int) -> bytes:
    parts = []
    for template, stamp in zip(_FILE_NAMES, stamps, strict=True):
        name = template.format(candid=candid, pid=pid).encode()
        parts += [b"\x00", encode_long(len(name)), name, encode_long(len(stamp)), stamp]
    return b"".join(parts)
