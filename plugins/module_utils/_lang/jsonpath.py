# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""JSONPath as client-go reads it: templates of text and {expressions}, over plain data.

Source: kubernetes/client-go util/jsonpath (v0.36): parser.go for the syntax, jsonpath.go for the evaluation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .._core import gojson
from .._core.errors import Invalid


@dataclass(slots=True)
class Node:
    """One part of a template. `kind` is text, list, field, array, filter, union, wildcard, recursive, identifier, value."""

    kind: str
    value: Any = None
    children: list[Node] = field(default_factory=list)


_FIELD_END = re.compile(r"[\s.\[\]{}()@<>=!,|&'\"]")
_FILTER = re.compile(r"^(.*?)\s*(==|!=|<=|>=|<|>)\s*(.+)$", re.S)
_NUMBER = re.compile(r"^[+-]?(\d+(\.\d+)?|\.\d+)$")
_SLICE = re.compile(r"^(-?\d+)?(:(-?\d+)?)?(:(-?\d+)?)?$")


def parse(template: str) -> list[Node]:
    """Return the parts of a template; Invalid for what is not JSONPath."""
    nodes: list[Node] = []
    rest = template
    while rest:
        before, brace, rest = rest.partition("{")
        if before:
            nodes.append(Node("text", before))
        if not brace:
            break
        inside, rest = _braces(rest, template)
        nodes.append(Node("list", None, _actions(inside)))
    return nodes


def _braces(text: str, template: str) -> tuple[str, str]:
    quote = ""
    for index, char in enumerate(text):
        if quote:
            if char == quote and text[index - 1] != "\\":
                quote = ""
        elif char in "'\"":
            quote = char
        elif char == "}":
            return text[:index], text[index + 1 :]
    raise Invalid("", f"unclosed action in JSONPath {template!r}", hint="every { needs a }")


def _actions(text: str) -> list[Node]:
    nodes: list[Node] = []
    while text:
        char = text[0]
        if char in " \t\r\n@$":
            text = text[1:]
        elif char in "'\"":
            literal, text = _quoted(text)
            nodes.append(Node("text", literal))
        elif char == "[":
            inside, text = _brackets(text)
            nodes.append(_bracket(inside))
        elif char == ".":
            node, text = _dot(text)
            nodes.append(node)
        elif char == "*":
            nodes.append(Node("wildcard"))
            text = text[1:]
        else:
            node, text = _word(text)
            nodes.append(node)
    return nodes


def _quoted(text: str) -> tuple[str, str]:
    quote, out, index = text[0], [], 1
    while index < len(text):
        char = text[index]
        if char == "\\" and index + 1 < len(text):
            out.append({"n": "\n", "t": "\t", "r": "\r"}.get(text[index + 1], text[index + 1]))
            index += 2
            continue
        if char == quote:
            return "".join(out), text[index + 1 :]
        out.append(char)
        index += 1
    raise Invalid("", "unterminated quoted string in JSONPath")


def _dot(text: str) -> tuple[Node, str]:
    if text.startswith(".."):
        rest = text[2:]
        return Node("recursive"), rest if rest[:1] in ("[", "*", "") else f".{rest}"
    return _field(text[1:])


def _field(text: str) -> tuple[Node, str]:
    name, index = [], 0
    while index < len(text):
        char = text[index]
        if char == "\\" and index + 1 < len(text):
            name.append(text[index + 1])
            index += 2
            continue
        if _FIELD_END.match(char):
            break
        name.append(char)
        index += 1
    joined, rest = "".join(name), text[index:]
    return (Node("wildcard"), rest) if joined == "*" else (Node("field", joined), rest)


def _word(text: str) -> tuple[Node, str]:
    match = re.match(r"[A-Za-z0-9_+\-]+(\.\d+)?", text)
    if not match:
        raise Invalid("", f"unrecognized character in JSONPath action: {text[0]!r}")
    word = match[0]
    rest = text[len(word) :]
    if word in ("range", "end"):
        return Node("identifier", word), rest
    if word in ("true", "false"):
        return Node("value", word == "true"), rest
    if _NUMBER.match(word):
        return Node("value", float(word) if "." in word else int(word)), rest
    raise Invalid("", f"unrecognized identifier {word} in JSONPath", hint="fields begin with a dot: {.metadata.name}")


def _brackets(text: str) -> tuple[str, str]:
    depth, quote = 0, ""
    for index, char in enumerate(text):
        if quote:
            if char == quote and text[index - 1] != "\\":
                quote = ""
        elif char in "'\"":
            quote = char
        elif char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
            if depth == 0:
                return text[1:index], text[index + 1 :]
    raise Invalid("", "unterminated array or filter in JSONPath", hint="every [ needs a ]")


def _bracket(inside: str) -> Node:
    inside = inside.strip()
    if inside.startswith("?("):
        return _filter(inside[2:].rstrip().removesuffix(")"))
    parts = _split(inside)
    if len(parts) > 1:
        return Node("union", None, [Node("list", None, [_bracket(part)]) for part in parts])
    if inside == "*":
        return Node("wildcard")
    if inside[:1] in ("'", '"'):
        return Node("field", _quoted(inside)[0])
    match = _SLICE.match(inside)
    if not match or inside == "":
        raise Invalid("", f"invalid array index {inside!r} in JSONPath")
    return Node("array", _slice(match, inside))


def _slice(match: re.Match[str], inside: str) -> tuple[int | None, int | None, int | None]:
    start = int(match[1]) if match[1] else None
    if ":" not in inside:
        assert start is not None
        return start, (start + 1) if start != -1 else None, 1
    return start, int(match[3]) if match[3] else None, int(match[5]) if match[5] else None


def _split(text: str) -> list[str]:
    parts, quote, current = [], "", ""
    for char in text:
        if char in "'\"":
            quote = "" if quote == char else quote or char
        if char == "," and not quote:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    return [*parts, current.strip()]


def _filter(text: str) -> Node:
    match = _FILTER.match(text)
    if not match:
        return Node("filter", "exists", [Node("list", None, _actions(text))])
    left, right = _actions(match[1]), _actions(match[3])
    return Node("filter", match[2], [Node("list", None, left), Node("list", None, right)])


class Missing(Invalid):
    """A field or index that is not there."""


def find(expression: str, data: Any, *, allow_missing: bool = False) -> list[Any]:
    """Return the values an expression finds; `expression` may come with or without its braces.

    Missing for an absent key or index unless `allow_missing`.
    """
    template = expression if expression.lstrip().startswith("{") else "{" + expression + "}"
    out: list[Any] = []
    for found in _Walk(allow_missing).template(parse(template), data):
        out += found
    return out


def render(template: str, data: Any, *, allow_missing: bool = False) -> str:
    """Return the text of a template: values joined by a space within an expression, as kubectl prints them."""
    parts = [
        " ".join(_text(value) for value in found) for found in _Walk(allow_missing).template(parse(template), data)
    ]
    return "".join(parts)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return gojson.dumps(value)


class _Walk:
    """Evaluates nodes over lists of values."""

    def __init__(self, allow_missing: bool) -> None:
        self._lenient = allow_missing

    def template(self, nodes: list[Node], data: Any) -> Iterator[list[Any]]:
        index = 0
        while index < len(nodes):
            node = nodes[index]
            if node.kind == "text":
                yield [node.value]
            elif _is(node, "range"):
                end = _end(nodes, index)
                for item in self._evaluate(node.children[1:], [data]):
                    yield from self.template(nodes[index + 1 : end], item)
                index = end
            elif not _is(node, "end"):
                yield self._evaluate(node.children, [data])
            index += 1

    def _evaluate(self, nodes: list[Node], values: list[Any]) -> list[Any]:
        current, literal = values, False
        for node in nodes:
            if node.kind in ("text", "value"):
                current, literal = ([*current, node.value] if literal else [node.value]), True
                continue
            current = self._one(node, current)
        return current

    def _one(self, node: Node, values: list[Any]) -> list[Any]:
        if node.kind == "field":
            return [found for value in values for found in self._field(node.value, value)]
        if node.kind == "array":
            return [found for value in values for found in self._array(node.value, value)]
        if node.kind == "wildcard":
            return [item for value in values for item in _children(value)]
        if node.kind == "recursive":
            return [item for value in values for item in _descend(value)]
        if node.kind == "filter":
            return [item for value in values for item in _children(value) if self._passes(node, item)]
        if node.kind == "union":
            return [item for part in node.children for item in self._evaluate(part.children, values)]
        raise Invalid("", f"{node.value} is out of place in JSONPath")

    def _field(self, name: str, value: Any) -> list[Any]:
        if name == "":
            return [value]
        if isinstance(value, dict) and name in value:
            return [value[name]]
        if self._lenient or (not isinstance(value, dict) and value is None):
            return []
        raise Missing("", f"{name} is not found")

    def _array(self, bounds: tuple[int | None, int | None, int | None], value: Any) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            raise Invalid("", f"{gojson.dumps(value)[:80]} is not array or slice")
        start, end, step = bounds
        size = len(value)
        first = 0 if start is None else start + size if start < 0 else start
        last = size if end is None else end + size if end < 0 else end
        single = (end is not None and start is not None and end == start + 1) or (
            start == -1 and end is None and step == 1
        )
        if single and not 0 <= first < size:
            if self._lenient:
                return []
            raise Missing("", f"array index out of bounds: index {first}, length {size}")
        if step is not None and step <= 0:
            raise Invalid("", "step must be > 0")
        return value[max(first, 0) : min(last, size) : step or 1]

    def _passes(self, node: Node, item: Any) -> bool:
        try:
            left = self._evaluate(node.children[0].children, [item])
        except Missing:
            return False
        if node.value == "exists":
            return bool(left)
        try:
            right = self._evaluate(node.children[1].children, [item])
        except Missing:
            return False
        if not left or not right:
            return False
        return _compare(node.value, left[0], right[0])


def _is(node: Node, word: str) -> bool:
    return bool(
        node.kind == "list"
        and node.children
        and node.children[0].kind == "identifier"
        and node.children[0].value == word
    )


def _end(nodes: list[Node], start: int) -> int:
    depth = 0
    for index in range(start, len(nodes)):
        depth += 1 if _is(nodes[index], "range") else -1 if _is(nodes[index], "end") else 0
        if depth == 0:
            return index
    raise Invalid("", "unexpected end of JSONPath: range without {end}")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return list(value)
    return []


def _descend(value: Any) -> list[Any]:
    found = [value] if isinstance(value, (dict, list)) else []
    for child in _children(value):
        found += _descend(child)
    return found


def _compare(operator: str, left: Any, right: Any) -> bool:
    if isinstance(left, bool) != isinstance(right, bool) or isinstance(left, str) != isinstance(right, str):
        return False
    table: dict[str, bool] = {"==": left == right, "!=": left != right}
    if operator in table:
        return table[operator]
    if not isinstance(left, (int, float, str)):
        return False
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator])
