# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The syntax of client-go's JSONPath: a template of text and {actions} becomes nodes.

Knows no data. The odd corners are upstream's: a quoted key is itself a path (dots in it need a backslash), an array
ends at the first bracket whatever quotes say, and a word that is no keyword is an error only when it is evaluated.
Source: kubernetes/client-go util/jsonpath/parser.go (v0.36).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .._core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Literal:
    """Text outside braces, a quoted text, a number or a boolean. `each`: one value per input (numbers, booleans)."""

    value: Any
    each: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A key."""

    name: str


@dataclass(frozen=True, slots=True)
class Word:
    """`range`, `end`, or a mistake."""

    name: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """All children."""


@dataclass(frozen=True, slots=True)
class Recursive:
    """The value and all that is below it."""


@dataclass(frozen=True, slots=True)
class Slice:
    """An index or a slice. `single` says that `stop` was made from `start`."""

    start: int | None
    stop: int | None
    step: int | None
    single: bool = False


@dataclass(frozen=True, slots=True)
class Union:
    """Several selections of the same input, one after the other."""

    parts: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on each item. `operator` is "exists" when there is nothing to compare with."""

    left: tuple[Node, ...]
    operator: str
    right: tuple[Node, ...] = ()


Node = Literal | Field | Word | Wildcard | Recursive | Slice | Union | Filter


@dataclass(frozen=True, slots=True)
class Action:
    """What stands in one pair of braces."""

    nodes: tuple[Node, ...]


Template = tuple[Literal | Action, ...]

_DICT_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?", re.A)
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)([^\n]+)")
_NUMBER = re.compile(r"[+-]?[.0-9]*")
_INTEGER = re.compile(r"[+-]?\d+", re.A)
_TERMINATORS = frozenset(" \t\r\n.,[]$@{}")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_CODED = {"x": 2, "u": 4, "U": 8}


def parse(template: str) -> Template:
    """Return the parts of a template; Invalid for what is not JSONPath."""
    return _Parser(template).template()


class _Parser:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def template(self) -> Template:
        parts: list[Literal | Action] = []
        while self._at < len(self._text):
            brace = self._text.find("{", self._at)
            end = len(self._text) if brace < 0 else brace
            if end > self._at:
                parts.append(Literal(self._text[self._at : end]))
            self._at = end + 1
            if brace >= 0:
                parts.append(Action(tuple(self._action())))
        return tuple(parts)

    def _action(self) -> list[Node]:
        nodes: list[Node] = []
        while not self._take("}"):
            if self._take("[?("):
                nodes.append(self._filter())
            elif self._take(".."):
                nodes += self._recursive(nodes)
            else:
                nodes += self._part()
        return nodes

    def _part(self) -> list[Node]:
        char = self._peek()
        if char in ("", "\r", "\n"):
            raise Invalid("", "unclosed action", hint="every { of a JSONPath needs a } on the same line")
        if char in " @$":
            self._at += 1
            return []
        if char == "[":
            return self._array()
        if char in "\"'":
            return [Literal(self._quoted(char))]
        if char == ".":
            self._at += 1
            return [self._field()]
        if char in "+-" or char.isdigit():
            return [self._number()]
        if char == "_" or char.isalnum():
            return [self._word()]
        raise Invalid("", f"unrecognized character in action: U+{ord(char):04X} '{char}'")

    def _recursive(self, before: list[Node]) -> list[Node]:
        if before and isinstance(before[-1], Recursive):
            raise Invalid("", "invalid multiple recursive descent")
        char = self._peek()
        return [Recursive(), self._field()] if char == "_" or char.isalnum() else [Recursive()]

    def _field(self) -> Node:
        start = self._at
        while self._peek() and self._peek() not in _TERMINATORS:
            self._at += 2 if self._peek() == "\\" else 1
        name = self._text[start : self._at]
        return Wildcard() if name == "*" else Field(name.replace("\\", ""))

    def _word(self) -> Node:
        start = self._at
        while self._peek() and self._peek() not in _TERMINATORS:
            self._at += 1
        name = self._text[start : self._at]
        return Literal(name == "true", each=True) if name in ("true", "false") else Word(name)

    def _number(self) -> Node:
        match = _NUMBER.match(self._text, self._at)
        text = match[0] if match else ""
        self._at += max(len(text), 1)
        if _INTEGER.fullmatch(text):
            return Literal(int(text), each=True)
        try:
            return Literal(float(text), each=True)
        except ValueError:
            raise Invalid("", f"cannot parse number {text}") from None

    def _array(self) -> list[Node]:
        match = re.compile(r"\[([^\]\n]*)\]").match(self._text, self._at)
        if not match:
            raise Invalid("", "unterminated array", hint="every [ of a JSONPath needs a ]")
        self._at = match.end()
        inside = match[1]
        parts = inside.split(",")
        if len(parts) > 1:
            return [Union(tuple(_nodes(f"[{part.strip(' ')}]") for part in parts))]
        key = _DICT_KEY.fullmatch(inside)
        return list(_nodes(f".{key[1]}")) if key else [_slice(":" if inside == "*" else inside)]

    def _filter(self) -> Node:
        text = self._until_parenthesis()
        if not self._take("]"):
            raise Invalid("", "unclosed array expect ]")
        match = _COMPARISON.fullmatch(text)
        if not match:
            return Filter(_nodes(text), "exists")
        return Filter(_nodes(match[1]), match[2], _nodes(match[3]))

    def _until_parenthesis(self) -> str:
        """Only the first quoted text of a filter may hold a closing parenthesis: upstream counts one pair of quotes."""
        start, quote, closed = self._at, "", False
        while (char := self._peek()) not in ("", "\n"):
            self._at += 1
            if char in "\"'" and not quote:
                quote = char
            elif char == quote and self._text[self._at - 2] != "\\":
                closed = True
            elif char == ")" and bool(quote) == closed:
                return self._text[start : self._at - 1]
        raise Invalid("", "unterminated filter")

    def _quoted(self, quote: str) -> str:
        start = self._at
        self._at += 1
        while (char := self._peek()) not in ("", "\n"):
            self._at += 1
            if char == quote and self._text[self._at - 2] != "\\":
                return _unquote(self._text[start : self._at], quote)
        raise Invalid("", "unterminated quoted string")

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, text: str) -> bool:
        found = self._text.startswith(text, self._at)
        self._at += len(text) if found else 0
        return found


def _nodes(text: str) -> tuple[Node, ...]:
    first = parse(f"{{{text}}}")[0]
    if not isinstance(first, Action):
        raise AssertionError
    return first.nodes


def _slice(text: str) -> Slice:
    match = _SLICE.fullmatch(text)
    if not match:
        raise Invalid("", f"invalid array index {text}")
    start = _bound(match[1])
    if not match[2]:
        return Slice(start, (start or 0) + 1, None, single=True)
    return Slice(start, _bound(match[2][1:]), _bound((match[3] or "")[1:]))


def _bound(text: str) -> int | None:
    if text == "-":
        raise Invalid("", f"array index {text} is not a number")
    return int(text) if text else None


def _unquote(text: str, quote: str) -> str:
    """Return a quoted text as Go reads it, with either kind of quotes."""
    inside, out, at = text[1:-1], [], 0
    while at < len(inside):
        if inside[at] == quote:
            raise Invalid("", f"unquote string {text} error invalid syntax")
        char, at = _escape(inside, at, quote, text) if inside[at] == "\\" else (inside[at], at + 1)
        out.append(char)
    return "".join(out)


def _escape(inside: str, at: int, quote: str, text: str) -> tuple[str, int]:
    letter = inside[at + 1 : at + 2]
    if letter in _ESCAPES:
        return _ESCAPES[letter], at + 2
    if letter == quote:
        return quote, at + 2
    size = _CODED.get(letter, 0)
    digits = inside[at + 2 : at + 2 + size]
    try:
        if size:
            return chr(int(digits.ljust(size, "?"), 16)), at + 2 + size
        return chr(int(inside[at + 1 : at + 4].ljust(3, "?"), 8)), at + 4
    except (ValueError, OverflowError):
        raise Invalid("", f"unquote string {text} error invalid syntax") from None
