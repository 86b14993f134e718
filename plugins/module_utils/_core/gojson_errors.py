# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""JSON that Go would not read, in Go's words: messages that users know from the controllers' logs and conditions.

Source: Go's encoding/json scanner. Knows the grammar, not what the text means.
"""

from __future__ import annotations

import json

_LITERALS = {"t": "true", "f": "false", "n": "null"}


def problem(text: str) -> str:
    """Return what Go says about `text`, an empty text when it is JSON."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return _worded(text, error)
    return ""


def _worded(text: str, error: json.JSONDecodeError) -> str:
    at, found = error.pos, text[error.pos : error.pos + 1]
    if error.msg.startswith("Unterminated string"):
        return "unexpected end of JSON input"
    if error.msg.startswith("Invalid control character"):
        return f"invalid character {_quoted(found)} in string literal"
    if error.msg.startswith("Invalid \\escape"):
        return f"invalid character {_quoted(text[at + 1 : at + 2])} in string escape code"
    if not found:
        return "unexpected end of JSON input"
    return f"invalid character {_where(text, at, error.msg)}"


def _where(text: str, at: int, message: str) -> str:
    found = text[at]
    if message.startswith("Extra data"):
        return f"{_quoted(found)} after top-level value"
    if message.startswith("Expecting value"):
        return _in_literal(text, at) or f"{_quoted(found)} looking for beginning of value"
    if message.startswith("Expecting property name"):
        return f"{_quoted(found)} looking for beginning of object key string"
    if message.startswith("Expecting ':'"):
        return f"{_quoted(found)} after object key"
    inside = "object key:value pair" if _in_object(text, at) else "array element"
    return f"{_quoted(found)} after {inside}"


def _in_literal(text: str, at: int) -> str:
    """Go takes t, f and n for the beginning of a literal and complains about the first character that differs."""
    literal = _LITERALS.get(text[at], "")
    for offset, wanted in enumerate(literal):
        found = text[at + offset : at + offset + 1]
        if found and found != wanted:
            return f"{_quoted(found)} in literal {literal} (expecting {_quoted(wanted)})"
    return ""


def _in_object(text: str, at: int) -> bool:
    """True when the innermost bracket that is open before `at` is that of an object."""
    open_ones: list[str] = []
    quoted = escaped = False
    for sign in text[:at]:
        if quoted:
            quoted, escaped = (sign != '"' or escaped), (sign == "\\" and not escaped)
        elif sign == '"':
            quoted = True
        elif sign in "{[":
            open_ones.append(sign)
        elif sign in "}]" and open_ones:
            open_ones.pop()
    return bool(open_ones) and open_ones[-1] == "{"


def _quoted(sign: str) -> str:
    special = {"'": "'\\''", '"': "'\"'", "\n": "'\\n'", "\t": "'\\t'", "\r": "'\\r'", "\\": "'\\\\'"}
    return special.get(sign, f"'{sign}'")
