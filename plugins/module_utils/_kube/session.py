# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One HTTP session with an API server: keep-alive per thread, TLS, authentication, retries.

Speaks bytes and JSON over http.client; must not know kinds.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import select
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from .._core.clock import Clock, RealClock
from .._core.errors import SlipwayError, Temporary, Unreachable
from .._core.redact import current as redactor
from .config import ClusterConfig
from .errors import from_response

Headers = list[tuple[str, str]]
_AGENT = "slipway"
_IDEMPOTENT = ("GET", "PUT", "DELETE", "PATCH")
RETRY_SECONDS = 15.0
_ATTEMPT_SECONDS = 60.0


class Session:
    """Requests to one server. Safe from several threads; after a fork every connection is new."""

    def __init__(self, config: ClusterConfig, clock: Clock | None = None) -> None:
        self.config = config
        self._clock = clock or RealClock()
        url = urlsplit(config.server if "://" in config.server else f"https://{config.server}")
        self._tls = url.scheme == "https"
        self._host, self._port = url.hostname or "", url.port or (443 if self._tls else 80)
        self._prefix = url.path.rstrip("/")
        self._context = _tls_context(config) if self._tls else None
        self._local = threading.local()
        self._pid = os.getpid()
        self._open: list[http.client.HTTPConnection] = []
        self._token, self._token_time = config.token, -1.0

    def json(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Any = None,
        content_type: str = "application/json", what: str = "", retry: bool = True,
    ) -> Any:  # fmt: skip
        """Send and return the decoded answer. Errors of the tree; 429 and 5xx are tried again for a while."""
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body, separators=(",", ":")).encode()
        deadline = self._clock.monotonic() + (RETRY_SECONDS if retry else 0.0)
        pause = 0.1
        while True:
            try:
                status, answer, retry_after = self._once(method, path, query, data, content_type)
                if status < 400:
                    return json.loads(answer) if answer else None
                error: SlipwayError = from_response(status, answer, what or path, retry_after)
                pause = max(pause, float(retry_after) if retry_after.isdigit() else 0.0)
            except Temporary as broken:
                error = broken
            if not _again(error, method) or self._clock.monotonic() + pause > deadline:
                raise error
            self._clock.sleep(pause)
            pause = min(pause * 2, 2.0)

    def text(self, path: str, *, query: Mapping[str, str] | None = None, what: str = "") -> str:
        """Return a plain answer, such as a log."""
        status, answer, retry_after = self._once("GET", path, query, None, "")
        if status >= 400:
            raise from_response(status, answer, what or path, retry_after)
        return answer.decode("utf-8", "replace")

    def relay(
        self, method: str, path: str, headers: Headers, body: bytes | None, timeout: float
    ) -> tuple[int, Headers, bytes]:
        """Send another program's request with our authentication, once, and return the answer as it is.

        For the API server's proxy to pods. Seconds for `timeout`. Temporary or Unreachable when no answer comes.
        """
        own = [entry for entry in self._headers("", method) if entry[0] not in ("Accept", "User-Agent")]
        connection = self._connect(timeout)
        try:
            self._send(connection, method, f"{self._prefix}{path}", body, [*headers, *own])
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._broken(error) from error
        finally:
            connection.close()

    def lines(
        self, path: str, query: Mapping[str, str], timeout: float, holder: list[Any] | None = None
    ) -> Iterator[bytes]:
        """Yield the lines of a watch on a connection of its own. `holder` gets the connection, so that others can end it."""
        connection = self._connect(timeout)
        if holder is not None:
            holder[:] = [connection]
        try:
            self._send(connection, "GET", self._target(path, query), None, self._headers("", "GET"))
            response = connection.getresponse()
            if response.status >= 400:
                raise from_response(response.status, response.read(), path)
            while line := response.readline():
                yield line
        except (OSError, http.client.HTTPException) as error:
            raise Temporary(f"watch was interrupted: {error}", reason="Unreachable") from error
        finally:
            connection.close()

    def close(self) -> None:
        """Close this process's connections."""
        for connection in self._open:
            connection.close()
        self._open.clear()
        self._local = threading.local()

    def _once(
        self, method: str, path: str, query: Mapping[str, str] | None, body: bytes | None, content_type: str
    ) -> tuple[int, bytes, str]:
        for attempt in (1, 2):
            connection, fresh = self._connection(repeatable=method in _IDEMPOTENT)
            try:
                self._send(connection, method, self._target(path, query), body, self._headers(content_type, method))
                response = connection.getresponse()
                answer = response.read()
                return response.status, answer, response.headers.get("Retry-After", "")
            except (OSError, http.client.HTTPException) as error:
                self._drop(connection)
                if fresh or attempt == 2 or method not in _IDEMPOTENT:
                    raise self._broken(error) from error
        raise AssertionError("unreachable")

    def _broken(self, error: Exception) -> SlipwayError:
        where = f"{self._host}:{self._port}"
        if isinstance(error, ssl.SSLCertVerificationError):
            return Unreachable(
                f"the certificate of {where} is not trusted: {error.verify_message}", hint="check ca_cert"
            )
        if isinstance(error, (ConnectionRefusedError, socket.gaierror, TimeoutError, ssl.SSLError)):
            return Unreachable(
                f"the cluster at {where} cannot be reached: {error}",
                hint="is it running? check host, kubeconfig and proxy",
            )
        return Temporary(f"the connection to {where} broke: {error}", reason="Unreachable")

    def _connection(self, *, repeatable: bool) -> tuple[http.client.HTTPConnection, bool]:
        """Return this thread's connection and whether it is new. What must not be sent twice gets no dead one."""
        if self._pid != os.getpid():
            self._pid, self._local, self._open = os.getpid(), threading.local(), []
        connection = getattr(self._local, "connection", None)
        if connection is not None and (repeatable or not _hung_up(connection)):
            return connection, False
        if connection is not None:
            self._drop(connection)
        connection = self._connect(_ATTEMPT_SECONDS)
        self._local.connection = connection
        self._open.append(connection)
        return connection, True

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        proxy = urlsplit(self.config.proxy) if self.config.proxy else None
        host, port = (proxy.hostname or "", proxy.port or 3128) if proxy else (self._host, self._port)
        try:
            if self._context is None:
                connection = http.client.HTTPConnection(host, port, timeout=timeout)
            else:
                connection = _TLSConnection(host, port, timeout, self._context, self.config.server_name)
            if proxy and self._tls:
                connection.set_tunnel(self._host, self._port)
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            raise self._broken(error) from error
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        connection.close()
        if connection in self._open:
            self._open.remove(connection)
        self._local.connection = None

    def _target(self, path: str, query: Mapping[str, str] | None) -> str:
        return f"{self._prefix}{path}" + (f"?{urlencode(query)}" if query else "")

    @staticmethod
    def _send(
        connection: http.client.HTTPConnection, method: str, target: str, body: bytes | None, headers: Headers
    ) -> None:
        connection.putrequest(method, target)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None or method not in ("GET", "DELETE"):
            connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body)

    def _headers(self, content_type: str, method: str) -> Headers:
        headers = [("Accept", "application/json"), ("User-Agent", _AGENT)]
        if content_type and method != "GET":
            headers.append(("Content-Type", content_type))
        token = self._bearer()
        if token:
            headers.append(("Authorization", f"Bearer {token}"))
        elif self.config.username:
            pair = f"{self.config.username}:{self.config.password}".encode()
            headers.append(("Authorization", f"Basic {base64.b64encode(pair).decode()}"))
        if self.config.impersonate_user:
            headers.append(("Impersonate-User", self.config.impersonate_user))
        return headers + [("Impersonate-Group", group) for group in self.config.impersonate_groups]

    def _bearer(self) -> str:
        """Return the token; a projected token file changes while we run."""
        if not self.config.token_file:
            return self._token
        changed = os.stat(self.config.token_file).st_mtime
        if changed != self._token_time:
            with open(self.config.token_file, encoding="utf-8") as stream:
                self._token, self._token_time = stream.read().strip(), changed
            redactor.register(self._token)
        return self._token


class _TLSConnection(http.client.HTTPSConnection):
    """HTTPS with a name of its own for SNI and verification (tls-server-name)."""

    def __init__(self, host: str, port: int, timeout: float, context: ssl.SSLContext, server_name: str) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._tls_context, self._server_name = context, server_name

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        name = self._server_name or getattr(self, "_tunnel_host", None) or self.host
        self.sock = self._tls_context.wrap_socket(self.sock, server_hostname=name)


def _hung_up(connection: http.client.HTTPConnection) -> bool:
    """An idle connection has nothing to say: if it can be read, the server has closed it."""
    return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])


def _again(error: SlipwayError, method: str) -> bool:
    """Only what may pass by itself is tried again; a conflict is the caller's to resolve."""
    if isinstance(error, Temporary):
        if error.reason == "ServerBusy":
            return True
        return error.reason == "Unreachable" and method in _IDEMPOTENT
    return "failed calling webhook" in error.message and "connect" in error.message


def _tls_context(config: ClusterConfig) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=config.ca or None)
    if not config.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if config.client_cert and config.client_key:
        _load_client_certificate(context, config)
    return context


def _load_client_certificate(context: ssl.SSLContext, config: ClusterConfig) -> None:
    """ssl reads certificates from files only: a private one that lives for this call."""
    with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
        path = os.path.join(folder, "client.pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as stream:
            stream.write(config.client_cert.rstrip() + "\n" + config.client_key)
        context.load_cert_chain(path)
