# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""HTTP to one registry host: connections, authorization, redirects, errors in our words.

Knows the authorization dance of registries and nothing of manifests or blobs.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import urlencode, urljoin, urlsplit

from .._core import redact
from .._core.errors import Permanent, Refused, SlipwayError, Temporary, Unreachable
from .auth import Credentials
from .image import DOCKER_HUB

AGENT = "slipway"
TIMEOUT = 30.0
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')

Body = bytes | IO[bytes] | None


class NotFound(Permanent):
    """The registry has no such name, tag or blob."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response whose body was read (or was handed to the sink)."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. A body that is a file is rewound for a second try. `sink` takes a good answer's body."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = None
    length: int | None = None
    sink: Callable[[bytes], object] | None = None


def is_loopback(host: str) -> bool:
    """Return whether `host[:port]` is this machine."""
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def api_host(host: str) -> str:
    """Return the host that serves the API; Docker Hub's is not the one in references."""
    return "registry-1.docker.io" if host == DOCKER_HUB else host


class Transport:
    """Sends requests to one registry; safe from several threads, connections are kept and reused."""

    def __init__(
        self, host: str, *, plain_http: bool, auth: Credentials | None, ca: str | None = None, verify: bool = True
    ) -> None:
        self.host = host
        self.base = f"{'http' if plain_http else 'https'}://{api_host(host)}"
        self._auth = auth
        self._idle: dict[str, list[http.client.HTTPConnection]] = {}
        self._tokens: dict[str, str] = {}
        self._challenge = ""
        self._lock = threading.Lock()
        self._ca, self._verify = ca, verify

    def send(self, request: Request, *, scope: str = "", expect: tuple[int, ...] = (200,)) -> Answer:
        """Return the answer when its status is expected; else raise what the status means.

        `scope` is what a bearer token must allow ("repository:name:pull"). Raises NotFound, Refused
        (no or wrong credentials), Temporary (429, 5xx) and Unreachable.
        """
        answer = self._authorized(request, scope)
        if answer.status == 401:
            answer = self._again(request, scope, answer)
        if answer.status not in expect:
            raise self._meaning(request, answer)
        return answer

    def close(self) -> None:
        """Close the kept connections."""
        with self._lock:
            kept = [connection for group in self._idle.values() for connection in group]
            self._idle.clear()
        for connection in kept:
            connection.close()

    # -- authorization -------------------------------------------------------------------------

    def _authorized(self, request: Request, scope: str) -> Answer:
        headers = dict(request.headers)
        token = self._tokens.get(scope)
        if token:
            headers["Authorization"] = token
        elif self._challenge == "basic" and self._auth:
            headers["Authorization"] = self._auth.basic()
        return self._follow(request, headers)

    def _again(self, request: Request, scope: str, refused: Answer) -> Answer:
        scheme, _, rest = refused.headers.get("www-authenticate", "").partition(" ")
        self._challenge = scheme.lower()
        if self._challenge == "bearer":
            self._tokens[scope] = self._fetch_token(dict(_CHALLENGE.findall(rest)), scope)
        elif self._challenge != "basic" or not self._auth:
            return refused
        if not isinstance(request.body, bytes) and request.body is not None:
            request.body.seek(0)
        return self._authorized(request, scope)

    def _fetch_token(self, challenge: Mapping[str, str], scope: str) -> str:
        realm = challenge.get("realm", "")
        if self.base.startswith("https:") and not realm.startswith("https:") and self._auth:
            raise Refused(f"registry {self.host} wants its password sent unencrypted to {realm}")
        asked = {"service": challenge.get("service", ""), "scope": scope or challenge.get("scope", "")}
        asked = {name: value for name, value in asked.items() if value}
        answer = self._ask_for_token(realm, asked)
        if answer.status != 200:
            raise self._denied(answer)
        data = json.loads(answer.body)
        token = str(data.get("token") or data.get("access_token") or "")
        redact.current.register(token)
        return f"Bearer {token}"

    def _ask_for_token(self, realm: str, asked: dict[str, str]) -> Answer:
        if self._auth and self._auth.identity_token:
            form = {**asked, "grant_type": "refresh_token", "refresh_token": self._auth.identity_token}
            body = urlencode({**form, "client_id": AGENT}).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return self._once(Request("POST", realm, body=body), realm, headers)
        headers = {"Authorization": self._auth.basic()} if self._auth else {}
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(asked)}"
        return self._once(Request("GET", url), url, headers)

    # -- one exchange --------------------------------------------------------------------------

    def _follow(self, request: Request, headers: dict[str, str]) -> Answer:
        url = urljoin(self.base + "/", request.url)
        for _hop in range(6):
            # Storage behind a redirect must never see the registry's credentials.
            mine = urlsplit(url).netloc == urlsplit(self.base).netloc
            shown = headers if mine else {k: v for k, v in headers.items() if k != "Authorization"}
            answer = self._once(request, url, shown)
            if answer.status not in (301, 302, 303, 307, 308) or request.method not in ("GET", "HEAD"):
                return answer
            url = urljoin(url, answer.headers.get("location", ""))
        raise Permanent(f"registry {self.host} redirects in circles")

    def _once(self, request: Request, url: str, headers: Mapping[str, str]) -> Answer:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        for attempt in (1, 2):
            connection, kept = self._take(origin)
            try:
                return self._exchange(connection, request, path, headers, origin)
            except ssl.SSLError as error:
                connection.close()
                raise self._unreachable(url, str(error)) from error
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                # A kept connection may have been closed by the other side: once more with a fresh one.
                if kept and attempt == 1 and (request.body is None or isinstance(request.body, bytes)):
                    continue
                raise self._unreachable(url, _plain(error)) from error
        raise AssertionError("unreachable")

    def _exchange(
        self, connection: http.client.HTTPConnection, request: Request, path: str, headers: Mapping[str, str], to: str
    ) -> Answer:
        sent = {"User-Agent": AGENT, **headers}
        if request.length is not None:
            sent["Content-Length"] = str(request.length)
        connection.request(request.method, path, body=request.body, headers=sent)
        response = connection.getresponse()
        good = response.status in (200, 206)
        body = b""
        if request.sink is not None and good:
            while chunk := response.read(1 << 20):
                request.sink(chunk)
        else:
            body = response.read()
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)
        if response.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.setdefault(to, []).append(connection)
        return answer

    def _take(self, origin: str) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            idle = self._idle.get(origin)
            if idle:
                return idle.pop(), True
        return self._connection(origin), False

    def _connection(self, origin: str) -> http.client.HTTPConnection:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        proxy = _proxy(parts.scheme, host)
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        if proxy is None:
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=self._tls())
        tunnel = http.client.HTTPSConnection(*proxy, timeout=TIMEOUT, context=self._tls())
        tunnel.set_tunnel(host, port)
        return tunnel

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._ca:
            context.load_verify_locations(self._ca)
        if not self._verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    # -- meanings ------------------------------------------------------------------------------

    def _unreachable(self, url: str, why: str) -> Unreachable:
        where = urlsplit(url).netloc
        hint = "is it a plain http registry? then say so (insecure)" if "WRONG_VERSION" in why else ""
        return Unreachable(f"cannot reach registry {where}: {why}", hint=hint)

    def _denied(self, answer: Answer) -> Refused:
        who = f"as {self._auth.username or 'token'}" if self._auth else "without credentials"
        return Refused(
            f"registry {self.host} refused access {who}: {_detail(answer)}",
            hint="check the user, the password and its rights" if self._auth else "log in, or give a Docker config",
            reason="Unauthorized",
        )

    def _meaning(self, request: Request, answer: Answer) -> SlipwayError:
        if answer.status in (401, 403):
            return self._denied(answer)
        what = f"registry {self.host}: {request.method} {urlsplit(request.url).path}: {_detail(answer)}"
        if answer.status == 404:
            return NotFound(what, reason=_code(answer) or "NotFound")
        if answer.status == 429 or answer.status >= 500:
            wait = answer.headers.get("retry-after", "")
            return Temporary(what, retry_after=float(wait) if wait.isdigit() else 1.0)
        return Permanent(what, reason=_code(answer))


def _proxy(scheme: str, host: str) -> tuple[str, int] | None:
    if scheme != "https" or is_loopback(host):
        return None
    import urllib.request

    value = urllib.request.getproxies().get(scheme)
    if not value or urllib.request.proxy_bypass(host):
        return None
    parts = urlsplit(value if "://" in value else f"//{value}")
    return (parts.hostname, parts.port or 3128) if parts.hostname else None


def _plain(error: BaseException) -> str:
    if isinstance(error, socket.gaierror):
        return "its name cannot be resolved"
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT:.0f} s"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__


def _errors(answer: Answer) -> list[dict[str, Any]]:
    with contextlib.suppress(ValueError, AttributeError):
        return [item for item in json.loads(answer.body).get("errors") or [] if isinstance(item, dict)]
    return []


def _code(answer: Answer) -> str:
    words = [str(item.get("code", "")).replace("_", " ").title().replace(" ", "") for item in _errors(answer)]
    return words[0] if words else ""


def _detail(answer: Answer) -> str:
    texts = [f"{item.get('code', '')}: {item.get('message', '')}" for item in _errors(answer)]
    return "; ".join(texts) or f"{answer.status} {http.client.responses.get(answer.status, '')}".strip()
