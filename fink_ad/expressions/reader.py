"""From the text of a condition to its computation, by a whitelist of forms."""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

import numpy as np

from fink_ad.errors import ConfigError
from fink_ad.expressions.expression import TEXT_COLUMNS, Expression, Given, nearest_of

__all__ = ["MAX_LENGTH", "parse"]

MAX_LENGTH = 1000
"""Characters of the longest condition."""

_MAX_DEPTH = 40
_TAGS = "tags"

_Kind = Literal["number", "text", "truth"]
_ARTICLE = {"number": "a number", "text": "a text", "truth": "yes or no"}


@dataclass(frozen=True)
class _Part:
    """A part of a condition: what kind of value it has, and how to compute it."""

    kind: _Kind
    compute: Callable[[Given], Any]


def parse(text: str) -> Expression:
    """Read a condition.

    Raises
    ------
    ConfigError
        If it is too long, too deep, not understood, or gives no yes or no; the message says
        at which character.
    """
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise ConfigError(
            f"a condition of {len(text)} characters is too long; {MAX_LENGTH} is most"
        )
    if not text:
        raise ConfigError("a condition is empty; write one such as 'n_det >= 3'")
    return _Reader(text).read()


class _Reader:
    """Turns the syntax tree of one condition into computations."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._names: set[str] = set()
        self._uses_tags = False

    def read(self) -> Expression:
        whole = self._part(self._tree(), 0)
        if whole.kind != "truth":
            raise ConfigError(
                f"{self._text!r} gives {_ARTICLE[whole.kind]}, not yes or no; compare it with"
                " something"
            )
        if not self._names and not self._uses_tags:
            raise ConfigError(f"{self._text!r} looks at no column: it is the same for all alerts")
        return Expression(self._text, frozenset(self._names), self._uses_tags, whole.compute)

    def _tree(self) -> ast.expr:
        if "\\" in self._text:
            self._fail_at(self._text.index("\\"), "a backslash means nothing here")
        try:
            return ast.parse(self._text, mode="eval").body
        except SyntaxError as error:
            self._fail_at(max((error.offset or 1) - 1, 0), f"not understood: {error.msg}")
        except (ValueError, MemoryError, RecursionError):
            raise ConfigError(f"{self._text!r} is not understood") from None

    def _part(self, node: ast.expr, depth: int) -> _Part:
        if depth > _MAX_DEPTH:
            self._fail(node, "nested too deeply; write it in fewer steps")
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name() | ast.Attribute():
                return self._column(node)
            case ast.BinOp():
                return self._arithmetic(node, depth)
            case ast.UnaryOp():
                return self._unary(node, depth)
            case ast.Compare():
                return self._comparison(node, depth)
            case ast.BoolOp():
                return self._together(node, depth)
            case ast.Call():
                return self._call(node, depth)
        self._fail(node, f"{self._source(node)!r} means nothing here")

    def _of_kind(self, kind: _Kind, node: ast.expr, depth: int) -> Callable[[Given], Any]:
        part = self._part(node, depth + 1)
        if part.kind != kind:
            has = _ARTICLE[part.kind]
            self._fail(node, f"{self._source(node)!r} is {has} where {_ARTICLE[kind]} is needed")
        return part.compute

    def _constant(self, node: ast.Constant) -> _Part:
        value = node.value
        if isinstance(value, str):
            return _Part("text", lambda _: value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = np.float64(value)
            except OverflowError:
                number = np.float64(np.inf)
            if np.isfinite(number):
                return _Part("number", lambda _: number)
        self._fail(node, f"{self._source(node)!r} is neither a number nor a text")

    def _column(self, node: ast.Name | ast.Attribute) -> _Part:
        name = self._dotted(node)
        if name == _TAGS:
            self._fail(node, 'tags can only be looked through: "some_tag" in tags')
        if name in _FUNCTIONS:
            self._fail(node, f"{name} needs something in brackets: {name}(...)")
        self._names.add(name)
        kind: _Kind = "text" if name in TEXT_COLUMNS else "number"
        return _Part(kind, lambda given: given.columns[name])

    def _dotted(self, node: ast.expr) -> str:
        match node:
            case ast.Name():
                return node.id
            case ast.Attribute():
                return f"{self._dotted(node.value)}.{node.attr}"
        self._fail(node, f"{self._source(node)!r} is no name of a column")

    def _arithmetic(self, node: ast.BinOp, depth: int) -> _Part:
        act = _ARITHMETIC.get(type(node.op))
        if act is None:
            self._fail(node, f"{self._source(node)!r}: only + - * / ** can be computed")
        left = self._of_kind("number", node.left, depth)
        right = self._of_kind("number", node.right, depth)
        return _Part("number", lambda given: act(left(given), right(given)))

    def _unary(self, node: ast.UnaryOp, depth: int) -> _Part:
        if isinstance(node.op, ast.Not):
            truth = self._of_kind("truth", node.operand, depth)
            return _Part("truth", lambda given: np.logical_not(truth(given)))
        if isinstance(node.op, ast.Invert):
            self._fail(node, "~ means nothing here; write not")
        number = self._of_kind("number", node.operand, depth)
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        return _Part("number", lambda given: sign * number(given))

    def _together(self, node: ast.BoolOp, depth: int) -> _Part:
        parts = [self._of_kind("truth", value, depth) for value in node.values]
        join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        return _Part("truth", lambda given: functools.reduce(join, (part(given) for part in parts)))

    def _comparison(self, node: ast.Compare, depth: int) -> _Part:
        sides = [node.left, *node.comparators]
        pairs = [
            self._membership(left, isinstance(op, ast.NotIn), right, depth)
            if isinstance(op, ast.In | ast.NotIn)
            else self._pair(left, op, right, depth)
            for left, op, right in zip(sides, node.ops, sides[1:], strict=False)
        ]
        return _Part(
            "truth", lambda given: functools.reduce(np.logical_and, (pair(given) for pair in pairs))
        )

    def _pair(
        self, left: ast.expr, op: ast.cmpop, right: ast.expr, depth: int
    ) -> Callable[[Given], Any]:
        act = _COMPARISONS.get(type(op))
        if act is None:
            self._fail(left, "only < <= > >= == != and in compare")
        first = self._part(left, depth + 1)
        if first.kind == "truth":
            self._fail(left, f"{self._source(left)!r} is yes or no and cannot be compared")
        if first.kind == "text" and not isinstance(op, ast.Eq | ast.NotEq):
            self._fail(left, "texts are only equal (==) or not (!=)")
        second = self._of_kind(first.kind, right, depth)
        if first.kind == "text":
            return lambda given: act(first.compute(given), second(given))
        return lambda given: _both_known(act, first.compute(given), second(given))

    def _membership(
        self, left: ast.expr, is_not: bool, right: ast.expr, depth: int
    ) -> Callable[[Given], Any]:
        text = self._of_kind("text", left, depth)
        if isinstance(right, ast.Name) and right.id == _TAGS:
            if not isinstance(left, ast.Constant):
                self._fail(left, 'a tag is written in quotes: "some_tag" in tags')
            self._uses_tags = True
            tag = str(left.value)
            return lambda given: (
                np.fromiter((tag in own for own in given.tags), np.bool_, len(given.tags)) ^ is_not
            )
        if not isinstance(right, ast.Tuple | ast.List):
            self._fail(right, 'only tags and lists such as ("g", "r") can be looked through')
        chosen = [self._of_kind("text", one, depth) for one in right.elts]
        return lambda given: (
            functools.reduce(
                np.logical_or, (text(given) == one(given) for one in chosen), np.False_
            )
            ^ is_not
        )

    def _call(self, node: ast.Call, depth: int) -> _Part:
        name = self._dotted(node.func)
        if name not in _FUNCTIONS:
            self._fail(node, f"no function {name!r}{nearest_of(name, _FUNCTIONS)}")
        kind, act, least, most = _FUNCTIONS[name]
        if node.keywords or not least <= len(node.args) <= most:
            several = "two or more values" if most > least else "one value"
            self._fail(node, f"{name} takes {several}")
        parts = [self._of_kind("number", one, depth) for one in node.args]
        return _Part(kind, lambda given: act(*(part(given) for part in parts)))

    def _source(self, node: ast.expr) -> str:
        return ast.get_source_segment(self._text, node) or self._text

    def _fail(self, node: ast.expr, why: str) -> NoReturn:
        # The tree counts bytes of UTF-8, people count characters.
        before = self._text.encode(errors="replace")[: node.col_offset]
        self._fail_at(len(before.decode(errors="replace")), why)

    def _fail_at(self, place: int, why: str) -> NoReturn:
        raise ConfigError(f"in {self._text!r}, at character {place + 1}: {why}")


def _both_known(act: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    return act(left, right) & ~np.isnan(left) & ~np.isnan(right)


def _fold(act: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda *values: functools.reduce(act, values)


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.true_divide,
    ast.Pow: np.power,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
# Name: kind of the result, what is computed, fewest and most values.
_FUNCTIONS: dict[str, tuple[_Kind, Callable[..., Any], int, int]] = {
    "abs": ("number", np.abs, 1, 1),
    "log10": ("number", np.log10, 1, 1),
    "sqrt": ("number", np.sqrt, 1, 1),
    "min": ("number", _fold(np.minimum), 2, MAX_LENGTH),
    "max": ("number", _fold(np.maximum), 2, MAX_LENGTH),
    "isnan": ("truth", np.isnan, 1, 1),
}
