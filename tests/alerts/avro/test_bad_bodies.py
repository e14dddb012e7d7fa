"""Records that are damaged or hostile stop at themselves."""

import pytest

from fink_ad.alerts.avro import Limits, field_paths, read_packets
from fink_ad.errors import ConfigError, SourceError


def record(*fields):
    """Make a schema of a record of (name, type)."""
    return {
        "type": "record",
        "name": "a",
        "fields": [{"name": name, "type": kind} for name, kind in fields],
    }


def outcome(schema, message, fields=field_paths, limits=Limits()):  # noqa: B008
    """Return the rows read and the reason."""
    read = read_packets([message], fields, schema=schema, limits=limits)
    rows = sum(len(group.top) for group in read.groups)
    tables = [table for group in read.groups for table in group.children.values()]
    if read.rejected:
        assert all(len(table) == 0 for table in tables)
    return rows, [one.reason for one in read.rejected]


ARRAY = {"type": "array", "items": "long"}
NULLS = {"type": "array", "items": "null"}
MAP = {"type": "map", "values": "int"}
ENUM = {"type": "enum", "name": "e", "symbols": ["A", "B"]}
INT_MIN = (b"\xff" * 9) + b"\x01"

CASES = [
    ("long", b"\xff" * 9 + b"\x01", None),  # -2 ** 63, the longest integer there is
    ("long", b"\xff" * 9 + b"\x02", "bad_varint"),
    ("long", b"\x80" * 10 + b"\x00", "bad_varint"),
    ("long", b"\x80", "truncated"),
    ("long", b"\x02\x02", "trailing_bytes"),
    ("double", b"1234567", "truncated"),
    ("float", b"123", "truncated"),
    ("boolean", b"", "empty"),
    ("string", b"\x01", "bad_length"),
    ("string", b"\x04a", "truncated"),
    ("string", INT_MIN, "bad_length"),
    ("string", b"\xfe" + b"\xff" * 8 + b"\x01", "truncated"),  # 2 ** 63 - 1 bytes
    (["null", "long"], b"\x04", "bad_branch"),
    (["null", "long"], b"\x01", "bad_branch"),
    (["null", "long"], b"\x80\x00", None),  # a long spelling of branch 0
    (["long", "string", "null"], b"\x06", "bad_branch"),
    (["null", "double"], b"\x02123", "truncated"),
    (ENUM, b"\x02", None),
    (ARRAY, b"\x04\x02\x04\x00", None),
    (ARRAY, b"\x04\x02", "truncated"),
    (ARRAY, b"\x04\x02\x04", "truncated"),
    (ARRAY, b"\x03\x04\x02\x04\x00", None),  # two items in two bytes
    (ARRAY, b"\x03\xfe\xff\x03\x02\x04\x00", "truncated"),  # ... in 32 767
    (ARRAY, b"\x03\x01\x02\x04\x00", "bad_length"),  # ... in -1
    (ARRAY, INT_MIN + b"\x02\x00", "too_many_items"),
    (ARRAY, b"\x80\x94\xeb\xdc\x03" + b"\x00", "too_many_items"),
    (NULLS, b"\x80\x94\xeb\xdc\x03" + b"\x00", "too_many_items"),  # 500 000 000 of no bytes
    (NULLS, b"\x80\x89\x7a\x80\x89\x7a\x00", "too_many_items"),  # 10 ** 6, twice
    (NULLS, b"\x80\x89\x7a\x00", None),  # 10 ** 6
    (MAP, b"\x02\x02k\x04\x00", None),
    (MAP, b"\x02\x01k\x04\x00", "bad_length"),
    (MAP, b"\x02\x7ek\x04\x00", "truncated"),
    ({"type": "fixed", "name": "f", "size": 3}, b"ab", "truncated"),
    (
        {"type": "array", "items": {"type": "fixed", "name": "f", "size": 2**31}},
        b"\x80\x89\x7a" + b"ab",
        "truncated",
    ),
]


@pytest.mark.parametrize(("kind", "message", "reason"), CASES)
@pytest.mark.parametrize("wanted", [True, False])
def test_a_field_read_or_passed_over(kind, message, reason, wanted):
    schema = record(("x", kind))
    fields = field_paths if wanted else []
    assert outcome(schema, message, fields) == ((0, [reason]) if reason else (1, []))


def test_what_only_a_reader_of_the_field_notices():
    assert outcome(record(("x", ENUM)), b"\x04") == (0, ["bad_enum"])
    sized_wrong = b"\x03\x06\x02\x04\x02\x00"  # two items said to take three bytes
    assert outcome(record(("x", ARRAY)), sized_wrong) == (0, ["bad_length"])


def test_stamps_of_any_kind_are_bounded():
    tight = Limits(stamp=4)
    for fields in (field_paths, []):
        for kind in ("bytes", ["null", "bytes"], ["bytes", "null"]):
            branch = b"" if kind == "bytes" else (b"\x02" if kind[0] == "null" else b"\x00")
            assert outcome(record(("x", kind)), branch + b"\x0a12345", fields, tight) == (
                0,
                ["stamp_too_large"],
            )
            assert outcome(record(("x", kind)), branch + b"\x081234", fields, tight) == (1, [])
        assert outcome(record(("x", "string")), b"\x0a12345", fields, tight) == (1, [])


def test_a_body_may_be_so_large_and_no_larger(wrapped):
    schema = record(("x", "string"))
    message = b"\x0a12345"
    assert outcome(schema, message, limits=Limits(message=6)) == (1, [])
    assert outcome(schema, message, limits=Limits(message=5)) == (0, ["too_large"])
    text = b'{"type": "record", "name": "a", "fields": [{"name": "x", "type": "string"}]}'
    file = wrapped(text, [(3, b"\x02a" + message + b"\x02b")])
    read = read_packets([file], ["x"], limits=Limits(message=5))
    assert [(one.record, one.reason) for one in read.rejected] == [(1, "too_large")]
    assert len(read.groups[0].top) == 1


def test_rows_of_nothing_cannot_fill_the_memory():
    wide = {"type": "record", "name": "w", "fields": [
        {"name": f"x{i}", "type": "double"} for i in range(100)]}  # fmt: skip
    schema = record(("rows", {"type": "array", "items": ["null", wide]}))
    message = b"\xc0\x9a\x0c" + b"\x00" * 100_000 + b"\x00"  # 100 000 rows that are null
    assert outcome(schema, message) == (0, ["too_many_rows"])
    assert outcome(schema, message, limits=Limits(expansion=1000)) == (1, [])
    assert outcome(schema, message, []) == (1, [])


def test_rows_of_a_refused_record_are_taken_back():
    item = record(("a", ["null", "double"]), ("b", ["null", "string"])) | {"name": "i"}
    schema = record(("k", "long"), ("rows", {"type": "array", "items": item}))
    full = b"\x02\x02" + b"\x0212345678" + b"\x02\x02z"
    good = b"\x0e" + b"\x04" + b"\x00\x00" + b"\x02\0\0\0\0\0\0\xf0?\x00" + b"\x00"
    bad = full + b"\x02\x02"  # ends inside a second block
    read = read_packets([good, bad, bad, good, bad, good], field_paths, schema=schema)
    assert [one.message for one in read.rejected] == [1, 2, 4]
    (group,) = read.groups
    assert group.message.tolist() == [0, 3, 5]
    rows = group.children["rows[]"]
    assert rows.parent.tolist() == [0, 0, 1, 1, 2, 2]
    assert rows.columns["a"].to_arrow().to_pylist() == [None, 1.0] * 3
    assert rows.columns["b"].to_arrow().to_pylist() == [None] * 6


def test_tables_grow_as_needed():
    # 300 000 rows from few bytes: the room reserved at first is enough for a fraction of them.
    schema = record(("x", {"type": "array", "items": ["null", "int"]}))
    items = b"".join(b"\x02\x04" if i % 3 else b"\x00" for i in range(3000))
    body = b"\xf0\x2e" + items + b"\x00"
    read = read_packets([body] * 100, field_paths, schema=schema)
    assert not read.rejected
    (group,) = read.groups
    table = group.children["x[]"]
    assert len(table) == 300_000
    column = table.columns["@item"]
    assert column.values.tolist() == [2 if i % 3 else 0 for i in range(3000)] * 100
    assert column.valid.tolist() == [i % 3 > 0 for i in range(3000)] * 100
    assert (table.parent == [i // 3000 for i in range(300_000)]).all()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "record", "name": "a"},
        {"type": "record", "fields": []},
        {"type": "record", "name": "a", "fields": [{"name": "x"}]},
        {"type": "record", "name": "a", "fields": [{"name": "x.y", "type": "int"}]},
        {"type": "record", "name": "a", "fields": [{"name": 5, "type": "int"}]},
        {"type": "record", "name": "a", "fields": {"x": "int"}},
        record(("x", "int"), ("x", "int")),
        record(("x", "nowhere")),
        record(("x", [])),
        record(("x", ["null", ["int"]])),
        record(("x", {"type": "fixed", "name": "f", "size": 0})),
        record(("x", {"type": "fixed", "name": "f", "size": "4"})),
        record(("x", {"type": "enum", "name": "e", "symbols": [1]})),
        record(("x", {"type": "enum", "name": "e", "symbols": ["A"]}),
               ("y", {"type": "enum", "name": "e", "symbols": ["B"]})),
        record(("x", 5)),
        {"type": "map", "values": "int"},
    ],
)  # fmt: skip
def test_malformed_schemas(schema):
    with pytest.raises(SourceError) as caught:
        field_paths(schema)
    assert caught.value.reason == "bad_schema"


def test_names_are_found_in_their_namespace():
    inner = {"type": "record", "name": "b", "namespace": "q", "fields": [
        {"name": "e", "type": ENUM}, {"name": "again", "type": ["null", "e"]}]}  # fmt: skip
    schema = record(("x", inner), ("y", "q.b"), ("z", "q.e"))
    paths = ["x.e", "x.again", "y.e", "y.again", "z"]
    assert field_paths(schema) == paths
    with pytest.raises(SourceError, match="does not define the type 'e'"):
        field_paths(record(("x", inner), ("z", "e")))


def test_limits_must_be_positive_and_within_what_the_reader_can():
    with pytest.raises(ConfigError, match="items = 0"):
        Limits(items=0)
    with pytest.raises(ConfigError, match="at most 64"):
        Limits(schema_depth=65)
