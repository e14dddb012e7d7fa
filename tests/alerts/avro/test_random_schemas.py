"""Whatever schema and records: the columns hold what fastavro reads."""

import io
from itertools import count
from typing import Any

import fastavro
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fink_ad.alerts.avro import field_paths, read_packets

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32),
    "double": st.floats(),
    "bytes": st.binary(max_size=9),
    "string": st.text(max_size=9),
}
SIMPLE = st.sampled_from(sorted(VALUES))
# At most one of each in a union, so that a value tells which branch it is of.
LOOKS = [["boolean"], ["int", "long"], ["float", "double"], ["bytes", "fixed"], ["string", "enum"],
         ["array"], ["map", "record"]]  # fmt: skip


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a record schema of a few levels, with named types used again."""
    names = count()
    named: list[str] = []

    def record(depth: int) -> dict[str, Any]:
        name = f"r{next(names)}"
        fields = [
            {"name": f"f{next(names)}", "type": any_type(depth - 1)}
            for _ in range(draw(st.integers(1, 4)))
        ]
        named.append(name)
        return {"type": "record", "name": name, "fields": fields}

    def of_kind(kind: str, depth: int) -> Any:
        if kind == "array":
            return {"type": "array", "items": any_type(depth - 1)}
        if kind == "map":
            return {"type": "map", "values": any_type(depth - 1)}
        if kind == "record":
            return record(depth)
        if kind == "fixed":
            return {"type": "fixed", "name": f"x{next(names)}", "size": draw(st.integers(1, 5))}
        if kind == "enum":
            return {"type": "enum", "name": f"e{next(names)}", "symbols": ["A", "Bb", "CCC"]}
        return kind

    def any_type(depth: int) -> Any:
        if depth <= 0:
            return draw(SIMPLE)
        kind = draw(st.sampled_from(["simple", "option", "union", "array", "map", "record",
                                     "fixed", "enum", "named"]))  # fmt: skip
        if kind == "named" and named:
            return draw(st.sampled_from(named))
        if kind == "option":
            pair = ["null", draw(SIMPLE.filter(lambda name: name != "null"))]
            return draw(st.permutations(pair))
        if kind == "union":
            looks = draw(st.lists(st.sampled_from(range(len(LOOKS))), unique=True, max_size=4))
            branches = [of_kind(draw(st.sampled_from(LOOKS[look])), depth) for look in looks]
            return draw(st.permutations([*branches, "null"]))
        return of_kind(draw(SIMPLE) if kind in ("simple", "named") else kind, depth)

    return record(3)


def values(schema: Any, named: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Give the values a schema allows."""
    if isinstance(schema, list):
        return st.one_of([values(branch, named) for branch in schema])
    if isinstance(schema, str):
        return VALUES[schema] if schema in VALUES else values(named[schema], named)
    named[schema.get("name", "")] = schema
    match schema["type"]:
        case "array":
            return st.lists(values(schema["items"], named), max_size=4)
        case "map":
            return st.dictionaries(st.text(max_size=3), values(schema["values"], named), max_size=4)
        case "fixed":
            return st.binary(min_size=schema["size"], max_size=schema["size"])
        case "enum":
            return st.sampled_from(schema["symbols"])
    fields = {field["name"]: values(field["type"], named) for field in schema["fields"]}
    return st.fixed_dictionaries(fields)


@given(data=st.data())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture,
                                                            HealthCheck.too_slow],
)  # fmt: skip
def test_random_records_of_random_schemas(data, assert_same, body):
    schema = data.draw(schemas())
    records = data.draw(st.lists(values(schema, {}), min_size=1, max_size=4))
    bodies = [body(schema, record) for record in records]
    parsed = fastavro.parse_schema(schema)
    decoded = [fastavro.schemaless_reader(io.BytesIO(one), parsed, None) for one in bodies]
    paths = field_paths(schema)
    wanted = data.draw(st.lists(st.sampled_from(paths), unique=True)) if paths else []
    everything = read_packets(bodies, paths, schema=schema)
    if any(not one for one in bodies):  # records of nothing but null take no bytes
        assert {one.reason for one in everything.rejected} == {"empty"}
        return
    assert not everything.rejected
    assert_same(everything.groups[0], decoded)
    some = read_packets(bodies, wanted, schema=schema)
    assert not some.rejected
    for path, table in {"": some.groups[0].top, **some.groups[0].children}.items():
        whole = everything.groups[0].children[path] if path else everything.groups[0].top
        assert table.parent.tolist() == whole.parent.tolist()
        for name, column in table.columns.items():
            assert column.to_arrow().equals(whole.columns[name].to_arrow()) or (
                repr(column.to_arrow().to_pylist())
                == repr(whole.columns[name].to_arrow().to_pylist())
            )
