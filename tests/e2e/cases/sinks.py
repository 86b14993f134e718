# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers on loopback that take what a pipeline sends to people and services, and remember it."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class HttpSink:
    """Answers 200 to everything. `answers` holds other answers by path, as (status, JSON value)."""

    received: list[Received] = field(default_factory=list)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def at(self, path: str) -> list[Received]:
        """Return what was received at a path."""
        return [one for one in self.received if one.path == path]

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the handler that fills this sink."""
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def _take(self) -> None:
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                one = Received(url.path, parse_qs(url.query), dict(self.headers), body)
                sink.received.append(one)
                status, answer = sink.answers.get(url.path, (200, {"ok": True}))
                text = json.dumps(answer(one) if callable(answer) else answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = _take

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        return Handler


@dataclass(frozen=True)
class Mail:
    """One mail: the envelope and the text with its headers."""

    sender: str
    recipients: tuple[str, ...]
    text: str


class _Smtp(socketserver.StreamRequestHandler):
    """Speaks as much of RFC 5321 as a sender needs."""

    def handle(self) -> None:
        sender, recipients = "", list[str]()
        self._say(b"220 sink")
        while line := self.rfile.readline().decode().strip():
            verb = line.upper()
            if verb.startswith("MAIL FROM:"):
                sender = _address(line)
            elif verb.startswith("RCPT TO:"):
                recipients.append(_address(line))
            elif verb == "DATA":
                self._say(b"354 go on")
                self.server.mails.append(Mail(sender, tuple(recipients), self._text()))  # type: ignore[attr-defined]
            elif verb == "QUIT":
                self._say(b"221 bye")
                return
            self._say(b"250 ok")

    def _text(self) -> str:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.decode().rstrip("\r\n"))
        return "\n".join(lines)

    def _say(self, text: bytes) -> None:
        self.wfile.write(text + b"\r\n")


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]


@contextmanager
def smtp(mails: list[Mail]) -> Iterator[str]:
    """Take mails on loopback; give host:port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.mails = mails  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
