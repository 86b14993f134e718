# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""JSONPath as client-go reads it: templates of text and {expressions}, over plain data.

Integers and floats are different kinds, as in Go: whoever evaluates over decoded JSON, where Go has only floats,
decodes numbers as floats.  Source: kubernetes/client-go util/jsonpath/jsonpath.go (v0.36).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from .._core import gojson
from .._core.errors import Invalid
from .jsonpath_parser import (
    Action,
    Field,
    Filter,
    Literal,
    Node,
    Recursive,
    Slice,
    Template,
    Union,
    Wildcard,
    Word,
    parse,
)

__all__ = ["Missing", "Template", "find", "parse", "render", "results"]


class Missing(Invalid):
    """A field or index that is not there."""


class _Nothing:
    """What a range over no items shows to its body: no value at all, which is not null."""


def find(expression: str, data: Any, *, allow_missing: bool = False) -> list[Any]:
    """Return the values an expression finds; `expression` may come with or without its braces.

    Missing for a key that none of the values has, or an index out of bounds. With `allow_missing` both give nothing
    (client-go still refuses the index there).  Invalid for a mistake.
    """
    template = expression if expression.lstrip().startswith("{") else "{" + expression + "}"
    return [value for found in results(template, data, allow_missing=allow_missing) for value in found]


def render(template: str, data: Any, *, allow_missing: bool = False, as_json: bool = False) -> str:
    """Return the text of a template as kubectl prints it: values of one expression stand with a space between.

    `as_json`: each expression becomes an indented array with a line end (kubectl's jsonpath-as-json).
    """
    found = results(template, data, allow_missing=allow_missing)
    if as_json:
        return "".join(gojson.dumps(values, indent=4) + "\n" for values in found)
    return "".join(" ".join(text(value) for value in values) for values in found)


def results(template: str, data: Any, *, allow_missing: bool = False) -> list[list[Any]]:
    """Return the values of each part of a template, in order; the body of a range counts once per item."""
    walk = _Walk(allow_missing)
    return walk.block(_blocks(parse(template)), data)


def text(value: Any) -> str:
    """Return one value as kubectl prints it: texts as they are, objects and lists as JSON, floats as Go's %v."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, (dict, list)):
        return gojson.dumps(value)
    if isinstance(value, float):
        return _float(value)
    return gojson.dumps(value)


def _float(value: float) -> str:
    """Return the shortest digits, with an exponent below 1e-4 and from 1e21 on, as Go's %v prints JSON numbers."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    if not isinstance(exponent, int):
        raise AssertionError
    power = len(digits) + exponent - 1
    if -4 <= power < 21:
        return f"{Decimal((sign, digits, exponent)):f}"
    mantissa = "".join(map(str, digits))
    point = f"{mantissa[0]}.{mantissa[1:]}" if len(mantissa) > 1 else mantissa
    return f"{'-' if sign else ''}{point}e{'-' if power < 0 else '+'}{abs(power):02d}"


class _Range:
    """`{range ...}` with its body. `closed` is False when the template ends before its {end}."""

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self.nodes = nodes
        self.body: list[_Part] = []
        self.closed = False


_Part = Literal | Action | _Range


def _blocks(template: Template) -> list[_Part]:
    """Put the parts between range and end into their range."""
    top: list[_Part] = []
    into, open_ranges = top, list[_Range]()
    for part in template:
        if _is(part, "range"):
            if not isinstance(part, Action):
                raise AssertionError
            block = _Range(part.nodes)
            into.append(block)
            open_ranges.append(block)
            into = block.body
        elif _is(part, "end") and open_ranges:
            open_ranges.pop().closed = True
            into = open_ranges[-1].body if open_ranges else top
        else:
            into.append(part)
    return top


def _is(part: Literal | Action, name: str) -> bool:
    return isinstance(part, Action) and any(isinstance(node, Word) and node.name == name for node in part.nodes)


class _Walk:
    """Evaluates nodes over lists of values."""

    def __init__(self, lenient: bool) -> None:
        self._lenient = lenient

    def block(self, parts: Sequence[_Part], data: Any) -> list[list[Any]]:
        found: list[list[Any]] = []
        for part in parts:
            if isinstance(part, Literal):
                found.append([part.value])
            elif isinstance(part, Action):
                found.append(self._list(part.nodes, [data]))
            else:
                found += self._range(part, data)
        return found

    def _range(self, block: _Range, data: Any) -> list[list[Any]]:
        items = self._list(block.nodes, [data])
        found = [values for item in items for values in self.block(block.body, item)]
        if not items:
            self.block(block.body, _Nothing())  # upstream looks at the body once, so its mistakes show
        # Without {end}, upstream goes on behind the range's head and sees the body once more.
        return found if block.closed else found + self.block(block.body, data)

    def _list(self, nodes: Sequence[Node], values: list[Any]) -> list[Any]:
        for node in nodes:
            values = self._one(node, values)
        return values

    def _one(self, node: Node, values: list[Any]) -> list[Any]:
        if isinstance(node, Literal):
            return [node.value] * len(values) if node.each else [node.value]
        if isinstance(node, Field):
            return self._field(node.name, values)
        if isinstance(node, Slice):
            return [item for value in values if value is not None for item in self._slice(node, value)]
        if isinstance(node, Filter):
            return [item for value in values for item in self._filter(node, value)]
        if isinstance(node, Union):
            return [item for part in node.parts for item in self._list(part, values)]
        if isinstance(node, Wildcard):
            return [item for value in values for item in _children(value)]
        if isinstance(node, Recursive):
            return [item for value in values for item in _descend(value)]
        return _word(node, values)

    def _field(self, name: str, values: list[Any]) -> list[Any]:
        """Values without the key count as nothing as long as one of them has it."""
        found = [value[name] for value in values if isinstance(value, dict) and name in value]
        if values and not found and not self._lenient:
            raise Missing("", f"{name} is not found")
        return found

    def _slice(self, node: Slice, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Invalid("", f"{_kind(value)} is not array or slice")
        size = len(value)
        start, stop = _bounds(node, size)
        if start == stop:
            return []
        problem = _out_of_bounds(start, stop, size)
        if problem:
            if self._lenient and start <= stop:
                return []
            raise Missing("", problem)
        if node.step is not None and node.step <= 0:
            raise Invalid("", "step must be > 0")
        return value[start : stop : node.step or 1]

    def _filter(self, node: Filter, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Invalid("", f"{text(value)[:80]} is not array or slice and cannot be filtered")
        if node.operator == "exists":
            return [item for item in value if self._exists(node.left, item)]
        return [item for item in value if self._compares(node, item)]

    def _exists(self, nodes: Sequence[Node], item: Any) -> bool:
        """A missing key is no; an index out of bounds is, in upstream too, a yes."""
        values = [item]
        for node in nodes:
            try:
                values = self._one(node, values)
            except Invalid:
                return not isinstance(node, Field)
        return bool(values)

    def _compares(self, node: Filter, item: Any) -> bool:
        sides = []
        for nodes in (node.left, node.right):
            found = self._list(nodes, [item])
            if len(found) > 1:
                raise Invalid("", "can only compare one element at a time")
            if not found:
                return False
            sides.append(found[0])
        return _compare(node.operator, sides[0], sides[1])


def _word(node: Word, values: list[Any]) -> list[Any]:
    if node.name == "range":
        return values
    if node.name == "end":
        raise Invalid("", "not in range, nothing to end")
    raise Invalid("", f"unrecognized identifier {node.name}", hint="fields begin with a dot: {.metadata.name}")


def _bounds(node: Slice, size: int) -> tuple[int, int]:
    start = node.start or 0
    stop = size if node.stop is None else node.stop
    start = start + size if start < 0 else start
    return start, stop + size if stop < 0 or (stop == 0 and node.single) else stop


def _out_of_bounds(start: int, stop: int, size: int) -> str:
    if not 0 <= start < size:
        return f"array index out of bounds: index {start}, length {size}"
    if not 0 <= stop <= size:
        return f"array index out of bounds: index {stop - 1}, length {size}"
    return f"starting index {start} is greater than ending index {stop}" if start > stop else ""


def _kind(value: Any) -> str:
    names = {dict: "map[string]interface {}", str: "string", bool: "bool", int: "int64", float: "float64"}
    return names.get(type(value), type(value).__name__)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    return list(value.encode()) if isinstance(value, str) else []


def _descend(value: Any) -> list[Any]:
    """Return the value and what is below it; empty things and numbers do not count."""
    children = _children(value)
    return [value, *(item for child in children for item in _descend(child))] if children else []


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}


def _compare(operator: str, left: Any, right: Any) -> bool:
    """Only values of one kind compare; an integer and a float are two. Source: third_party/forked template/funcs.go."""
    if operator not in _OPERATORS:
        raise Invalid("", f"unrecognized filter operator {operator}")
    for side in (left, right):
        if type(side) not in (bool, int, float, str) or (isinstance(side, bool) and operator not in ("==", "!=")):
            raise Invalid("", "invalid type for comparison")
    if type(left) is not type(right):
        raise Invalid("", "incompatible types for comparison", hint="a decimal number needs a decimal point")
    return _OPERATORS[operator](left, right)
