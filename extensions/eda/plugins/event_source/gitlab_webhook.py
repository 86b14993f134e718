# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Event source of ansible-rulebook: takes webhooks of GitLab and passes on those that prove where they come from.

ansible-rulebook runs this as a bare file, in whatever Python it has: the collection is found from the file's own path,
and nothing but the standard library is needed. The checks are those of trigger_event and of the receiver; nothing here
knows more of GitLab than its headers.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import importlib
import json
import logging
import ssl
import sys
import types
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

DOCUMENTATION = r"""
---
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Receive webhooks of GitLab
description:
  - Listens for webhooks of GitLab and puts those on the queue that carry the right secret token and a JSON object.
  - The token is compared in constant time, by the code that executes Tekton's C(gitlab) interceptor.
  - An event is the mapping C(payload), the body, and the mapping C(meta) with C(headers), C(endpoint), C(event_id) and
    C(packed). C(headers) lacks every header that proves or could prove something, such as C(X-Gitlab-Token).
  - Hand events to playbooks as C(event.meta.packed), which M(slipway.gitops.trigger_event) and the role
    C(slipway.gitops.deliver) take. Ansible takes text in extra vars for templates, so that C({{ event.payload }}) there lets
    everybody who can write a commit message run programs on this machine.
  - Needs no Python package beside ansible-rulebook.
  - Events live in memory only. The receiver C(slipway serve) keeps them on the disk before it answers.
options:
  host:
    description: Address to listen on. Give the address of the machine, or C(0.0.0.0), when GitLab is elsewhere.
    type: str
    default: 127.0.0.1
  port:
    description: TCP port to listen on.
    type: int
    required: true
  token:
    description:
      - Secret token of the webhook in GitLab. Either this or O(token_file) is needed.
      - Comes best from a variable of the rulebook's vault or environment.
    type: str
  token_file:
    description: File that holds the token. Read for each event, so that a new token counts at once.
    type: str
  path:
    description: Path of the webhook's URL. Others are answered with 404.
    type: str
    default: /
  event_types:
    description:
      - Values of the header C(X-Gitlab-Event) that are passed on, such as C(Push Hook). All when empty.
      - Others are answered with 202 and dropped, because GitLab switches off hooks that fail.
    type: list
    elements: str
    default: []
  body_limit:
    description: Largest body in bytes. GitLab sends no more than 25 MB.
    type: int
    default: 26214400
  certfile:
    description: Certificate chain for TLS. Plain HTTP without it.
    type: str
  keyfile:
    description: Private key of O(certfile), when that does not hold it.
    type: str
"""

EXAMPLES = r"""
- name: Deliver what GitLab pushes
  hosts: localhost
  sources:
    - name: GitLab
      slipway.gitops.gitlab_webhook:
        host: 0.0.0.0
        port: 5000
        token_file: /etc/slipway/gitlab-token
        event_types:
          - Push Hook
  rules:
    - name: A push to main
      condition: event.payload.ref == "refs/heads/main"
      action:
        run_playbook:
          name: slipway.gitops.deliver
          extra_vars:
            deliver_manifests:
              - /srv/shop/pipeline
            deliver_token_file: /etc/slipway/gitlab-token
            deliver_event: "{{ event.meta.packed }}"
"""

logger = logging.getLogger("slipway.gitops.gitlab_webhook")
ENGINE = "slipway_gitops_module_utils"
SECRET_HEADERS = frozenset(
    ("X-Gitlab-Token", "Authorization", "Proxy-Authorization", "Cookie", "Webhook-Signature", "X-Hub-Signature-256")
)
HEAD_LIMIT = 65536
SECONDS = 10.0


def engine() -> Any:
    """Return the face of Tekton Triggers from the collection that this file belongs to.

    Its folder becomes a package of its own name: sys.path stays as it is, and nobody else's modules are shadowed.
    """
    folder = Path(__file__).absolute().parents[4] / "plugins" / "module_utils"
    if not (folder / "_triggers").is_dir():
        raise FileNotFoundError(f"{folder} is not there: gitlab_webhook works from its place in the collection only")
    if ENGINE not in sys.modules:
        package = types.ModuleType(ENGINE)
        package.__path__ = [str(folder)]
        sys.modules[ENGINE] = package
    return importlib.import_module(f"{ENGINE}._triggers.api")


@dataclass(frozen=True)
class Options:
    """The options, checked. Exactly one of `token` and `token_file` is not empty."""

    port: int
    host: str = "127.0.0.1"
    token: str = ""
    token_file: str = ""
    path: str = "/"
    event_types: tuple[str, ...] = ()
    body_limit: int = 25 << 20
    certfile: str = ""
    keyfile: str = ""

    def secret(self) -> str:
        """Return the token in force. Raises ValueError when there is none."""
        found = self.token or Path(self.token_file).expanduser().read_text(encoding="utf-8").strip()
        if not found:
            raise ValueError(f"gitlab_webhook: token_file {self.token_file} is empty")
        return found

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS side of the server, None for plain HTTP."""
        if not self.certfile:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certfile, self.keyfile or None)
        return context


def options(args: dict[str, Any]) -> Options:
    """Return the options of a rulebook. Raises ValueError that names the option and what to do."""
    known = Options.__dataclass_fields__
    # What ansible-rulebook itself adds for a source begins with eda_.
    given = {name: value for name, value in args.items() if value is not None and not name.startswith("eda_")}
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise ValueError(f"gitlab_webhook: {name} is not known" + (f"; did you mean {near[0]}?" if near else ""))
    if bool(given.get("token")) == bool(given.get("token_file")):
        raise ValueError("gitlab_webhook: give the secret token of the hook, as token or as token_file")
    for name in ("port", "body_limit"):
        if name in given:
            given[name] = _number(name, given[name])
    if "port" not in given:
        raise ValueError("gitlab_webhook: port is needed")
    types_ = given.get("event_types") or ()
    if isinstance(types_, str):
        raise ValueError("gitlab_webhook: event_types must be a list, such as ['Push Hook']")
    texts = {name: str(value) for name, value in given.items() if isinstance(known[name].default, str)}
    path = "/" + str(given.get("path", "/")).strip("/")
    return Options(**{**given, **texts, "event_types": tuple(str(one) for one in types_), "path": path})


def _number(name: str, value: Any) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise ValueError(f"gitlab_webhook: {name} must be a number, not {value!r}") from None


class Refusal(Exception):
    """A request that is no event: the status and the sentence of the answer."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Server:
    """Answers one request for each connection and puts what is an event on the queue."""

    def __init__(self, queue: Any, wanted: Options) -> None:
        self._queue, self._options, self._engine = queue, wanted, engine()

    async def serve(self) -> None:
        """Serve until cancelled."""
        self._options.secret()  # a missing file is said now, not at the first event
        server = await asyncio.start_server(
            self._connected, self._options.host, self._options.port, limit=HEAD_LIMIT, ssl=self._options.tls()
        )
        host, port = server.sockets[0].getsockname()[:2]
        scheme = "https" if self._options.certfile else "http"
        logger.info("listening on %s://%s:%s%s", scheme, host, port, self._options.path)
        async with server:
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            status, answer = await self._answer(reader)
            writer.write(_http(status, answer))
            await writer.drain()
            await _linger(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):  # the other side is gone: nobody to tell
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[HTTPStatus, dict[str, Any]]:
        try:
            async with asyncio.timeout(SECONDS):
                event = await self._read(reader)
            found = await self._take(event)
        except Refusal as refusal:
            logger.warning("refused: %s", refusal.message)
            return refusal.status, {"errorMessage": refusal.message}
        except TimeoutError:
            return HTTPStatus.REQUEST_TIMEOUT, {"errorMessage": f"no whole request within {SECONDS:.0f} s"}
        return HTTPStatus.ACCEPTED, found

    async def _read(self, reader: asyncio.StreamReader) -> Any:
        """Return the request as an event of the engine."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.LimitOverrunError:
            raise Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too large") from None
        first, *lines = head.rstrip("\r\n").split("\r\n")
        method, _, rest = first.partition(" ")
        path, _, version = rest.rpartition(" ")
        if not version.startswith("HTTP/1."):
            raise Refusal(HTTPStatus.BAD_REQUEST, "HTTP/1.1 is spoken here")
        if ("/" + path.split("?")[0].strip("/")) != self._options.path:
            raise Refusal(HTTPStatus.NOT_FOUND, f"events are taken at {self._options.path}")
        if method != "POST":
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "events are sent by POST")
        headers = self._headers(lines)
        body = await reader.readexactly(self._length(headers))
        return self._engine.Event(body, headers, path, method)

    def _headers(self, lines: list[str]) -> dict[str, list[str]]:
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise Refusal(HTTPStatus.BAD_REQUEST, "a header is malformed")
            headers.setdefault(self._engine.canonical(name), []).append(value.strip())
        return headers

    def _length(self, headers: dict[str, list[str]]) -> int:
        given = headers.get("Content-Length", [])
        if "Transfer-Encoding" in headers or not given:
            raise Refusal(HTTPStatus.LENGTH_REQUIRED, "Content-Length is needed")
        if len(given) != 1 or not (given[0].isascii() and given[0].isdigit()):
            raise Refusal(HTTPStatus.BAD_REQUEST, "Content-Length must be one number")
        if len(given[0]) > 18 or int(given[0]) > self._options.body_limit:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body may have {self._options.body_limit} bytes")
        return int(given[0])

    def _token(self) -> str:
        try:
            return self._options.secret()
        except (OSError, ValueError) as error:
            logger.error("cannot check events: %s", error)
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "events cannot be checked now") from error

    async def _take(self, event: Any) -> dict[str, Any]:
        """Check an event and put it on the queue; return the answer."""
        token = self._token()
        if refused := self._engine.gitlab_refusal(event, token):
            raise Refusal(HTTPStatus.UNAUTHORIZED, refused)
        if problem := self._engine.payload_problem(event.body):
            raise Refusal(HTTPStatus.BAD_REQUEST, problem)
        if unwanted := self._engine.gitlab_refusal(event, token, self._options.event_types):
            logger.info("dropped: %s", unwanted)
            return {"accepted": False, "reason": unwanted}
        event_id = self._engine.new_event_id()
        meta = {
            "headers": {name: ", ".join(v) for name, v in event.headers.items() if name not in SECRET_HEADERS},
            "endpoint": event.path.split("?")[0].strip("/"),
            "event_id": event_id,
            "packed": self._engine.pack(event, SECRET_HEADERS),
        }
        await self._queue.put({"payload": self._engine.payload_object(event.body), "meta": meta})
        return {"accepted": True, "eventID": event_id}


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read what a refused request still sends: closing before that would reset the connection and lose the answer."""
    if writer.can_write_eof():
        writer.write_eof()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            while await reader.read(HEAD_LIMIT):
                pass


def _http(status: HTTPStatus, answer: dict[str, Any]) -> bytes:
    body = json.dumps(answer).encode() + b"\n"
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


async def main(queue: Any, args: dict[str, Any]) -> None:
    """Receive webhooks until cancelled: the entry point that ansible-rulebook calls."""
    await Server(queue, options(args)).serve()


if __name__ == "__main__":  # try it: python gitlab_webhook.py '{"port": 5000, "token": "..."}'

    class Printer:
        """Prints events instead of queueing them."""

        async def put(self, event: dict[str, Any]) -> None:
            """Print one."""
            print(json.dumps(event), flush=True)

    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(Printer(), json.loads(sys.argv[1])))
