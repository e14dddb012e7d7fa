"""Files of small packets with ZTF's field names."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastavro
import pytest

SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "alert",
    "fields": [
        {"name": "schemavsn", "type": "string"},
        {"name": "objectId", "type": "string"},
        {"name": "candid", "type": "long"},
        {
            "name": "candidate",
            "type": {
                "type": "record",
                "name": "candidate",
                "fields": [
                    {"name": "jd", "type": "double"},
                    {"name": "fid", "type": "int"},
                    *({"name": n, "type": "double"} for n in ("ra", "dec")),
                    *({"name": n, "type": "float"} for n in ("magpsf", "sigmapsf")),
                    {"name": "isdiffpos", "type": "string"},
                ],
            },
        },
        {
            "name": "cutoutScience",
            "type": {
                "type": "record",
                "name": "cutout",
                "fields": [{"name": "stampData", "type": "bytes"}],
            },
        },
    ],
}

FIRST_JD = 2458850.0


def packet(candid: int, *, jd: float | None = None, ra: float = 10.0) -> dict[str, Any]:
    """Return a packet; its time rises with `candid` unless given."""
    return {
        "schemavsn": "3.3",
        "objectId": f"ZTF18{candid:07d}",
        "candid": candid,
        "candidate": {
            "jd": FIRST_JD + candid * 1e-3 if jd is None else jd,
            "fid": 1,
            "ra": ra,
            "dec": -5.0,
            "magpsf": 18.0,
            "sigmapsf": 0.1,
            "isdiffpos": "t",
        },
        "cutoutScience": {"stampData": f"stamp {candid}".encode()},
    }


def container(packets: Iterable[dict[str, Any]], *, block: int = 0, codec: str = "null") -> bytes:
    """Return an Avro container; `block` is the size at which a block ends, in bytes."""
    file = io.BytesIO()
    fastavro.writer(file, SCHEMA, list(packets), codec=codec, sync_interval=block or 16000)
    return file.getvalue()


def body(one: dict[str, Any]) -> bytes:
    """Return a packet without a header."""
    file = io.BytesIO()
    fastavro.schemaless_writer(file, SCHEMA, one)
    return file.getvalue()


@dataclass(frozen=True)
class Packets:
    """Makes packets and the bytes of files that hold them."""

    schema: dict[str, Any]
    packet: Callable[..., dict[str, Any]]
    container: Callable[..., bytes]
    body: Callable[[dict[str, Any]], bytes]


@pytest.fixture
def make() -> Packets:
    """Make packets."""
    return Packets(SCHEMA, packet, container, body)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Write a file below the test's folder."""

    def writer(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return writer
