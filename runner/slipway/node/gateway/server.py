# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP side of the gateway: a forward proxy and a reverse proxy on one loopback port.

`GET http://hello.demo.svc.cluster.local/path` and `GET /path` with `Host: hello.demo` are the same.
Absolute requests for hosts outside of the cluster are passed on unchanged, as a forward proxy does.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from slipway.core import SlipwayError

from .balance import Balance, Stats
from .proxy import Through
from .routes import LOOPBACK, Ask, Cluster, Destination, Endpoint, NoRoute, Route, endpoints, is_cluster_name, route

LOG = logging.getLogger("slipway.gateway")
TIMEOUT = 30.0
CONNECT_TIMEOUT = 2.0
LARGEST_BODY = 64 << 20
# Belong to one connection only. Source: RFC 9110 7.6.1.
HOP_BY_HOP = frozenset(
    (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"),
        *("trailer", "transfer-encoding", "upgrade"),
    )
)
NO_BODY = (204, 304)
REPEATABLE = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")


class Upstreams:
    """Kept connections to programs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, int], list[http.client.HTTPConnection]] = {}

    def take(self, address: tuple[str, int]) -> tuple[http.client.HTTPConnection, bool]:
        """Return a connection and whether it was used before."""
        with self._lock:
            idle = self._idle.get(address)
            if idle:
                return idle.pop(), True
        connection = http.client.HTTPConnection(*address, timeout=CONNECT_TIMEOUT)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, False

    def give_back(self, address: tuple[str, int], connection: http.client.HTTPConnection) -> None:
        """Keep a connection for the next request."""
        with self._lock:
            self._idle.setdefault(address, []).append(connection)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request on its way to a program."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    timeout: float


class Gateway:
    """What all connections share."""

    def __init__(
        self,
        cluster: Callable[[], Cluster],
        port: int,
        own_ready: Callable[[], bool] = lambda: True,
        through: Through | None = None,
    ) -> None:
        self.cluster, self.ready, self.through = cluster, own_ready, through
        self.balance, self.stats, self.upstreams = Balance(), Stats(), Upstreams()
        handler = type("BoundHandler", (_Handler,), {"gateway": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self.port = int(self._server.server_address[1])

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self._server.serve_forever, args=(0.2,), name="gateway", daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        LOG.debug("connection of %s broke", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """One client connection."""

    protocol_version = "HTTP/1.1"
    server_version = "slipway-gateway"
    disable_nagle_algorithm = True
    timeout = 300
    gateway: Gateway

    def do_GET(self) -> None:
        try:
            self._serve()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET

    def do_CONNECT(self) -> None:
        self._json(
            501, {"reason": "Unsupported", "message": "CONNECT is not supported: this gateway speaks plain http"}
        )

    def log_message(self, format: str, *args: object) -> None:
        LOG.debug(format, *args)

    # -- one request ---------------------------------------------------------------------------

    def _serve(self) -> None:
        absolute = not self.path.startswith("/")
        parts = urlsplit(self.path if absolute else f"http://{self.headers.get('Host', '')}{self.path}")
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        if not absolute and path.startswith("/-/"):
            self._own(path)
            return
        try:
            host, port = parts.hostname or "", parts.port
        except ValueError:
            self._json(400, {"reason": "BadRequest", "message": f"bad host: {parts.netloc}"})
            return
        port = None if not absolute and port == self.gateway.port else port
        body = self._body()
        if body is None:
            return
        try:
            self._dispatch(Ask(self.command, host, port, path, dict(self.headers.items())), body, absolute)
        except NoRoute as problem:
            self.gateway.stats.record(host, "", "", problem.status)
            self._json(problem.status, {"reason": problem.reason, "message": problem.message, "host": host})

    def _dispatch(self, ask: Ask, body: bytes, absolute: bool) -> None:
        gateway, cluster = self.gateway, self.gateway.cluster()
        if absolute and not is_cluster_name(ask.host, cluster):
            self._pass_on(ask, body)
            return
        chosen = route(ask, cluster)
        if chosen.answer:
            self._answer(ask, chosen)
            return
        target = gateway.balance.destination(chosen)
        pods = gateway.balance.order(target, endpoints(target, cluster, elsewhere=gateway.through is not None))
        out = Outgoing(
            self.command, chosen.rewrite_path or ask.path, self._forwarded(ask), body, chosen.timeout or TIMEOUT
        )
        self._try(ask, target, pods, out)

    def _try(self, ask: Ask, target: Destination, pods: list[Endpoint], out: Outgoing) -> None:
        service = f"{target.namespace}/{target.name}"
        why = ""
        for pod in pods:
            if self.gateway.through and not pod.ip.startswith(LOOPBACK):
                self._tunnel(self.gateway.through, ask, target, pod, out)
                return
            try:
                connection, response = self._exchange((pod.ip, pod.port), out)
            except TimeoutError as error:
                raise NoRoute(
                    504, "Timeout", f"pod {pod.pod} of {service} did not answer in {out.timeout:g} s"
                ) from error
            except ConnectionRefusedError:
                why = f"pod {pod.pod} of {service} does not listen on {pod.ip}:{pod.port}"
                continue
            except (OSError, http.client.HTTPException) as error:
                why = f"pod {pod.pod} of {service}: {error or type(error).__name__}"
                if self.command in REPEATABLE:
                    continue
                break
            self.gateway.stats.record(ask.host, service, pod.version, response.status)
            self._relay((pod.ip, pod.port), connection, response)
            return
        raise NoRoute(503, "NoPodAnswers", why)

    def _tunnel(self, through: Through, ask: Ask, target: Destination, pod: Endpoint, out: Outgoing) -> None:
        """Ask a pod that this machine cannot reach, through the API server."""
        service = f"{target.namespace}/{target.name}"
        try:
            answer = through.ask(target.namespace, pod, out.method, out.path, out.headers, out.body, out.timeout)
        except SlipwayError as error:
            raise NoRoute(503, "NoPodAnswers", f"pod {pod.pod} of {service}: {error.message}") from error
        self.gateway.stats.record(ask.host, service, pod.version, answer.status)
        self._send(answer.status, answer.body, answer.content_type, {})

    def _exchange(
        self, address: tuple[str, int], out: Outgoing
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        while True:
            connection, used = self.gateway.upstreams.take(address)
            connection.sock.settimeout(out.timeout)
            try:
                connection.putrequest(out.method, out.path, skip_host=True, skip_accept_encoding=True)
                for name, value in out.headers.items():
                    connection.putheader(name, value)
                connection.endheaders(out.body or None)
                # Many programs send head and body in two small pieces; a delayed acknowledgement
                # of the first would hold back the second for 40 ms. The option is not lasting.
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                return connection, connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                # A kept connection may have been closed meanwhile: that says nothing about the program.
                if not used or isinstance(error, TimeoutError):
                    raise

    def _pass_on(self, ask: Ask, body: bytes) -> None:
        out = Outgoing(self.command, ask.path, self._forwarded(ask), body, TIMEOUT)
        address = (ask.host, ask.port or 80)
        try:
            connection, response = self._exchange(address, out)
        except (OSError, http.client.HTTPException) as error:
            raise NoRoute(
                503, "HostUnreachable", f"{ask.host}:{address[1]}: {error or type(error).__name__}"
            ) from error
        self.gateway.stats.record(ask.host, "", "", response.status)
        self._relay(address, connection, response)

    def _forwarded(self, ask: Ask) -> dict[str, str]:
        named = {word.strip().lower() for word in self.headers.get("Connection", "").split(",")}
        kept = {
            k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP | named | {"host", "content-length"}
        }
        host = ask.host if ask.port in (None, 80) else f"{ask.host}:{ask.port}"
        length = self.headers.get("Content-Length") or self.headers.get("Transfer-Encoding")
        sized = {"Content-Length": str(self._length)} if length else {}
        return {"Host": host, **kept, **sized, "X-Forwarded-For": self.client_address[0], "X-Forwarded-Proto": "http"}

    # -- bodies --------------------------------------------------------------------------------

    def _body(self) -> bytes | None:
        """Return the request's body, None when an error was answered."""
        self._length = 0
        try:
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                data = b"".join(self._chunks())
            else:
                size = int(self.headers.get("Content-Length") or 0)
                if size > LARGEST_BODY:
                    raise OverflowError
                data = self.rfile.read(size)
        except OverflowError:
            self.close_connection = True
            self._json(413, {"reason": "TooLarge", "message": f"bodies end at {LARGEST_BODY} bytes"})
            return None
        except ValueError:
            self.close_connection = True
            self._json(400, {"reason": "BadRequest", "message": "the length of the body cannot be read"})
            return None
        self._length = len(data)
        return data

    def _chunks(self) -> Iterable[bytes]:
        total = 0
        while size := int(self.rfile.readline(64).split(b";")[0], 16):
            total += size
            if total > LARGEST_BODY:
                raise OverflowError
            yield self.rfile.read(size)
            self.rfile.readline(8)
        while self.rfile.readline(65536).strip():
            pass

    def _relay(
        self, address: tuple[str, int], connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> None:
        empty = self.command == "HEAD" or response.status in NO_BODY
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        sized = response.getheader("Content-Length") is not None
        chunked = not sized and not empty and self.request_version == "HTTP/1.1"
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif not sized and not empty:
            self.send_header("Connection", "close")
            self.close_connection = True
        try:
            self.end_headers()
            if not empty:
                self._copy(response, chunked)
        except BaseException:
            connection.close()
            self.close_connection = True
            raise
        if response.will_close or not (empty or response.isclosed()):
            connection.close()
        else:
            response.close()
            self.gateway.upstreams.give_back(address, connection)

    def _copy(self, response: http.client.HTTPResponse, chunked: bool) -> None:
        while data := response.read1(65536):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if chunked else data)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    # -- own answers ---------------------------------------------------------------------------

    def _own(self, path: str) -> None:
        if path == "/-/healthz":
            good = self.gateway.ready()
            self._json(200 if good else 503, {"status": "ok" if good else "starting"})
        elif path == "/-/stats":
            self._json(200, self.gateway.stats.as_dict())
        else:
            self._json(404, {"reason": "NotFound", "message": "there are /-/healthz and /-/stats"})

    def _answer(self, ask: Ask, chosen: Route) -> None:
        status, place, text = chosen.answer or (200, "", "")
        self.gateway.stats.record(ask.host, "", "", status)
        self._send(status, text.encode(), "text/plain", {"Location": place} if place else {})

    def _json(self, status: int, data: Mapping[str, object]) -> None:
        self._send(status, json.dumps(data).encode() + b"\n", "application/json", {})

    def _send(self, status: int, data: bytes, kind: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(ConnectionError):
                self.wfile.write(data)
