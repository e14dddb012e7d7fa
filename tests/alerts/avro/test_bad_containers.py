"""Containers that are damaged or hostile cost what is damaged, and say why."""

import json
import zlib

import pytest

from fink_ad.alerts.avro import Limits, field_paths, read_packets

LONG = json.dumps({"type": "record", "name": "a", "fields": [{"name": "x", "type": "long"}]})
TEXT = json.dumps({"type": "record", "name": "a", "fields": [{"name": "x", "type": "string"}]})


def reasons(message, fields=("x",), **options):
    """Return the values read and the reasons of what was not."""
    read = read_packets([message], fields, **options)
    values = [x for group in read.groups for x in group.top.columns["x"].to_arrow().to_pylist()]
    return values, [(one.record, one.reason) for one in read.rejected]


def test_what_is_no_container():
    assert reasons(b"") == ([], [(0, "empty")])
    assert reasons(b"hello, world") == ([], [(0, "bad_magic")])
    assert reasons(b"Obj") == ([], [(0, "bad_magic")])
    assert reasons(b"Obj\x01") == ([], [(0, "truncated")])
    assert reasons(b"\0\0\0\0\1\2") == ([], [(0, "bad_magic")])
    assert reasons(b"\0\0\0\0\1", schemas={1: LONG}) == ([], [(0, "truncated")])


def test_header_without_what_it_needs(wrapped, avro_int):
    assert reasons(wrapped(b"no json", [(1, b"\2")])) == ([], [(0, "bad_schema")])
    assert reasons(wrapped(b'"string"', [(1, b"\2")])) == ([], [(0, "bad_schema")])
    assert reasons(wrapped(b"\xff\xfe", [(1, b"\2")])) == ([], [(0, "bad_schema")])
    assert reasons(wrapped(LONG.encode(), [(1, b"\2")], b"lzma\xff")) == (
        [],
        [(0, "unknown_codec")],
    )
    assert reasons(b"Obj\x01" + avro_int(0) + b"s" * 16) == ([], [(0, "bad_schema")])
    assert reasons(b"Obj\x01" + avro_int(1) + avro_int(-1)) == ([], [(0, "bad_length")])
    assert reasons(b"Obj\x01" + b"\xff" * 11) == ([], [(0, "bad_varint")])
    assert reasons(wrapped(LONG.encode(), [])) == ([], [(0, "empty")])


def test_header_in_a_sized_block_is_read(wrapped, avro_int):
    entry = avro_int(11) + b"avro.schema" + avro_int(len(LONG)) + LONG.encode()
    head = b"Obj\x01" + avro_int(-1) + avro_int(len(entry)) + entry + avro_int(0) + b"s" * 16
    message = head + avro_int(1) + avro_int(1) + b"\x0e" + b"s" * 16
    assert reasons(message) == ([7], [])


def test_too_large_a_schema(wrapped):
    message = wrapped(LONG.encode() + b" " * 1000, [(1, b"\2")])
    assert reasons(message) == ([1], [])
    assert reasons(message, limits=Limits(schema_text=900)) == ([], [(0, "schema_too_large")])
    huge = wrapped(LONG.encode() + b" " * (1 << 20), [(1, b"\2")])
    assert reasons(huge) == ([], [(0, "schema_too_large")])


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("[" * 100_000, "schema_too_deep"),
        ('{"type":"array","items":' * 33 + '"int"' + "}" * 33, "schema_too_deep"),
        (
            {"type": "record", "name": "r", "fields": [{"name": "x", "type": "r"}]},
            "recursive_schema",
        ),
        (
            {
                "type": "record",
                "name": "r",
                "fields": [{"name": "x", "type": ["null", {"type": "array", "items": "r"}]}],
            },
            "recursive_schema",
        ),
    ],
)
def test_schemas_without_a_bottom(wrapped, schema, reason):
    text = schema if isinstance(schema, str) else json.dumps(schema)
    assert reasons(wrapped(text.encode(), [(1, b"\2")])) == ([], [(0, reason)])


def test_a_schema_that_doubles_at_every_level_is_no_bomb(wrapped):
    text = {"type": "record", "name": "r0", "fields": [{"name": "x", "type": "string"}]}
    for level in range(1, 29):
        first = {"name": "a", "type": text}
        again = {"name": "b", "type": f"r{level - 1}"}
        text = {"type": "record", "name": f"r{level}", "fields": [first, again]}
    path = "a." * 28 + "x"
    message = wrapped(json.dumps(text).encode(), [(1, b"\2")])
    for fields in (lambda schema: [path], field_paths):
        assert reasons(message, fields) == ([], [(0, "schema_too_large")])


def test_truncated_anywhere_is_refused_once(wrapped):
    whole = wrapped(LONG.encode(), [(1, b"\x0e")])
    for size in range(1, len(whole)):
        values, refused = reasons(whole[:size])
        assert values == []
        assert len(refused) == 1, size


def test_good_records_of_a_truncated_file_are_kept(wrapped):
    blocks = [(2, b"\x02\x04"), (3, b"\x06\x80\x01\x0a")]
    whole = wrapped(LONG.encode(), blocks)
    assert reasons(whole) == ([1, 2, 3, 64, 5], [])
    assert reasons(whole[:-1]) == ([1, 2, 3, 64], [(4, "truncated")])
    assert reasons(whole[:-17]) == ([1, 2, 3, 64], [(4, "truncated")])
    assert reasons(whole[:-18]) == ([1, 2, 3], [(3, "truncated")])
    assert reasons(whole[:-21]) == ([1, 2], [(2, "truncated")])
    assert reasons(whole + b"\x02\x02garbage") == ([1, 2, 3, 64, 5], [(5, "truncated")])


def test_a_damaged_block_leaves_the_others_alone(wrapped):
    # An integer of eleven bytes, or one byte more than the records take.
    for damage, refused in ((b"\xff" * 11, "bad_varint"), (b"\x02\x04\x06", "trailing_bytes")):
        message = wrapped(LONG.encode(), [(1, b"\x02"), (2, damage), (1, b"\x08")])
        values, rejected = reasons(message)
        assert values[0] == 1
        assert values[-1] == 4
        assert [reason for _, reason in rejected] == [refused]


def test_block_heads_are_checked(wrapped, avro_int):
    good = wrapped(LONG.encode(), [(1, b"\x02")])
    for head, reason in [
        (avro_int(-1) + avro_int(1), "negative_count"),
        (avro_int(1) + avro_int(-1), "bad_length"),
        (avro_int(1) + avro_int(2**62), "truncated"),
        (b"\xff" * 10, "bad_varint"),
    ]:
        assert reasons(good + head + b"\x02" + b"0123456789abcdef") == ([1], [(1, reason)])
    assert reasons(good[:-1] + b"x") == ([], [(0, "bad_sync")])
    assert reasons(wrapped(LONG.encode(), [(10**9, b"\x02")])) == ([], [(0, "bad_length")])
    empty = json.dumps({"type": "record", "name": "a", "fields": []})
    assert reasons(wrapped(empty.encode(), [(10**9, b"")]), ()) == ([], [(0, "bad_length")])


@pytest.mark.parametrize("codec", ["deflate", "snappy", "zstandard"])
def test_damaged_and_swollen_blocks(codec, wrapped, compressors, avro_int):
    text = b"\x00" * 300_000
    packed = compressors[codec](avro_int(len(text)) + text)
    message = wrapped(TEXT.encode(), [(1, packed)], codec.encode())
    generous = Limits(ratio=100_000)
    assert reasons(message, limits=generous) == ([text], [])
    tight = Limits(ratio=2)
    assert reasons(message, limits=tight) == ([], [(0, "too_large")])
    assert reasons(message, limits=Limits(block=200_000)) == ([], [(0, "too_large")])
    cut = wrapped(TEXT.encode(), [(1, packed[:-5]), (1, packed)], codec.encode())
    assert reasons(cut, limits=generous) == ([text], [(0, "damaged_block")])
    noise = wrapped(TEXT.encode(), [(1, b"\xff" * 40)], codec.encode())
    assert reasons(noise)[1][0][1] in ("damaged_block", "too_large")


def test_a_deflate_bomb_is_not_inflated(wrapped):
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"".join([*(squeeze.compress(bytes(1 << 20)) for _ in range(300)), squeeze.flush()])
    message = wrapped(TEXT.encode(), [(1, bomb)], b"deflate")
    assert reasons(message, limits=Limits(ratio=100)) == ([], [(0, "too_large")])


def test_wrong_checksum_of_snappy(wrapped, compressors):
    packed = bytearray(compressors["snappy"](b"\x08abcd"))
    packed[-1] ^= 1
    assert reasons(wrapped(TEXT.encode(), [(1, bytes(packed))], b"snappy")) == (
        [],
        [(0, "damaged_block")],
    )


def test_headers_are_recognised_only_if_every_byte_is_the_same(wrapped):
    other = LONG.replace('"x"', '"y"')
    messages = [wrapped(text.encode(), [(1, b"\x02")]) for text in (LONG, other, LONG, other)]
    read = read_packets(messages, field_paths)
    assert [list(group.top.columns) for group in read.groups] == [["x"], ["y"]]
    assert [group.message.tolist() for group in read.groups] == [[0, 2], [1, 3]]
