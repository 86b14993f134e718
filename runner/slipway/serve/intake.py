# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a request means: an event of a project that is stored before it is answered, as an EventListener answers.

Source of the answers: tektoncd/triggers pkg/sink/sink.go and validate_payload.go (v0.37).
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._triggers.api import payload_problem
from slipway.serve.config import Config, Project
from slipway.serve.connection import Answer, Reply
from slipway.serve.identity import delivery, new_id
from slipway.serve.limits import Limiter
from slipway.serve.manifests import Listeners
from slipway.serve.store import EventStore, New
from slipway.serve.wire import Head

_STRICT_SECONDS = 5.0
_ALIVE = ("/live", "/health")


class Intake:
    """Admits, checks and stores. `wake` says that there is something new; `strict` waits for the event's end."""

    def __init__(
        self,
        config: Config,
        store: EventStore,
        listeners: Listeners,
        wake: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self._config, self._store, self._listeners = config, store, listeners
        self._wake, self._say = wake, say
        self._limiter = Limiter(config.rate)
        self._waiting: dict[str, Callable[[str, str], None]] = {}
        self._early: dict[str, tuple[str, str] | None] = {}  # ends that may come before the store's answer

    def admit(self, head: Head, source: str) -> Answer | None:
        """Return the refusal of a request whose body is not worth reading, or None."""
        if head.method == "GET":
            known = head.path.partition("?")[0] in _ALIVE
            return None if known else Answer(404, {"errorMessage": "events are sent by POST"})
        if head.method != "POST":
            return Answer(405, {"errorMessage": "events are sent by POST"}, headers={"Allow": "GET, POST"})
        wait = self._limiter.wait(source)
        if wait:
            return Answer(429, {"errorMessage": "too many requests"}, headers={"Retry-After": str(math.ceil(wait))})
        if self._project(head.path) is None:
            return Answer(404, {"errorMessage": f"no project is at {head.path}"})
        return None if head.sized else Answer(411, {"errorMessage": "Content-Length is needed"})

    def handle(self, head: Head, body: bytes, source: str, reply: Reply) -> None:
        """Store the event; the answer comes when it is on the disk."""
        project = self._project(head.path)
        if head.method == "GET" or project is None:
            return reply(Answer(200, {}))
        problem = payload_problem(body)
        if problem and self._listeners.validated(project):
            return reply(Answer(400, {"eventListener": self._listeners.name(project), "errorMessage": problem}))
        known = delivery(project.name, head.headers, body)
        new = New(new_id(), project.name, head.path, head.headers, body, known, source)
        if self._config.strict:
            self._early[new.id] = None
        self._store.put(new, lambda found: self._stored(new, project, found, reply))
        return None

    def _stored(self, new: New, project: Project, found: str | sqlite3.Error, reply: Reply) -> None:
        early = self._early.pop(new.id, None)
        if isinstance(found, sqlite3.Error):
            self._say(f"an event could not be stored: {found}")
            return reply(Answer(503, {"errorMessage": "the event could not be stored"}, headers={"Retry-After": "5"}))
        answer: dict[str, Any] = {
            "eventListener": self._listeners.name(project),
            "namespace": "default",
            "eventListenerUID": "",
            "eventID": found,
        }
        if found != new.id:
            self._say(f"event {found[-8:]} came again and was dropped")
            return reply(Answer(202, {**answer, "duplicate": True}))
        if not self._config.strict:
            reply(Answer(202, answer))
        else:
            self._wait(new.id, answer, reply)
            if early:
                self.ended(new.id, *early)
        return self._wake()

    def _wait(self, event_id: str, answer: dict[str, Any], reply: Reply) -> None:
        """Answer when the event is handled; after a while as accepted, because senders do not wait long."""

        def tell(status: str, reason: str) -> None:
            late.cancel()
            refused = status == "Refused"
            reply(Answer(403, {**answer, "errorMessage": reason}) if refused else Answer(202, answer))

        self._waiting[event_id] = tell
        late = asyncio.get_running_loop().call_later(_STRICT_SECONDS, self.ended, event_id, "", "")

    def ended(self, event_id: str, status: str, reason: str) -> None:
        """Hear what became of an event, in the loop's thread."""
        if event_id in self._early:
            self._early[event_id] = (status, reason)
        elif tell := self._waiting.pop(event_id, None):
            tell(status, reason)

    def _project(self, path: str) -> Project | None:
        """One project takes every path; of several, the first part of the path names one."""
        projects = self._config.projects
        if len(projects) == 1:
            return projects[0]
        name = path.partition("?")[0].strip("/").partition("/")[0]
        return next((project for project in projects if project.name == name), None)
