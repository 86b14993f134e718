# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From stored events to runs: triggers are applied, and each PipelineRun or TaskRun becomes a run of the deliver playbook.

An event is handled at least once until a run answers for it; the run journal keeps one run per event.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._triggers import api as triggers
from slipway.core import SlipwayError
from slipway.runs import api as runs
from slipway.serve.config import Config, Project
from slipway.serve.store import EventStore, Stored

PLAYBOOK = "slipway.gitops.deliver"
RUNS = {"PipelineRun": "deliver_pipeline_run", "TaskRun": "deliver_task_run"}  # kind -> variable of the role deliver
_LOOK = 5.0


class Dispatcher:
    """Handles stored events, oldest first, in one thread."""

    def __init__(self, config: Config, store: EventStore, say: Callable[[str], None]) -> None:
        self._say = say
        self._projects = {project.name: project for project in config.projects}
        self._store = store
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    def close(self) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join(10)

    def _run(self) -> None:
        last = 0
        while not self._stop.is_set():
            self._wake.clear()
            for event in self._store.open(last):
                if self._stop.is_set():
                    return
                self._handle(event)
                last = event.seq
            self._wake.wait(_LOOK)

    def _handle(self, event: Stored) -> None:
        project = self._projects.get(event.project)
        try:
            if project is None:
                status, reason, started = "Refused", f"there is no project {event.project!r} any more", ""
            else:
                status, reason, started = self._start(project, event)
        except SlipwayError as error:
            status, reason, started = "Refused", str(error), ""
        self._store.finish(event, status, reason, started)
        self._say(f"event {event.id[:8]} {status.lower()}: {reason} {started}".rstrip())

    def _start(self, project: Project, event: Stored) -> tuple[str, str, str]:
        refused = _branch_refused(project, event.body)
        if refused:
            return "Refused", refused, ""
        listener = _listener(project)
        found = listener.handle(
            triggers.make({"headers": event.headers, "body": event.body, "path": event.path}), event.id
        )
        wanted = [obj for obj in found.created if obj.get("kind") in RUNS]
        if not wanted:
            return (
                "Refused",
                "; ".join(f"{trigger.name}: {trigger.reason}" for trigger in found.triggers) or "no trigger",
                "",
            )
        handles = [self._deliver(project, event, obj, index) for index, obj in enumerate(wanted)]
        warnings = [text for trigger in found.triggers for text in trigger.warnings]
        return "Started", "; ".join(["fired", *warnings]), " ".join(handles)

    def _deliver(self, project: Project, event: Stored, run: dict[str, Any], index: int) -> str:
        variables = {
            **project.variables,
            "deliver_manifests": list(project.manifests),
            RUNS[run["kind"]]: run,
        }
        event_id = event.id if index == 0 else f"{event.id}-{index}"
        return runs.start(PLAYBOOK, variables, project=project.name, policy=project.policy, event_id=event_id).id


def _listener(project: Project) -> triggers.Listener:
    documents = [document for path in project.manifests for document in yaml.load_path(path)]
    return triggers.Listener(documents, project.listener)


def validated(project: Project) -> bool:
    """Return whether the project's EventListener wants only JSON objects; one that cannot be read does."""
    try:
        return _listener(project).validated
    except SlipwayError:
        return True


def _branch_refused(project: Project, body: bytes) -> str:
    """Return why the branch filter keeps the event out, or an empty text."""
    if not project.branches:
        return ""
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    ref = str(data.get("ref", "")) if isinstance(data, dict) else ""
    branch = ref.removeprefix("refs/heads/")
    return "" if branch in project.branches else f"branch {branch!r} is not among {', '.join(project.branches)}"
