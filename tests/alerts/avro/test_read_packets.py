"""The reader gives what fastavro gives, whatever the wrapping."""

import io
import struct

import fastavro
import numpy as np
import pyarrow as pa
import pytest

from fink_ad.alerts.avro import field_paths, read_packets
from fink_ad.alerts.tables import ByteColumn, NumberColumn
from fink_ad.errors import SourceError

REAL = ["ztf/packets/*.avro", "ztf/raw_packets/*.avro", "ztf/*.avro", "lsst/*.avro"]


@pytest.mark.real_data
@pytest.mark.parametrize("pattern", REAL)
def test_every_field_of_every_real_packet_is_what_fastavro_reads(real_data, assert_same, pattern):
    messages = [path.read_bytes() for path in sorted(real_data.glob(pattern))]
    read = read_packets(messages, field_paths)
    assert messages
    assert not read.rejected
    n_records = 0
    for group in read.groups:
        records = [
            record
            for index in np.unique(group.message)
            for record in fastavro.reader(io.BytesIO(messages[index]))
        ]
        assert assert_same(group, records) > 100 * len(records)
        n_records += len(records)
    assert n_records == sum(len(list(fastavro.reader(io.BytesIO(m)))) for m in messages)


@pytest.mark.real_data
def test_wanted_fields_of_real_packets_equal_those_of_all(real_data):
    messages = [path.read_bytes() for path in sorted(real_data.glob("lsst/*.avro"))]
    some = ["diaSource.psfFlux", "prvDiaSources[].midpointMjdTai", "prvDiaForcedSources[].band"]
    (few,), (all_fields,) = (read_packets(messages, f).groups for f in (some, field_paths))
    for table in ("prvDiaSources[]", "prvDiaForcedSources[]"):
        assert few.children[table].parent.tolist() == all_fields.children[table].parent.tolist()
    for name, column in few.children["prvDiaForcedSources[]"].columns.items():
        other = all_fields.children["prvDiaForcedSources[]"].columns[name]
        assert column.to_arrow().equals(other.to_arrow())


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "zstandard"])
@pytest.mark.parametrize("block_bytes", [1, 1000, 100_000])
def test_codecs_with_several_records_and_blocks(
    codec, block_bytes, sample_schema, samples, container, assert_same
):
    messages = [
        container(sample_schema, samples[:15], codec, block_bytes),
        container(sample_schema, samples[15:], codec, block_bytes),
    ]
    read = read_packets(messages, field_paths)
    assert not read.rejected
    (group,) = read.groups
    assert assert_same(group, samples) > 0
    assert group.message.tolist() == [0] * 15 + [1] * 25
    assert group.record.tolist() == [*range(15), *range(25)]


def test_bare_and_framed_bodies(sample_schema, samples, body, container, assert_same):
    bodies = [body(sample_schema, record) for record in samples]
    (bare,) = read_packets(bodies, field_paths, schema=sample_schema).groups
    assert_same(bare, samples)
    framed = [b"\0" + struct.pack(">I", 900) + one for one in bodies]
    mixed = [*framed, container(sample_schema, samples)]
    read = read_packets(mixed, field_paths, schemas={900: sample_schema})
    n_rows = sum(len(group.top) for group in read.groups)
    assert n_rows == 80
    assert not read.rejected
    unknown = read_packets(framed[:1], field_paths, schemas={901: sample_schema})
    assert [one.reason for one in unknown.rejected] == ["unknown_schema_id"]
    views = [memoryview(bytearray(one)) for one in bodies]
    (viewed,) = read_packets(views, field_paths, schema=sample_schema).groups
    assert_same(viewed, samples)


def test_records_are_grouped_by_schema_whatever_the_order(sample_schema, samples, container):
    other = {"type": "record", "name": "o", "fields": [{"name": "candid", "type": "long"}]}
    messages = [container(sample_schema, [record]) for record in samples[:4]]
    messages[2:2] = [container(other, [{"candid": 7}, {"candid": 8}])]
    read = read_packets(messages, ["candid"])
    assert [group.message.tolist() for group in read.groups] == [[0, 1, 3, 4], [2, 2]]
    assert read.groups[1].top.columns["candid"].values.tolist() == [7, 8]
    assert read.groups[0].schema_hash != read.groups[1].schema_hash


def test_columns_have_the_type_of_their_family(sample_schema, samples, body):
    bodies = [body(sample_schema, record) for record in samples]
    (group,) = read_packets(bodies, field_paths, schema=sample_schema).groups
    candidate = group.top.columns
    assert candidate["candid"].values.dtype == np.int64
    assert candidate["candidate.flux"].values.dtype == np.float64
    assert candidate["candidate.dipole"].values.dtype == np.bool_
    flags = candidate["candidate.flags"]
    assert isinstance(flags, NumberColumn)
    assert not flags.values[~flags.valid].any()
    assert np.isnan(flags.floats()[~flags.valid]).all()
    assert "either" not in candidate
    assert "either.mjd" in candidate
    nested = group.children["nested[][]"]
    assert nested.outer is not None
    assert nested.parent.tolist() == group.children["nested[]"].parent[nested.outer].tolist()


def test_enum_symbols_are_found_behind_the_packets():
    schema = {
        "type": "record",
        "name": "a",
        "fields": [
            {"name": "n", "type": "int"},
            {"name": "e", "type": {"type": "enum", "name": "e", "symbols": ["ab", "c"]}},
        ],
    }
    (group,) = read_packets([b"\x02\x02", b"\x02\x00"], ["e"], schema=schema).groups
    assert group.top.columns["e"].to_arrow().to_pylist() == [b"c", b"ab"]


def test_a_byte_column_gives_chosen_rows(sample_schema, samples, body):
    bodies = [body(sample_schema, record) for record in samples]
    (group,) = read_packets(bodies, ["stamp"], schema=sample_schema).groups
    column = group.top.columns["stamp"]
    assert isinstance(column, ByteColumn)
    rows = np.array([7, 3, 3, 39])
    assert column.to_arrow(rows).to_pylist() == [samples[row]["stamp"] for row in rows]
    empty = column.to_arrow(np.array([], np.int64))
    assert (len(empty), empty.type) == (0, pa.binary())


def test_no_messages_give_no_groups():
    read = read_packets([], ["candid"])
    assert (read.groups, read.rejected) == ((), ())


def test_a_wanted_field_the_schema_lacks_is_named_with_the_nearest(sample_schema, samples, body):
    bodies = [body(sample_schema, samples[0])]
    with pytest.raises(
        SourceError, match=r"no field 'candidate.flx'; did you mean 'candidate.flux'"
    ):
        read_packets(bodies, ["candidate.flx"], schema=sample_schema)
    with pytest.raises(SourceError, match=r"'either' .* does not fit one column"):
        read_packets(bodies, ["either"], schema=sample_schema)
    with pytest.raises(SourceError, match="not both"):
        read_packets(bodies, ["candid"], schema=sample_schema, schemas={})


def test_a_schema_the_mapping_refuses_costs_its_own_packets_only(sample_schema, samples, container):
    other = {"type": "record", "name": "o", "fields": [{"name": "x", "type": "long"}]}
    messages = [container(other, [{"x": 7}]), container(sample_schema, samples)]
    read = read_packets(messages, lambda schema: ["candid"])
    assert [len(group.top) for group in read.groups] == [40]
    (rejected,) = read.rejected
    assert (rejected.message, rejected.reason) == (0, "unusable_schema")
    assert "no field 'candid'" in rejected.detail
    assert rejected.schema_hash
