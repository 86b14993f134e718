# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Cuts an expression into tokens. Source: expr-lang/expr parser/lexer (v1.17.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..._core import gojson
from ..._core.errors import Invalid

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|/\*.*?\*/|//[^\n]*|\#\s[^\n]*(?=\n)) |
    (?P<number>\.?\d) |
    (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`) |
    (?P<bytes>b"(?:\\.|[^"\\\n])*"|b'(?:\\.|[^'\\\n])*') |
    (?P<name>[A-Za-z_$][A-Za-z0-9_$]*) |
    (?P<pointer>\#[A-Za-z0-9_]*) |
    (?P<op>\?\?|\?\.|\.\.|\*\*|==|!=|<=|>=|&&|\|\||::|[-+*/%<>!?:.,;|()\[\]{}=^])
    """,
    re.X | re.S,
)
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[0-7]{3}|.)", re.S)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
WORDS = ("and", "or", "not", "in", "matches", "contains", "startsWith", "endsWith", "let", "if", "else")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: number, string, bytes, name, op, pointer or end. `at` is its index."""

    kind: str
    text: str
    at: int

    def __str__(self) -> str:
        """Return the token as upstream writes it in messages."""
        if self.kind == "end":
            return "EOF"
        text = unquote(self.text) if self.kind == "string" else self.text
        bracket = self.kind == "op" and self.text in _BRACKETS
        return f"{'Bracket' if bracket else _NAMES[self.kind]}({gojson.dumps(text, escape_html=False)})"


_BRACKETS = tuple("()[]{}")
_NAMES = {
    "number": "Number",
    "string": "String",
    "bytes": "Bytes",
    "name": "Identifier",
    "op": "Operator",
    "pointer": "Operator",
}


def tokens(text: str) -> list[Token]:
    """Return the tokens with an end mark; Invalid for a character that belongs to no token."""
    out: list[Token] = []
    index = 0
    while index < len(text):
        match = _TOKEN.match(text, index)
        if not match and text[index] in "\"'`":
            raise mistake(text, len(text), "literal not terminated")
        if not match:
            character = gojson.dumps(text[index], escape_html=False)[1:-1]
            raise mistake(text, index, f"unrecognized character: U+{ord(text[index]):04X} '{character}'")
        kind = str(match.lastgroup)
        value = _number(text, index) if kind == "number" else match[0]
        if kind != "space":
            is_word = kind == "name" and value in WORDS
            out.append(Token("op" if is_word else kind, value, index))
        index += len(value)
    return [*out, Token("end", "", len(text))]


def mistake(text: str, at: int, message: str) -> Invalid:
    """Return the error for a place in an expression: line and column count from 1, the end is its last character."""
    at = min(at, max(len(text) - 1, 0))
    before = text[:at]
    line, column = before.count("\n") + 1, at - before.rfind("\n")
    return Invalid("expression", f"{message} ({line}:{column})", hint=f"in {text!r}")


_DIGITS = {"x": "0123456789abcdefABCDEF_", "o": "01234567_", "b": "01_"}


def _number(text: str, start: int) -> str:
    """Return the number that begins at `start`. Invalid when a letter or digit follows that belongs to no number."""
    base = text[start + 1 : start + 2].lower() if text[start] == "0" else ""
    digits = _DIGITS.get(base, "0123456789_")
    at = _run(text, start + (2 if base in _DIGITS else 0), digits)
    if text[at : at + 1] == "." and text[at + 1 : at + 2] != ".":  # 1..3 is a range, no number with a dot
        at = _run(text, at + 1, digits)
    if text[at : at + 1] in ("e", "E"):
        at = _run(text, at + (2 if text[at + 1 : at + 2] in ("+", "-") else 1), digits)
    if text[at : at + 1].isalnum() or text[at : at + 1] == "_":
        word = gojson.dumps(text[start : at + 1], escape_html=False)
        raise mistake(text, at, f"bad number syntax: {word}")
    return text[start:at]


def _run(text: str, at: int, digits: str) -> int:
    while at < len(text) and text[at] in digits:
        at += 1
    return at


def unquote(text: str) -> str:
    """Return the value of a string token."""
    if text.startswith("`"):
        return text[1:-1]
    return _ESCAPE.sub(_unescape, text[1:-1])


_BYTE = re.compile(r"\\(x[0-9a-fA-F]{2}|[0-7]{3}|[abfnrtv\\'\"])|(\\)", re.S)


def unquote_bytes(text: str) -> bytes:
    """Return the value of a byte string token: text is UTF-8, an escape is one byte. Invalid for \\u and the like."""
    out, index, body = b"", 0, text[2:-1]
    for match in _BYTE.finditer(body):
        if match[2]:
            raise Invalid("expression", f"unable to unescape bytes in {text!r}")
        out += body[index : match.start()].encode() + _unescape(match).encode("latin-1")
        index = match.end()
    return out + body[index:].encode()


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "uUx" and len(code) > 1:
        return chr(int(code[1:].strip("{}"), 16))
    if len(code) == 3 and code.isdigit():
        return chr(int(code, 8))
    return _SIMPLE.get(code, code)
