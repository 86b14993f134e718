# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One connection: bytes in, requests one after the other, answers out; slow and greedy clients are shown out.

Knows sockets and HTTP; must not know events. Who handles a request may answer later.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slipway.serve import wire
from slipway.serve.wire import Bad, Chunks, Head

IDLE_SECONDS, SLOW_SECONDS, LINGER_SECONDS = 60.0, 10.0, 1.0
SLOWEST = 64 << 10  # bytes of a body per second
SMALL, MOST_BUFFERED, MOST_CONNECTIONS = 64 << 10, 256 << 20, 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back: JSON data, more headers, whether the connection ends."""

    status: int
    data: Mapping[str, Any]
    close: bool = False
    headers: Mapping[str, str] | None = None


Reply = Callable[[Answer], None]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a connection needs to know. `admit` may refuse a request before its body is read; `handle` must reply
    once, now or later, in the loop's thread. Bytes and seconds."""

    admit: Callable[[Head, str], Answer | None]
    handle: Callable[[Head, bytes, str, Reply], None]
    say: Callable[[str], None]
    body_limit: int
    header_limit: int
    slow_seconds: float = SLOW_SECONDS


class Connection(asyncio.Protocol):
    """Keeps alive, and handles pipelined requests in order. `deadline` is looked at from outside, see Server."""

    def __init__(self, rules: Rules, everybody: set[Connection]) -> None:
        self._rules, self._everybody = rules, everybody
        self._data = bytearray()
        self._head: Head | None = None
        self._chunks: Chunks | None = None
        self._busy = self._closing = self._full = self._eof = False
        self.source = ""
        self.deadline = time.monotonic() + rules.slow_seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.source = str((transport.get_extra_info("peername") or ("local",))[0])
        if len(self._everybody) >= MOST_CONNECTIONS:
            body = b'{"errorMessage": "too many connections"}\n'
            transport.write(wire.answer(503, body, close=True, extra={"Retry-After": "5"}))
            self._closing = True
            return transport.close()
        self._everybody.add(self)
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self._everybody.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        if not self._data and self._head is None and not self._busy:
            self.deadline = time.monotonic() + self._rules.slow_seconds
        self._data += data
        if self._busy or self._full:
            if len(self._data) > self._rules.header_limit:  # pipelined ahead: wait until the answer is out
                self._transport.pause_reading()
            return
        self._advance()

    def eof_received(self) -> bool:
        """Keep the connection for what was sent before its end, where TCP can be half closed."""
        self._eof = True
        return (self._busy or bool(self._data)) and self._transport.can_write_eof()

    def pause_writing(self) -> None:
        self._full = True  # the client does not read its answers: nothing more is handled for it

    def resume_writing(self) -> None:
        self._full = False
        self._advance()

    def expire(self) -> None:
        """The deadline has passed: 408 for half a request, silence for an idle connection."""
        if self._closing or self._full:
            self._transport.abort()
        elif self._data or self._head is not None:
            self._refuse(Bad(408, "the request did not arrive in time"))
        else:
            self._transport.close()

    def close(self) -> None:
        """Let go of the client; what was not answered is not accepted."""
        self._transport.close()

    @property
    def buffered(self) -> int:
        """How many bytes of requests lie in memory."""
        return len(self._data) + (len(self._chunks.body) if self._chunks else 0)

    @property
    def waits(self) -> bool:
        """Whether the next move is ours: then no deadline counts."""
        return self._busy and not self._full

    def _advance(self) -> None:
        try:
            while not (self._busy or self._closing or self._full) and self._step():
                pass
        except Bad as error:
            self._refuse(error)

    def _step(self) -> bool:
        """Read what can be read of one request; False when more bytes are needed."""
        if self._head is None and not self._read_head():
            return False
        head = self._head
        if head is None:
            return not self._closing
        body = self._read_body(head)
        if body is None:
            return False
        self._head, self._chunks, self._busy = None, None, True
        self._rules.handle(head, body, self.source, lambda answer: self._reply(head, answer))
        return True

    def _read_head(self) -> bool:
        while self._data.startswith(b"\r\n"):  # some clients end a body with an empty line
            del self._data[:2]
        end = self._data.find(wire.END)
        if end > self._rules.header_limit or (end < 0 and len(self._data) > self._rules.header_limit):
            raise Bad(431, f"the headers may have {self._rules.header_limit} bytes")
        if end < 0:
            return False
        head = wire.head(bytes(self._data[:end]))
        del self._data[: end + 4]
        self._head = head
        refused = self._rules.admit(head, self.source)
        if refused:
            self._reply(head, Answer(refused.status, refused.data, True, refused.headers))
            return True
        if head.length is not None and head.length > self._rules.body_limit:
            raise wire.too_large(self._rules.body_limit)
        self._chunks = Chunks(self._rules.body_limit) if head.length is None else None
        size = self._rules.body_limit if head.length is None else head.length
        if size > SMALL and sum(one.buffered for one in self._everybody) > MOST_BUFFERED:
            raise Bad(503, "too many large bodies at once")
        self.deadline = time.monotonic() + self._rules.slow_seconds + size / SLOWEST
        if head.expects and not self._data:
            self._transport.write(wire.CONTINUE)
        return True

    def _read_body(self, head: Head) -> bytes | None:
        if self._chunks is not None:
            return bytes(self._chunks.body) if self._chunks.take(self._data) else None
        length = head.length or 0
        if len(self._data) < length:
            return None
        body = bytes(self._data[:length])
        del self._data[:length]
        return body

    def _reply(self, head: Head, answer: Answer) -> None:
        self._busy, self._head = False, None
        if self._transport.is_closing():
            return
        if answer.status >= 400:
            self._rules.say(f"{self.source} {head.method} {head.path} {answer.status}")
        close = answer.close or not head.keep or (self._eof and not self._data)
        body = json.dumps(answer.data).encode() + b"\n"
        self._transport.write(wire.answer(answer.status, body, close=close, extra=answer.headers))
        if close:
            self._linger()
            return
        now = time.monotonic()
        self.deadline = now + (self._rules.slow_seconds if self._data else IDLE_SECONDS)
        if self._data:  # pipelined: not from here, or a long line of requests would nest
            self._transport.resume_reading()
            asyncio.get_running_loop().call_soon(self._advance)

    def _refuse(self, error: Bad) -> None:
        self._rules.say(f"{self.source} {error.status} {error.message}")
        body = json.dumps({"errorMessage": error.message}).encode() + b"\n"
        self._transport.write(wire.answer(error.status, body, close=True))
        self._linger()

    def _linger(self) -> None:
        """Say goodbye, and read on for a moment: a reset would destroy the answer before the client has read it."""
        self._closing, self._data = True, bytearray()
        self.deadline = time.monotonic() + LINGER_SECONDS
        if self._eof or not self._transport.can_write_eof():
            return self._transport.close()
        self._transport.resume_reading()
        try:
            self._transport.write_eof()
        except OSError:  # the client is gone already
            self._transport.abort()
        return None
