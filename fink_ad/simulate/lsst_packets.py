"""Puts Rubin packets together out of encoded rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.cutouts import Stamps
from fink_ad.simulate.encode import encode_long, encode_rows
from fink_ad.simulate.ids import lsst_object_ids
from fink_ad.simulate.lsst_columns import (
    detected_rows,
    forced_columns,
    object_columns,
    source_columns,
)
from fink_ad.simulate.lsst_schema import (
    DIA_OBJECT_FIELDS,
    DIA_SOURCE_FIELDS,
    FORCED_FIELDS,
    LSST_SCHEMA_VERSION,
    SS_SOURCE_FIELDS,
)
from fink_ad.simulate.packets import Packets
from fink_ad.simulate.population import Population
from fink_ad.simulate.rows import Rows

__all__ = ["lsst_packets"]

_VALUE, _NULL = b"\x00", b"\x02"  # branches of a union
_FORCED_BEFORE_DAYS = 30.0  # forced photometry begins so long before the first detection
_HEAD = [
    ("diaSourceId", "long", False),
    ("observation_reason", "string", True),
    ("target_name", "string", True),
]
_VERSION = bytes([2 * len(LSST_SCHEMA_VERSION)]) + LSST_SCHEMA_VERSION.encode()


def lsst_packets(
    population: Population, rows: Rows, seed: int, stamps: dict[int, Stamps]
) -> Packets:
    """Encode the alerts of a population.

    A history is one slice of the encoded detections and one of the encoded forced photometry;
    an object that is new has neither. Bodies of the solar system have no object.
    """
    object_ids = lsst_object_ids(population, seed)
    seen = detected_rows(population, rows)
    sources = source_columns(population, seen, object_ids)
    dia_objects, ss_sources = object_columns(population, rows, object_ids)
    source_ids = sources["diaSourceId"][seen.alert]
    n_alerts = len(source_ids)
    head = {
        "diaSourceId": source_ids,
        "observation_reason": np.full(n_alerts, b"wide_fast_deep"),
        "target_name": np.ma.array(np.full(n_alerts, b""), mask=True),
    }
    heads = _Encoded(*encode_rows(_HEAD, head))
    detections = _Encoded(*encode_rows(DIA_SOURCE_FIELDS, sources))
    forced = _Encoded(*encode_rows(FORCED_FIELDS, forced_columns(population, rows, object_ids)))
    objects = _Encoded(*encode_rows(DIA_OBJECT_FIELDS, dia_objects))
    bodies_of = _Encoded(*encode_rows(SS_SOURCE_FIELDS, ss_sources))
    is_body = (population.designation[rows.obj[rows.alert]] != b"").tolist()
    forced_first = _first_forced(population, rows, seen).tolist()
    spans = zip(
        seen.first.tolist(), seen.alert.tolist(), forced_first, rows.alert.tolist(), strict=True
    )
    bodies = []
    for i, (first, own, forced_from, row) in enumerate(spans):
        parts = [heads.rows(i, i + 1), detections.rows(own, own + 1)]
        if is_body[i] or first == own:
            parts += [_NULL, _NULL]
        else:
            parts += [detections.array(first, own), forced.array(forced_from, row)]
        if is_body[i]:
            parts += [_NULL, _VALUE, bodies_of.rows(i, i + 1)]
        else:
            parts += [_VALUE, objects.rows(i, i + 1), _NULL]
        parts += [_cutouts(stamps[i]) if i in stamps else 3 * _NULL, _VERSION]
        bodies.append(b"".join(parts))
    names = np.where(
        population.designation != b"",
        np.char.decode(population.designation, "ascii"),
        object_ids.astype(str),
    )
    return Packets(bodies, source_ids, names)


class _Encoded:
    """Encoded rows, of which slices are taken."""

    def __init__(self, buffer: bytes, offsets: NDArray[np.int64]) -> None:
        self._buffer = buffer
        self._offsets = offsets.tolist()

    def rows(self, start: int, stop: int) -> bytes:
        return self._buffer[self._offsets[start] : self._offsets[stop]]

    def array(self, start: int, stop: int) -> bytes:
        """Rows as the value of a union with an array in it: one block, and its end."""
        if start == stop:
            return _VALUE + b"\x00"
        return b"".join([_VALUE, encode_long(stop - start), self.rows(start, stop), b"\x00"])


def _first_forced(population: Population, rows: Rows, seen: Rows) -> NDArray[np.int64]:
    """First row of the forced photometry of each alert."""
    mjd = population.visits.mjd
    first_seen = mjd[seen.obj[seen.first], seen.visit[seen.first]] - _FORCED_BEFORE_DAYS
    origin = mjd[rows.obj, rows.visit].min()
    key = rows.obj * 1e5 + (mjd[rows.obj, rows.visit] - origin)
    wanted = np.searchsorted(key, rows.obj[rows.alert] * 1e5 + np.maximum(first_seen - origin, 0))
    first: NDArray[np.int64] = np.clip(wanted, rows.first, rows.alert)
    return first


def _cutouts(stamps: Stamps) -> bytes:
    science, template, difference = stamps
    parts = []
    for stamp in (difference, science, template):
        parts += [_VALUE, encode_long(len(stamp)), stamp]
    return b"".join(parts)
