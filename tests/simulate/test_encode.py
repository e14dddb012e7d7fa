"""The column-wise Avro writer gives what a general reader expects."""

import io
import json

import fastavro
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fink_ad.simulate import encode

LONGS = st.integers(-(2**63), 2**63 - 1)
FIELDS = (
    ("a", "long", False),
    ("b", "int", True),
    ("c", "float", True),
    ("d", "double", False),
    ("e", "string", True),
)
SCHEMA = {
    "type": "record",
    "name": "row",
    "fields": [
        {"name": name, "type": [kind, "null"] if null else kind} for name, kind, null in FIELDS
    ],
}
ROWS = st.lists(
    st.tuples(
        LONGS,
        st.none() | st.integers(-(2**31), 2**31 - 1),
        st.none() | st.floats(width=32, allow_nan=False),
        st.floats(allow_nan=False),
        st.none() | st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=40),
    ),
    max_size=20,
)


def as_column(values, kind):
    mask = [value is None for value in values]
    empty = b"" if kind == "string" else 0
    filled = [empty if value is None else value for value in values]
    if kind == "string":
        filled = [text.encode() if isinstance(text, str) else text for text in filled]
        return np.ma.array(np.array(filled, "S40"), mask=mask)
    dtype = {"long": np.int64, "int": np.int64, "float": np.float32, "double": np.float64}[kind]
    return np.ma.array(np.array(filled, dtype), mask=mask)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_rows_read_back(rows):
    columns = {
        name: as_column([row[i] for row in rows], kind) for i, (name, kind, _) in enumerate(FIELDS)
    }
    buffer, offsets = encode.encode_rows(FIELDS, columns)
    schema = fastavro.parse_schema(SCHEMA)
    names = [name for name, _, _ in FIELDS]
    assert len(offsets) == len(rows) + 1
    assert offsets[-1] == len(buffer)
    for i, row in enumerate(rows):
        body = io.BytesIO(buffer[offsets[i] : offsets[i + 1]])
        assert fastavro.schemaless_reader(body, schema) == dict(zip(names, row, strict=True))
        assert body.read() == b""


@given(LONGS)
def test_one_integer_reads_back(value):
    schema = {"type": "long"}
    assert fastavro.schemaless_reader(io.BytesIO(encode.encode_long(value)), schema) == value


def test_more_rows_than_a_slab():
    n = 20_000
    columns = {"a": np.arange(n) * 10**12}
    buffer, offsets = encode.encode_rows((("a", "long", False),), columns)
    schema = {"type": "long"}
    for row in (0, 8191, 8192, n - 1):
        body = io.BytesIO(buffer[offsets[row] : offsets[row + 1]])
        assert fastavro.schemaless_reader(body, schema) == row * 10**12


def test_containers_of_both_codecs():
    schema = {"type": "record", "name": "one", "fields": [{"name": "x", "type": "long"}]}
    bodies = [encode.encode_long(x) for x in range(200)]
    for codec in ("null", "deflate"):
        blob = b"".join(encode.container(schema, [bodies[:150], bodies[150:]], codec, b"s" * 16))
        reader = fastavro.reader(io.BytesIO(blob))
        assert [row["x"] for row in reader] == list(range(200))
        assert reader.metadata["avro.codec"] == codec
        assert json.loads(reader.metadata["avro.schema"]) == schema
