"""Conditions: what they mean, what is refused, and that nothing is executed."""

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import fink_ad.expressions
from fink_ad.errors import ConfigError
from fink_ad.expressions import MAX_LENGTH, parse

COLUMNS = {
    "n_det": np.array([1, 2, 3, 8]),
    "b_deg": np.array([40.0, -50.0, 3.0, np.nan]),
    "statistics.stetson_K_g": np.array([0.5, 1.0, np.nan, 2.0]),
    "band": np.array(["g", "r", "i", "g"], object),
}
TAGS = [("known_variable",), (), ("a", "b"), ("a",)]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("abs(b_deg) > 30", [0, 1]),
        ("statistics.stetson_K_g >= 1", [1, 3]),
        ("1 < n_det <= 3", [1, 2]),
        ('band == "g"', [0, 3]),
        ('band != "g"', [1, 2]),
        ("band in ('g', 'i')", [0, 2, 3]),
        ("band not in ('g', 'i')", [1]),
        ('"a" in tags', [2, 3]),
        ('"known_variable" not in tags', [1, 2, 3]),
        ("isnan(b_deg)", [3]),
        ("not isnan(b_deg) and not n_det == 1", [1, 2]),
        ("n_det ** 2 - 2 * n_det / 4 + 1 > 8", [2, 3]),
        ("min(n_det, 3, 2.5) > 2", [2, 3]),
        ("max(n_det, 3) == 3", [0, 1, 2]),
        ("log10(n_det) > 0.3 and sqrt(n_det) < 2", [1, 2]),
        ("-n_det < -2", [2, 3]),
        ("n_det > 100 or 'b' in tags", [2]),
        ("1 < 2 and n_det == 8", [3]),
        (" (n_det == 1)\n", [0]),
    ],
)
def test_a_condition_holds_where_it_says(text: str, rows: list[int]) -> None:
    assert np.flatnonzero(parse(text).evaluate(COLUMNS, TAGS)).tolist() == rows


@pytest.mark.parametrize("comparison", ["<", "<=", ">", ">=", "==", "!="])
def test_a_missing_value_compares_false(comparison: str) -> None:
    assert not parse(f"b_deg {comparison} 0").evaluate(COLUMNS)[3]
    assert not parse(f"0 {comparison} b_deg").evaluate(COLUMNS)[3]


def test_what_cannot_be_computed_is_missing_without_a_word() -> None:
    assert not parse("log10(n_det - 8) > -99 and n_det > 7").evaluate(COLUMNS).any()
    assert parse("1 / (n_det - 1) > 9").evaluate(COLUMNS).tolist() == [True, False, False, False]


def test_names_and_tags_are_told() -> None:
    condition = parse("abs(b_deg) > 30 and statistics.stetson_K_g < n_det")
    assert condition.names == {"b_deg", "statistics.stetson_K_g", "n_det"}
    assert not condition.uses_tags
    assert parse("'x' in tags").uses_tags


def test_no_alerts_give_an_empty_mask() -> None:
    empty = {"n_det": np.empty(0), "band": np.empty(0, object)}
    condition = parse('n_det > 1 and band == "g" and "a" in tags')
    assert condition.evaluate(empty, []).shape == (0,)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("n_det > 3 " * 200, "too long"),
        ("n_det", "gives a number"),
        ("band", "gives a text"),
        ("1 < 2", "looks at no column"),
        ("n_det >", "not understood"),
        ("foo(n_det) > 1", "no function 'foo'"),
        ("sqr(n_det) > 1", "'sqrt'"),
        ("n_det == 'g'", "where a number is needed"),
        ("band < 'g'", "texts are only equal"),
        ("tags == 3", "looked through"),
        ("band in tags", "in quotes"),
        ("'g' in band", "looked through"),
        ("(n_det > 1) > 0", "yes or no"),
        ("n_det and b_deg", "yes or no is needed"),
        ("n_det is 3", "compare"),
        ("~n_det > 3", "write not"),
        ("n_det @ 2 > 3", "computed"),
        ("abs > 3", "in brackets"),
        ("abs(n_det, 2) > 3", "one value"),
        ("min(n_det) > 3", "two or more"),
        ("max(n_det, b_deg, key=abs) > 3", "two or more"),
        ("abs(*n_det) > 3", "means nothing"),
        ("n_det > 1e999", "neither a number"),
        ("n_det > 1j", "neither a number"),
        ("n_det > True", "neither a number"),
        ("n_det > " + "9" * 400, "neither a number"),
        ("band == 'a\\x41'", "backslash"),
        ("-" * 200 + "n_det > 1", "nested too deeply"),
        ("(" * 300 + "n_det" + ")" * 300 + "> 1", "not understood"),
        ("n_det[0] > 1", "means nothing"),
        ("n_det if band else b_deg", "means nothing"),
        ("(lambda: 3)() > 1", "no name"),
        ("(n := n_det) > 1", "means nothing"),
        ("f'{n_det}' == band", "means nothing"),
        ("n_det > 1; b_deg > 2", "not understood"),
        ("\ud800 > 1", "not understood"),
        ("n_det\0 > 1", "not understood"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match="(?s)" + told):
        parse(text)


def test_the_place_is_told_in_characters() -> None:
    with pytest.raises(ConfigError, match="at character 12: no function 'foo'"):
        parse("été > 1 or foo(1) > 2")


def test_an_unknown_column_is_named_with_the_nearest() -> None:
    condition = parse("statistics.stetson_k_g > 1")
    with pytest.raises(ConfigError, match=r"stetson_k_g'.*nearest.*'statistics\.stetson_K_g'"):
        condition.evaluate(COLUMNS)
    with pytest.raises(ConfigError, match="there are none"):
        condition.check_names([])


def test_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="looks at tags"):
        parse("'a' in tags").evaluate(COLUMNS)
    with pytest.raises(ConfigError, match="different lengths"):
        parse("n_det > b_deg").evaluate({"n_det": np.ones(3), "b_deg": np.ones(4)})
    with pytest.raises(ConfigError, match="not a column of numbers"):
        parse("n_det > 1").evaluate({"n_det": ["one", "two"]})
    with pytest.raises(ConfigError, match="not a column of numbers"):
        parse("n_det > 1").evaluate({"n_det": np.ones((2, 2))})


WORDS = st.sampled_from(
    [
        *("n_det", "b_deg", "band", "tags", "statistics.stetson_K_g", "'g'", '"a"', "1", "2.5e3"),
        *("+", "-", "*", "/", "**", "<", "<=", "==", "!=", " in ", " not in ", " not ", "(", ")"),
        *(" and ", " or ", "abs(", "min(", "isnan(", ",", "[", "]", ":=", "lambda:", " is ", "\\"),
        *("__import__('os')", ".__class__", "{", "}", "'", "\n", "~", "@", " if ", " else ", "é"),
    ]
)


def test_nothing_can_be_executed() -> None:
    tree = ast.parse(Path(fink_ad.expressions.__file__).read_text())
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"eval", "exec", "compile", "getattr", "globals", "locals", "__import__"}


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.lists(WORDS, max_size=25).map("".join), st.text(max_size=60)))
@example("9" * MAX_LENGTH)
@example("n_det" + ".a" * 497)
@example("+".join(["n_det"] * 160))
@example("(" * 99 + "n_det" + ")" * 99)
def test_any_text_is_a_condition_or_a_config_error(text: str) -> None:
    try:
        mask = parse(text).evaluate(COLUMNS, TAGS)
    except ConfigError:
        return
    assert mask.shape == (4,)
    assert mask.dtype == np.bool_
