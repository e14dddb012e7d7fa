"""Thousands of broken messages: nothing crashes, nothing is lost, no neighbour is touched.

`test_bounds_checked` runs this file again with every array access checked.
"""

import random

import fastavro
import numpy as np
import pyarrow as pa
import pytest

from fink_ad.alerts.avro import field_paths, read_packets

ROUNDS = 4


def seeded(seed):
    """Give the same damage on every run."""
    return random.Random(seed)


def damage(rng, message):
    """Cut, flip, overwrite, insert or repeat bytes of a message."""
    broken = bytearray(message)
    place = rng.randrange(len(broken))
    match rng.randrange(6):
        case 0:
            del broken[place:]
        case 1:
            for _ in range(rng.randrange(1, 9)):
                broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
        case 2:
            broken[place : place + rng.randrange(1, 12)] = b"\xff" * rng.randrange(12)
        case 3:
            broken[place:place] = rng.randbytes(rng.randrange(1, 20))
        case 4:
            del broken[place : place + rng.randrange(1, 20)]
        case _:
            broken[place:place] = broken[: rng.randrange(1, 40)]
    return bytes(broken)


def snapshot(read, messages):
    """Collect what was read from the given messages, table by table, as bytes."""
    found = {}
    for group in read.groups:
        keep = np.isin(group.message, messages)
        for path, table in {"": group.top, **group.children}.items():
            rows = np.flatnonzero(keep[table.parent])
            for name, column in table.columns.items():
                arrow = column.to_arrow().take(pa.array(rows))
                found[group.schema_hash, path, name] = repr(arrow.to_pylist())
            sizes = np.bincount(table.parent, minlength=len(keep))[keep]
            found[group.schema_hash, path, "@rows"] = sizes.tolist()
    return found


def check(whole, broken, fields, **options):
    """Read broken messages among whole ones; compare the whole ones with a read of their own."""
    messages = [message for pair in zip(whole, broken, strict=True) for message in pair]
    read = read_packets(messages, fields, **options)
    seen = {int(m) for group in read.groups for m in group.message}
    seen |= {one.message for one in read.rejected}
    assert seen == set(range(len(messages)))
    assert not [one for one in read.rejected if one.message % 2 == 0]
    alone = read_packets(whole, fields, **options)
    expected = snapshot(alone, range(len(whole)))
    found = snapshot(read, range(0, len(messages), 2))
    assert {key: found[key] for key in expected} == expected
    return len(read.rejected)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_broken_bodies(seed, sample_schema, samples, body):
    rng = seeded(seed)
    whole = [body(sample_schema, record) for record in samples] * 10
    broken = [damage(rng, message) for message in whole]
    for fields in (field_paths, ["candid", "previous[].band"]):
        refused = check(whole, [one or b"\0" for one in broken], fields, schema=sample_schema)
        assert refused > len(whole) / 10


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_broken_containers(seed, sample_schema, samples, container):
    rng = seeded(seed)
    codec = ["null", "deflate", "snappy", "zstandard"][seed % 4]
    whole = [container(sample_schema, [record], codec) for record in samples] * 4
    assert check(whole, [damage(rng, message) for message in whole], lambda _: ["candid"]) > 0


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_random_bytes(seed, sample_schema, samples, body):
    rng = seeded(seed)
    whole = [body(sample_schema, samples[0])] * 500
    small = [bytes(rng.choices(range(8), k=rng.randrange(1, 80))) for _ in range(250)]
    noise = [rng.randbytes(rng.randrange(1, 300)) for _ in range(250)]
    check(whole, small + noise, field_paths, schema=sample_schema)


@pytest.mark.real_data
@pytest.mark.parametrize("pattern", ["ztf/packets/*.avro", "ztf/raw_packets/*.avro", "lsst/*.avro"])
def test_broken_real_packets(pattern, real_data):
    rng = seeded(5)
    whole = [path.read_bytes() for path in sorted(real_data.glob(pattern))[:20]]
    for _ in range(20 if len(whole) > 1 else 60):
        broken = [damage(rng, message) for message in whole]
        check(whole, broken, lambda _: ["candid"] if "ztf" in pattern else ["diaSourceId"])


@pytest.mark.real_data
@pytest.mark.parametrize("pattern", ["ztf/packets/*.avro", "ztf/raw_packets/*.avro", "lsst/*.avro"])
def test_broken_real_bodies(pattern, real_data, body):
    rng = seeded(6)
    records = []
    for path in sorted(real_data.glob(pattern))[:10]:
        with path.open("rb") as file:
            reader = fastavro.reader(file)
            schema = reader.writer_schema
            records += list(reader)
    whole = [body(schema, record) for record in records]
    # Without the stamps, which take most of the room, damage falls where there is structure.
    bare = [body(schema, without_stamps(record)) for record in records]
    for _ in range(20):
        broken = [damage(rng, damage(rng, message)) or b"\0" for message in bare]
        check(whole, broken, field_paths, schema=schema)


def without_stamps(record):
    """Empty all bytes fields of a record."""
    if isinstance(record, bytes):
        return b""
    if isinstance(record, dict):
        return {name: without_stamps(value) for name, value in record.items()}
    return record
