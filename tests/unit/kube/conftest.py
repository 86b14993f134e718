# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An API server that says what a test tells it to say, on the loopback interface."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

HANG_UP = object()


@dataclass
class Request:
    """What arrived. `headers` holds all values of a name."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, list[str]]
    body: Any
    connection: int


Answer = Any  # (status, body, headers) or HANG_UP or a list of watch lines
Script = Callable[[Request], Answer]


@dataclass
class FakeAPI:
    """The server; `script` answers each request, `requests` remembers them."""

    script: Script = lambda request: (200, {}, {})
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    lock: Any = field(default_factory=threading.Lock)


def serve(api: FakeAPI, context: ssl.SSLContext | None = None) -> ThreadingHTTPServer:
    """Start the server in a thread."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            headers = {name: self.headers.get_all(name, []) for name in self.headers}
            request = Request(self.command, url.path, dict(parse_qsl(url.query)), headers, body, self.client_address[1])
            with api.lock:
                api.requests.append(request)
                answer = api.script(request)
            self._answer(answer)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any

        def _answer(self, answer: Answer) -> None:
            if answer is HANG_UP:
                self.close_connection = True
                return
            if isinstance(answer, list):
                self._stream(answer)
                return
            status, body, headers = answer
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _stream(self, lines: list[Any]) -> None:
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            for line in lines:
                self.wfile.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    api.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


@pytest.fixture
def api() -> Iterator[FakeAPI]:
    fake = FakeAPI()
    server = serve(fake)
    yield fake
    server.shutdown()
    server.server_close()
