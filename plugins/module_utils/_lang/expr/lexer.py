# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Cuts an expression into tokens. Source: expr-lang/expr parser/lexer (v1.17.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..._core.errors import Invalid

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|/\*.*?\*/|//[^\n]*|\#\s[^\n]*(?=\n)) |
    (?P<number>0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(\d[\d_]*)?\.\d[\d_]*([eE][+-]?\d+)?|\d[\d_]*([eE][+-]?\d+)?) |
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
    """A piece of the text: number, string, name, op, pointer or end. `at` is its index."""

    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """Return the tokens with an end mark; Invalid for a character that belongs to no token."""
    out: list[Token] = []
    index = 0
    while index < len(text):
        match = _TOKEN.match(text, index)
        if not match:
            raise Invalid("expression", f"unrecognized character: {text[index]!r} at {index + 1} in {text!r}")
        kind = str(match.lastgroup)
        value = match[0]
        # a range such as 1..3 is no number with a dot
        if kind == "number" and ".." in text[index : match.end() + 1] and value.endswith("."):
            value = value[:-1]
        if kind != "space":
            is_word = kind == "name" and value in WORDS
            out.append(Token("op" if is_word else kind, value, index))
        index += len(value)
    return [*out, Token("end", "", len(text))]


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
