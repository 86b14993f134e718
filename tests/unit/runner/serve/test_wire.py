# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reader of HTTP heads and chunks: what two readers could understand differently is refused."""

from __future__ import annotations

import pytest

from slipway.serve import wire
from slipway.serve.wire import Bad, Chunks

START = b"POST /shop HTTP/1.1\r\nHost: x\r\n"


def test_a_head_has_its_parts() -> None:
    head = wire.head(b"POST /a?b HTTP/1.1\r\nhost: x\r\nx-gitlab-event:Push Hook \r\nContent-Length: 12")
    assert (head.method, head.path, head.length, head.keep, head.expects) == ("POST", "/a?b", 12, True, False)
    assert head.headers["X-Gitlab-Event"] == ["Push Hook"]


@pytest.mark.parametrize(
    ("block", "status"),
    [
        (b"POST  / HTTP/1.1\r\nHost: x", 400),
        (b"POST / HTTP/1.1 \r\nHost: x", 400),
        (b"POST / HTTP/2.0\r\nHost: x", 505),
        (b"\xffPOST / HTTP/1.1\r\nHost: x", 400),
        (b"POST / HTTP/1.1", 400),
        (START + b"Host: y", 400),
        (START + b"Content-Length : 3", 400),
        (START + b"X: a\r\n folded", 400),
        (START + b"X: a\nY: b", 400),
        (START + b"X: a\rb", 400),
        (START + b"X: \x00", 400),
        (START + b"Content-Length: 3\r\nContent-Length: 3", 400),
        (START + b"Content-Length: 3, 3", 400),
        (START + b"Content-Length: +3", 400),
        (START + b"Content-Length: -3", 400),
        (START + b"Content-Length: 0x3", 400),
        (START + b"Content-Length: 3\r\nTransfer-Encoding: chunked", 400),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked", 400),
        (START + b"Transfer-Encoding: gzip, chunked", 501),
        (START + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 501),
        (START + b"Transfer-Encoding: xchunked", 501),
        (START + b"Expect: everything", 417),
        (START + b"\r\n".join(b"X-%d: y" % number for number in range(100)), 431),
    ],
)
def test_a_doubtful_head_is_refused(block: bytes, status: int) -> None:
    with pytest.raises(Bad) as found:
        wire.head(block)
    assert found.value.status == status


def test_http_1_0_and_close_end_the_connection() -> None:
    assert not wire.head(b"POST / HTTP/1.0\r\nContent-Length: 1").keep
    assert not wire.head(START + b"Connection: foo, Close").keep


def chunked(data: bytes, limit: int = 100, step: int = 1) -> tuple[bytes, bytes]:
    """Feed bytes in pieces; return the body and what was left over."""
    chunks, buffer = Chunks(limit), bytearray()
    for at in range(0, len(data), step):
        buffer += data[at : at + step]
        if chunks.take(buffer):
            return bytes(chunks.body), bytes(buffer) + data[at + step :]
    raise AssertionError("no end")


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_chunks_are_put_together_however_they_come(step: int) -> None:
    assert chunked(b"3\r\nabc\r\nA;name=x\r\n0123456789\r\n0\r\n\r\nGET /", step=step) == (b"abc0123456789", b"GET /")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"-1\r\n", 400),
        (b"0x3\r\nabc\r\n", 400),
        (b"3 3\r\nabc\r\n", 400),
        (b"\r\nabc", 400),
        (b"3\r\nabcd\r\n", 400),
        (b"3\nabc\r\n", 400),
        (b"0\r\nTrailer: x\r\n\r\n", 400),
        (b"65\r\n", 413),
        (b"60\r\n" + b"x" * 96 + b"\r\n5\r\n", 413),
        (b"9" * 300, 400),
    ],
)
def test_doubtful_or_large_chunks_are_refused(data: bytes, status: int) -> None:
    with pytest.raises(Bad) as found:
        Chunks(100).take(bytearray(data))
    assert found.value.status == status
