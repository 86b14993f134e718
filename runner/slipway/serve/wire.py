# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP/1.1 as bytes: the head of a request, chunked bodies, answers. Strict, because a lenient reader lets
requests be smuggled past a proxy.

Knows no socket and no event. Source of the rules: RFC 9112 sections 2.2, 3, 5, 6 and 7.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from ansible_collections.slipway.gitops.plugins.module_utils._triggers.api import canonical

END = b"\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
MOST_HEADERS = 100
_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_DIGITS = re.compile(r"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")


class Bad(Exception):
    """A request that is answered with an error; the connection ends with it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True, slots=True)
class Head:
    """A request without its body. `length` is None for a chunked body; header names are canonical."""

    method: str
    path: str
    headers: Mapping[str, list[str]]
    length: int | None
    sized: bool
    keep: bool
    expects: bool


def head(block: bytes) -> Head:
    """Return the request of the bytes before the empty line. Raises Bad: 400, 417, 431, 501 or 505."""
    lines = block.split(b"\r\n")
    line = _LINE.fullmatch(lines[0])
    if not line:
        raise Bad(400, "the request line is malformed")
    if line[3] != b"1":
        raise Bad(505, "HTTP/1.1 is spoken here")
    if len(lines) - 1 > MOST_HEADERS:
        raise Bad(431, f"more than {MOST_HEADERS} headers")
    headers = _fields(lines[1:])
    modern = line[4] != b"0"
    if modern and len(headers.get("Host", ())) != 1:
        raise Bad(400, "one Host header is needed")
    length, sized = _length(headers, modern)
    tokens = _tokens(headers, "Connection")
    expects = _expects(headers) and modern
    return Head(line[1].decode(), line[2].decode(), headers, length, sized, modern and "close" not in tokens, expects)


def _fields(lines: list[bytes]) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for text in lines:
        field = _FIELD.fullmatch(text)
        if not field:  # also a folded line and a space before the colon
            raise Bad(400, "a header is malformed")
        headers.setdefault(_name(field[1]), []).append(field[2].rstrip(b" \t").decode("latin-1"))
    return headers


@lru_cache(maxsize=512)
def _name(name: bytes) -> str:
    return canonical(name.decode())


def _tokens(headers: Mapping[str, list[str]], name: str) -> list[str]:
    return [token.strip().lower() for value in headers.get(name, ()) for token in value.split(",")]


def _length(headers: Mapping[str, list[str]], modern: bool) -> tuple[int | None, bool]:
    """Return the length of the body (None: chunked), and whether the request gave one."""
    given, coding = headers.get("Content-Length", []), _tokens(headers, "Transfer-Encoding")
    if coding:
        if given or not modern:
            raise Bad(400, "Transfer-Encoding and Content-Length exclude each other, and HTTP/1.0 has no chunks")
        if coding != ["chunked"]:
            raise Bad(501, "the only Transfer-Encoding is chunked")
        return None, True
    if not given:
        return 0, False
    if len(given) != 1 or not _DIGITS.fullmatch(given[0]):
        raise Bad(400, "Content-Length must be one number")
    return int(given[0]), True


def _expects(headers: Mapping[str, list[str]]) -> bool:
    wanted = _tokens(headers, "Expect")
    if wanted and wanted != ["100-continue"]:
        raise Bad(417, "the only expectation is 100-continue")
    return bool(wanted)


class Chunks:
    """Puts a chunked body together. Trailers are refused: nothing here reads them."""

    def __init__(self, limit: int) -> None:
        self._limit, self._left, self.body = limit, -1, bytearray()

    def take(self, data: bytearray) -> bool:
        """Move what is whole from `data` into `body`; True at the end. Raises Bad 400 or 413."""
        while True:
            if self._left < 0:
                end = data.find(b"\r\n")
                if end < 0:
                    if len(data) > 256:
                        raise Bad(400, "a chunk is malformed")
                    return False
                self._left = self._size(bytes(data[:end]))
                del data[: end + 2]
            if len(data) < self._left + 2:
                return False
            if data[self._left : self._left + 2] != b"\r\n":
                raise Bad(400, "a chunk is malformed")
            last = self._left == 0
            self.body += data[: self._left]
            del data[: self._left + 2]
            self._left = -1
            if last:
                return True

    def _size(self, line: bytes) -> int:
        found = _CHUNK.fullmatch(line)
        if not found:
            raise Bad(400, "a chunk is malformed")
        size = int(found[1], 16)
        if len(self.body) + size > self._limit:
            raise too_large(self._limit)
        return size


def too_large(limit: int) -> Bad:
    """Return the refusal of a body over the limit."""
    return Bad(413, f"the body may have {limit} bytes")


def answer(status: int, body: bytes, *, close: bool, extra: Mapping[str, str] | None = None) -> bytes:
    """Return a whole answer with a JSON body."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (extra or {}).items())
    if close:
        more += "Connection: close\r\n"
    return _START[status] + f"Content-Length: {len(body)}\r\n{more}\r\n".encode() + body


_START = {
    int(status): f"HTTP/1.1 {int(status)} {status.phrase}\r\nContent-Type: application/json\r\n".encode()
    for status in HTTPStatus
}
