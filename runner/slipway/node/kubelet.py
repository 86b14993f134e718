# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The logs half of a kubelet's own API, so that `kubectl logs` works on a process node.

Only the API server may ask: callers show a certificate of the cluster's authority whose group is
system:masters, or the name that API servers use towards kubelets.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

LOG = logging.getLogger("slipway.node")
CALLERS = ("kube-apiserver", "kube-apiserver-kubelet-client")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_UNSUPPORTED = ("sinceSeconds", "sinceTime", "timestamps")
_LOOK_AGAIN = 0.1

IsRunning = Callable[[str, str, str], bool]


def previous(log: Path) -> Path:
    """Return where the output of the run before lies."""
    return log.with_suffix(".previous.log")


class LogServer:
    """Serves the logs below `folder` over TLS on a free loopback port."""

    def __init__(self, folder: Path, certificate: Path, authority: str, running: IsRunning) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.load_verify_locations(cadata=authority)
        context.verify_mode = ssl.CERT_REQUIRED
        handler = type("BoundHandler", (_Handler,), {"folder": folder, "running": staticmethod(running)})
        self._server = _Server(("127.0.0.1", 0), handler)
        # The handshake is done in the connection's own thread: a silent client must not block the others.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(self._server.server_address[1])

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self._server.serve_forever, args=(0.5,), name="kubelet", daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        LOG.debug("connection of %s broke", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    folder: Path
    running: IsRunning

    def log_message(self, format: str, *args: object) -> None:
        LOG.debug(format, *args)

    def do_GET(self) -> None:
        if not _may_ask(self.connection):
            self._text(403, "only the API server may ask")
            return
        parts = urlsplit(self.path)
        words = parts.path.strip("/").split("/")
        if words == ["healthz"]:
            self._text(200, "ok")
        elif words[0] == "containerLogs" and len(words) == 4 and all(_NAME.fullmatch(word) for word in words[1:]):
            self._logs(words[1], words[2], words[3], {key: value[-1] for key, value in parse_qs(parts.query).items()})
        else:
            self._text(501, f"a process node does not serve {words[0]}: only logs")

    do_POST = do_GET

    def _logs(self, namespace: str, pod: str, container: str, query: dict[str, str]) -> None:
        odd = [name for name in _UNSUPPORTED if query.get(name) not in (None, "false")]
        if odd:
            self._text(400, f"a process node keeps no times of lines: {odd[0]} is not supported")
            return
        path = self.folder / f"{namespace}_{pod}" / f"{container}.log"
        path = previous(path) if query.get("previous") == "true" else path
        try:
            with open(path, "rb") as log:
                data = _tail(log.read(), query.get("tailLines"), query.get("limitBytes"))
                follow = query.get("follow") == "true"
                if not follow:
                    self._bytes(200, data)
                    return
                self._follow(log, data, lambda: _is_at(path, log) and self.running(namespace, pod, container))
        except FileNotFoundError:
            self._text(400, f"container {container} of pod {namespace}/{pod} has written no log here yet")

    def _follow(self, log: Any, data: bytes, running: Callable[[], bool]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with contextlib.suppress(OSError):
            last = False
            while True:
                if data:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                if last:
                    break
                # What was written between the last look and the end is still read.
                last = not running()
                if not data and not last:
                    time.sleep(_LOOK_AGAIN)
                data = log.read(65536)
                last = last and not data
            self.wfile.write(b"0\r\n\r\n")

    def _text(self, status: int, text: str) -> None:
        self._bytes(status, text.encode() + b"\n" if status != 200 else text.encode())

    def _bytes(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _is_at(path: Path, log: Any) -> bool:
    """Return whether `path` still is this log: a restart of the container begins a new one."""
    with contextlib.suppress(OSError):
        return os.stat(path).st_ino == os.fstat(log.fileno()).st_ino
    return False


def _may_ask(connection: Any) -> bool:
    try:
        subject = (connection.getpeercert() or {}).get("subject", ())
    except (OSError, ValueError):
        return False
    fields = [pair for part in subject for pair in part]
    if ("organizationName", "system:masters") in fields:
        return True
    return any(name == "commonName" and value in CALLERS for name, value in fields)


def _tail(data: bytes, lines: str | None, limit: str | None) -> bytes:
    if lines is not None and lines.isdigit():
        kept = data.splitlines(keepends=True)
        data = b"".join(kept[-int(lines) :]) if int(lines) else b""
    return data[: int(limit)] if limit is not None and limit.isdigit() else data


def make_certificate(path: Path) -> None:
    """Write key and certificate of a server of its own (API servers do not verify kubelets by default)."""
    from slipway.cluster.pki import Authority

    pair = Authority().issue("slipway-node", server=("127.0.0.1",))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(pair.cert + pair.key)
