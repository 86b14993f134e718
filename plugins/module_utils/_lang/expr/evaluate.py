# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Evaluates a tree. What cannot work is an error before anything runs, as upstream's compiler has it.

Source: expr-lang/expr checker and vm (v1.17.8).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ..._core.errors import Invalid
from . import times, types
from .builtins import BUILTIN
from .checker import check
from .parser import WITH_CLOSURE, Node, parse

_MOST = 1_000_000


@lru_cache(maxsize=256)
def _parsed(text: str) -> Node:
    return parse(text)


def evaluate(text: str, env: Mapping[str, Any]) -> Any:
    """Return the value of an expression over `env` (values and functions). Invalid for syntax, names and types."""
    tree = _parsed(text)
    check(tree, types.record({name: types.of(value) for name, value in env.items()}), text)
    try:
        return _Run(env, text).value(tree)
    except Invalid:
        raise
    except (
        TypeError,
        ValueError,
        KeyError,
        IndexError,
        AttributeError,
        ZeroDivisionError,
        RecursionError,
        re.error,
    ) as error:
        raise Invalid("expression", str(error), hint=f"in {text!r}") from error


class _Run:
    def __init__(self, env: Mapping[str, Any], text: str) -> None:
        self._env, self._text = env, text
        self._scopes: list[dict[str, Any]] = []
        self._variables: dict[str, Any] = {}

    def value(self, node: Node) -> Any:
        handler: Callable[[Node], Any] = getattr(self, f"_{node.kind}")
        return handler(node)

    def _value(self, node: Node) -> Any:
        return node.value

    def _sequence(self, node: Node) -> Any:
        return [self.value(child) for child in node.children][-1]

    def _name(self, node: Node) -> Any:
        if node.value == "$env":
            return dict(self._env)
        return self._variables[node.value] if node.value in self._variables else self._env[node.value]

    def _pointer(self, node: Node) -> Any:
        return self._scopes[-1][node.value or "item"]

    def _let(self, node: Node) -> Any:
        before = dict(self._variables)
        self._variables[node.value] = self.value(node.children[0])
        result = self.value(node.children[1])
        self._variables = before
        return result

    def _conditional(self, node: Node) -> Any:
        condition, yes, no = node.children
        return self.value(yes if self._bool(self.value(condition)) else no)

    def _array(self, node: Node) -> Any:
        return [self.value(child) for child in node.children]

    def _map(self, node: Node) -> Any:
        values = [self.value(child) for child in node.children]
        return dict(zip(values[::2], values[1::2], strict=True))

    def _unary(self, node: Node) -> Any:
        operand = self.value(node.children[0])
        if node.value in ("not", "!"):
            return not self._bool(operand)
        return -operand if node.value == "-" else operand

    def _bool(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise Invalid("expression", f"a condition must be true or false, not {value!r}", hint=f"in {self._text!r}")
        return value

    def _binary(self, node: Node) -> Any:
        operator, (left, right) = node.value, node.children
        if operator in ("and", "&&", "chain"):
            return self._bool(self.value(left)) and self._bool(self.value(right))
        if operator in ("or", "||"):
            return self._bool(self.value(left)) or self._bool(self.value(right))
        if operator == "??":
            return self._coalesce(left, right)
        return _OPERATORS[operator](self.value(left), self.value(right))

    def _coalesce(self, left: Node, right: Node) -> Any:
        try:
            value = self.value(left)
        except (TypeError, KeyError, IndexError, Invalid):
            value = None
        return self.value(right) if value is None else value

    def _member(self, node: Node) -> Any:
        return _fetch(self.value(node.children[0]), node.value, self._text)

    def _optional(self, node: Node) -> Any:
        base = self.value(node.children[0])
        return None if base is None else _fetch(base, node.value, self._text)

    def _index(self, node: Node) -> Any:
        base = self.value(node.children[0])
        if base is None and node.value:
            return None
        return _fetch(base, self.value(node.children[1]), self._text)

    def _slice(self, node: Node) -> Any:
        base, start, end = (self.value(child) for child in node.children)
        return base[start:end]

    def _method(self, node: Node) -> Any:
        name, optional = node.value
        base, *arguments = (self.value(child) for child in node.children)
        if base is None and optional:
            return None
        return _fetch(base, name, self._text)(*arguments)

    def _call(self, node: Node) -> Any:
        name = node.value
        if name in self._env:
            return self._env[name](*(self.value(child) for child in node.children))
        if name in WITH_CLOSURE:
            return self._with_closure(name, node.children)
        return BUILTIN[name](*(self.value(child) for child in node.children))

    def _with_closure(self, name: str, children: list[Node]) -> Any:
        items = self.value(children[0])
        items = list(items.items()) if isinstance(items, dict) else items
        closure = children[1].children[0] if len(children) > 1 else None
        if name == "reduce":
            return self._reduce(items, closure, children[2:])
        results = [self._apply(closure, item, index) for index, item in enumerate(items)] if closure else list(items)
        return _CLOSURES[name](items, results, [self.value(child) for child in children[2:]])

    def _apply(self, closure: Node | None, item: Any, index: int, acc: Any = None) -> Any:
        if closure is None:
            raise AssertionError
        self._scopes.append({"item": item, "index": index, "acc": acc})
        try:
            return self.value(closure)
        finally:
            self._scopes.pop()

    def _reduce(self, items: list[Any], closure: Node | None, rest: list[Node]) -> Any:
        values = list(items)
        acc = self.value(rest[0]) if rest else values.pop(0)
        for index, item in enumerate(values):
            acc = self._apply(closure, item, index, acc)
        return acc


def _fetch(base: Any, key: Any, text: str) -> Any:
    if isinstance(base, Mapping):
        return base.get(key)
    if isinstance(base, (list, str)) and isinstance(key, int):
        if not -len(base) <= key < len(base):
            raise Invalid("expression", f"index out of range: {key} (array length is {len(base)})", hint=f"in {text!r}")
        return base[key]
    if (method := times.method(base, str(key))) is not None:
        return method
    if callable(getattr(base, str(key), None)) and not isinstance(base, (int, float, str, list)):
        return getattr(base, str(key))
    shown = "<nil>" if base is None else repr(base)
    raise Invalid("expression", f"cannot fetch {key} from {shown}", hint=f"in {text!r}")


def _range(start: int, end: int) -> list[int]:
    if end - start + 1 > _MOST:
        raise Invalid("expression", "memory budget exceeded")
    return list(range(start, end + 1))


def _divide(left: float, right: float) -> float:
    if right == 0:
        return math.nan if left == 0 else math.copysign(math.inf, left)
    return left / right


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def check(left: Any, right: Any) -> bool:
        numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (left, right))
        texts = isinstance(left, str) and isinstance(right, str)
        if not numbers and not texts and not times.ordered(left, right):
            raise Invalid("expression", f"invalid operation: {left!r} and {right!r} cannot be compared")
        return compare(left, right)

    return check


def _of_texts(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """nil is no text: every comparison of texts with it is false."""
    return lambda left, right: left is not None and right is not None and compare(left, right)


def _in(left: Any, right: Any) -> bool:
    if right is None:
        return False
    if isinstance(right, dict):
        return left in right
    return any(_equal(left, item) for item in right)


def _remainder(left: int, right: int) -> int:
    return int(math.fmod(left, right))


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": _equal,
    "!=": lambda a, b: not _equal(a, b),
    "<": _ordered(lambda a, b: a < b),
    "<=": _ordered(lambda a, b: a <= b),
    ">": _ordered(lambda a, b: a > b),
    ">=": _ordered(lambda a, b: a >= b),
    "+": times.add,
    "-": times.subtract,
    "*": times.multiply,
    "/": _divide,
    "%": _remainder,
    "**": lambda a, b: float(a) ** b,
    "^": lambda a, b: float(a) ** b,
    "..": _range,
    "in": _in,
    "contains": _of_texts(lambda a, b: b in a),
    "startsWith": _of_texts(lambda a, b: a.startswith(b)),
    "endsWith": _of_texts(lambda a, b: a.endswith(b)),
    "matches": _of_texts(lambda a, b: re.search(b, a) is not None),
}


def _first(items: list[Any], results: list[Any]) -> Any:
    return next((item for item, good in zip(items, results, strict=True) if good), None)


def _group(items: list[Any], results: list[Any]) -> dict[Any, list[Any]]:
    out: dict[Any, list[Any]] = {}
    for item, key in zip(items, results, strict=True):
        out.setdefault(key, []).append(item)
    return out


def _sort_by(items: list[Any], results: list[Any], rest: list[Any]) -> list[Any]:
    pairs = sorted(zip(results, range(len(items)), strict=True), reverse=bool(rest) and rest[0] == "desc")
    return [items[index] for _key, index in pairs]


_CLOSURES: dict[str, Callable[[list[Any], list[Any], list[Any]], Any]] = {
    "all": lambda items, results, rest: all(results),
    "none": lambda items, results, rest: not any(results),
    "any": lambda items, results, rest: any(results),
    "one": lambda items, results, rest: sum(map(bool, results)) == 1,
    "filter": lambda items, results, rest: [item for item, good in zip(items, results, strict=True) if good],
    "map": lambda items, results, rest: results,
    "count": lambda items, results, rest: sum(map(bool, results)),
    "sum": lambda items, results, rest: sum(results),
    "find": lambda items, results, rest: _first(items, results),
    "findIndex": lambda items, results, rest: next((i for i, good in enumerate(results) if good), None),
    "findLast": lambda items, results, rest: _first(items[::-1], results[::-1]),
    "findLastIndex": lambda items, results, rest: next(
        (i for i in range(len(results) - 1, -1, -1) if results[i]), None
    ),
    "groupBy": lambda items, results, rest: _group(items, results),
    "sortBy": _sort_by,
}
