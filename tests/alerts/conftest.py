"""Packets made by hand, decoded through Arrow."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from fink_ad.alerts.packets import MappedPackets, to_batches
from fink_ad.alerts.parquet import packet_tables
from fink_ad.alerts.tables import PacketTables

Packet = dict[str, Any]

ZTF: Packet = {
    "schemavsn": "3.3",
    "objectId": "ZTF18aaaaaaa",
    "candid": 1095578115815010001,
    "candidate": {
        "jd": 2458850.0,
        "fid": 2,
        "pid": 1095500001815,
        "diffmaglim": 20.0,
        "isdiffpos": "t",
        "ra": 10.0,
        "dec": -5.0,
        "magpsf": 18.0,
        "sigmapsf": 0.1,
        "distnr": 1.0,
        "magnr": 17.0,
        "sigmagnr": 0.02,
        "rb": 0.7,
        "drb": 0.9,
        "nbad": 0,
        "exptime": 30.0,
        "ssdistnr": -999.0,
        "ssmagnr": -999.0,
        "ssnamenr": "null",
    },
    "prv_candidates": None,
}

PRV: Packet = {
    "jd": 2458840.0,
    "fid": 2,
    "pid": 1085500001815,
    "diffmaglim": 19.0,
    "candid": None,
    "isdiffpos": None,
    "ra": None,
    "dec": None,
    "magpsf": None,
    "sigmapsf": None,
    "distnr": None,
    "magnr": None,
    "sigmagnr": None,
    "rb": None,
    "nbad": None,
}

LSST: Packet = {
    "diaSourceId": 170094456272322680,
    "diaSource": {
        "diaSourceId": 170094456272322680,
        "diaObjectId": 313888627064569877,
        "ssObjectId": 0,
        "midpointMjdTai": 61105.0,
        "band": "i",
        "ra": 63.0,
        "dec": -47.0,
        "psfFlux": 1000.0,
        "psfFluxErr": 30.0,
        "scienceFlux": 3050.0,
        "scienceFluxErr": 31.0,
        "templateFlux": 2000.0,
        "templateFluxErr": 40.0,
        "reliability": 0.8,
        "isDipole": False,
        "pixelFlags_cr": False,
    },
    "prvDiaSources": None,
    "prvDiaForcedSources": None,
    "diaObject": {"diaObjectId": 313888627064569877, "nDiaSources": 3},
    "ssSource": {"designation": None, "phaseAngle": None, "helioRange": None, "topoRange": None},
    "mpc_orbits": {"designation": None},
    "lsst_schema_version": "lsst.v10_0",
}


def changed(packet: Packet, changes: Packet) -> Packet:
    """Return a copy with changes at paths such as ``candidate.jd``; a value of None is null."""
    result = copy.deepcopy(packet)
    for path, value in changes.items():
        *outer, last = path.split(".")
        place = result
        for name in outer:
            place = place[name]
        place[last] = value
    return result


@pytest.fixture
def ztf() -> Callable[..., Packet]:
    """Make a ZTF packet with changes."""
    return lambda changes=None, **more: changed(ZTF, {**(changes or {}), **more})


@pytest.fixture
def prv() -> Callable[..., Packet]:
    """Make a previous ZTF observation: an upper limit unless changed."""
    return lambda **changes: changed(PRV, changes)


@pytest.fixture
def lsst() -> Callable[..., Packet]:
    """Make a Rubin packet with changes."""
    return lambda changes=None, **more: changed(LSST, {**(changes or {}), **more})


@pytest.fixture
def decoded() -> Callable[..., PacketTables]:
    """Decode packets."""
    return lambda *packets: packet_tables(pa.RecordBatch.from_pylist(list(packets)))


@pytest.fixture
def mapped(decoded: Callable[..., PacketTables]) -> Callable[..., MappedPackets]:
    """Decode packets and give them their meaning."""
    return lambda *packets: to_batches(decoded(*packets))
