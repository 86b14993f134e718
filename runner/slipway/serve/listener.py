# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP side: takes events, stores them, answers as an EventListener does.

Source of the answers: tektoncd/triggers pkg/sink/sink.go and validate_payload.go (v0.37).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import ids
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.api import canonical, payload_problem
from slipway.core import redact
from slipway.serve.config import Config, Project
from slipway.serve.dispatcher import validated
from slipway.serve.store import EventStore

_DELIVERY = ("X-Gitlab-Event-Uuid", "Webhook-Id", "X-Github-Delivery", "X-Request-Uuid")
_SLOW_SECONDS = 10
_MOST_HEADERS = 100


class Server(ThreadingHTTPServer):
    """A server that knows the configuration and the store."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, config: Config, store: EventStore, wake: Callable[[], None]) -> None:
        self.config, self.store, self.wake = config, store, wake
        super().__init__((config.host, config.port), Handler)


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive."""

    protocol_version = "HTTP/1.1"
    timeout = _SLOW_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together: two small writes would wait for a delayed acknowledgement
    server: Server

    def do_GET(self) -> None:
        known = self.path.split("?")[0] in ("/live", "/health")
        self._answer(200 if known else 404, {} if known else {"errorMessage": "events are sent by POST"})

    def do_POST(self) -> None:
        project = self._project()
        if project is None:
            return self._answer(404, {"errorMessage": f"no project is at {self.path}"}, close=True)
        body = self._body()
        if body is None:
            return None
        problem = payload_problem(body)
        if problem and validated(project):
            return self._answer(400, {"eventListener": project.listener, "errorMessage": problem})
        event_id = ids.new_uid()
        headers: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            headers.setdefault(canonical(name), []).append(value)
        delivery = next((headers[name][0] for name in _DELIVERY if name in headers), "")
        fresh = self.server.store.add(event_id, delivery, project.name, self.path, headers, body)
        self.server.wake()
        answer = {
            "eventListener": project.listener,
            "namespace": "default",
            "eventID": event_id,
            "eventListenerUID": "",
        }
        return self._answer(202, answer if fresh else {**answer, "duplicate": True})

    def _project(self) -> Project | None:
        """One project takes every path; of several, the first part of the path names one."""
        projects = self.server.config.projects
        if len(projects) == 1:
            return projects[0]
        name = self.path.split("?")[0].strip("/").split("/")[0]
        return next((project for project in projects if project.name == name), None)

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            self._answer(411, {"errorMessage": "Content-Length is needed"}, close=True)
            return None
        if int(length) > self.server.config.body_limit or len(self.headers) > _MOST_HEADERS:
            self._answer(413, {"errorMessage": f"the body may have {self.server.config.body_limit} bytes"}, close=True)
            return None
        return self.rfile.read(int(length))

    def _answer(self, status: int, data: dict[str, Any], *, close: bool = False) -> None:
        body = json.dumps(data).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        if args and str(args[1] if len(args) > 1 else "").startswith(("4", "5")):
            print(redact.current.scrub(format % args), flush=True)


def start(server: Server) -> threading.Thread:
    """Serve in the background."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="receiver", daemon=True)
    thread.start()
    return thread
