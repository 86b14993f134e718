# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""JSON as Go's encoding/json reads it: strict, numbers as float64 on demand, and Go's own words for a mistake.

Source of the messages: Go 1.24 src/encoding/json/scanner.go and decode.go.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from .errors import Invalid

_SPACE = b" \t\r\n"
_DIGITS = b"0123456789"
_HEX = b"0123456789abcdefABCDEF"
_KINDS: dict[type, str] = {list: "array", dict: "object", str: "string", bool: "bool", int: "number", float: "number"}


def decode(text: str | bytes, *, floats: bool = False) -> Any:
    """Return the value of a JSON text; with `floats` every number is a float, as in Go's interface{}.

    Invalid with Go's message, for instance: invalid character 'e' in literal true (expecting 'r').
    """
    data = text.encode() if isinstance(text, str) else text
    options: dict[str, Any] = {"parse_int": _float} if floats else {}
    try:
        return json.loads(data.decode("utf-8", "replace"), parse_float=_float, parse_constant=_refuse, **options)
    except (ValueError, RecursionError):
        raise Invalid("", mistake(data) or "unexpected end of JSON input") from None


def decode_object(text: str | bytes, *, floats: bool = False) -> dict[str, Any]:
    """Return the object of a JSON text; null is an empty one, as in Go. Invalid for any other kind of value."""
    value = decode(text, floats=floats)
    if value is None:
        return {}
    if not isinstance(value, dict):
        kind = _KINDS[type(value)]
        raise Invalid("", f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}")
    return value


def mistake(data: bytes) -> str:
    """Return what Go says about the first wrong byte of a JSON text, or an empty text when it is right."""
    scanner = _Scanner(data)
    try:
        scanner.value()
        scanner.space()
        if scanner.at < len(data):
            scanner.wrong("after top-level value")
    except Invalid as error:
        return error.message
    return ""


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise Invalid("", f"json: cannot unmarshal number {text} into Go value of type float64")
    return value


def _refuse(_text: str) -> NoReturn:
    raise ValueError


def _quoted(byte: int) -> str:
    if byte == ord("'"):
        return "'\\''"
    if byte == ord('"'):
        return "'\"'"
    return f"'{json.dumps(chr(byte), ensure_ascii=False)[1:-1]}'"


class _Scanner:
    """Walks the bytes and stops with Invalid at the first that Go would not take."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def wrong(self, where: str) -> NoReturn:
        if self.at >= len(self._data):
            raise Invalid("", "unexpected end of JSON input")
        raise Invalid("", f"invalid character {_quoted(self._data[self.at])} {where}")

    def space(self) -> None:
        while self.at < len(self._data) and self._data[self.at] in _SPACE:
            self.at += 1

    def value(self) -> None:
        self.space()
        match self._peek():
            case b"{":
                self._object()
            case b"[":
                self._array()
            case b'"':
                self._string()
            case b"t" | b"f" | b"n":
                self._literal({b"t": "true", b"f": "false", b"n": "null"}[self._peek()])
            case _:
                self._number()

    def _peek(self) -> bytes:
        return self._data[self.at : self.at + 1]

    def _object(self) -> None:
        self.at += 1
        self.space()
        if self._peek() == b"}":
            self.at += 1
            return
        while True:
            self.space()
            if self._peek() != b'"':
                self.wrong("looking for beginning of object key string")
            self._string()
            self._expect(b":", "after object key")
            self.value()
            if self._expect(b",}", "after object key:value pair") == b"}":
                return

    def _array(self) -> None:
        self.at += 1
        self.space()
        if self._peek() == b"]":
            self.at += 1
            return
        while True:
            self.value()
            if self._expect(b",]", "after array element") == b"]":
                return

    def _expect(self, bytes_: bytes, where: str) -> bytes:
        self.space()
        found = self._peek()
        if not found or found not in bytes_:
            self.wrong(where)
        self.at += 1
        return found

    def _string(self) -> None:
        self.at += 1
        while (byte := self._peek()) != b'"':
            if not byte or byte[0] < 0x20:
                self.wrong("in string literal")
            self.at += 1
            if byte == b"\\":
                self._escape()
        self.at += 1

    def _escape(self) -> None:
        byte = self._peek()
        if not byte or byte not in b'bfnrt\\/"u':
            self.wrong("in string escape code")
        self.at += 1
        for _ in range(4 if byte == b"u" else 0):
            if not self._peek() or self._peek() not in _HEX:
                self.wrong("in \\u hexadecimal character escape")
            self.at += 1

    def _literal(self, word: str) -> None:
        for expected in word:
            if self._peek() != expected.encode():
                self.wrong(f"in literal {word} (expecting '{expected}')")
            self.at += 1

    def _number(self) -> None:
        if self._peek() == b"-":
            self.at += 1
            if not self._digit():
                self.wrong("in numeric literal")
        elif not self._digit():
            self.wrong("looking for beginning of value")
        if self._peek() == b"0":
            self.at += 1
        else:
            self._run("in numeric literal")
        if self._peek() == b".":
            self.at += 1
            self._run("after decimal point in numeric literal")
        if self._peek() in (b"e", b"E"):
            self.at += 1
            if self._peek() in (b"+", b"-"):
                self.at += 1
            self._run("in exponent of numeric literal")

    def _digit(self) -> bool:
        return bool(self._peek()) and self._peek() in _DIGITS

    def _run(self, where: str) -> None:
        if not self._digit():
            self.wrong(where)
        while self._digit():
            self.at += 1
