# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From stored events to runs: triggers are applied, and each PipelineRun or TaskRun becomes a run of the deliver playbook.

An event is handled at least once until a run answers for it; the run journal keeps one run per event.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._triggers import api as triggers
from slipway.core import Invalid, SlipwayError, Temporary, redact
from slipway.runs import api as runs
from slipway.runs import processes
from slipway.runs.model import Run, Status
from slipway.serve import origin
from slipway.serve.config import Config, Project
from slipway.serve.follow import Follower
from slipway.serve.manifests import Listeners
from slipway.serve.store import EventStore, Stored

PLAYBOOK = "slipway.gitops.deliver"
RUNS = {"PipelineRun": "deliver_pipeline_run", "TaskRun": "deliver_task_run"}  # kind -> variable of the role deliver
_LOOK, _GATHER, _TRIES = 1.0, 0.01, 10


@dataclass(frozen=True, slots=True)
class End:
    """What became of an event: Started or Refused, why, and the ids of its runs."""

    status: str
    reason: str
    runs: tuple[str, ...] = ()


class Dispatcher:
    """Handles stored events, oldest first, in one thread. `ended` hears the end of each."""

    def __init__(
        self,
        config: Config,
        store: EventStore,
        listeners: Listeners,
        say: Callable[[str], None],
        ended: Callable[[str, End], None] = lambda _id, _end: None,
    ) -> None:
        self._say, self._ended = say, ended
        self._projects = {project.name: project for project in config.projects}
        self._store, self._listeners = store, listeners
        self._follower = Follower(self._projects, store, say)
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
        if self._thread.ident is not None:
            self._thread.join(10)
        self._follower.close()

    def _run(self) -> None:
        self._preload()
        last = self._recovered()
        self._follower.start()  # not before: it would call runs dead that are taken over here
        while not self._stop.is_set():
            self._wake.clear()
            try:
                last = self._drain(last)
            except sqlite3.Error as error:  # the disk is full, or somebody holds the file: look again
                self._say(f"events cannot be read for a moment: {error}")
            if self._wake.wait(_LOOK):
                self._stop.wait(_GATHER)  # what comes together is read together

    def _drain(self, last: int, *, again: bool = False) -> int:
        """Handle what is open behind number `last`; return the number of the last one that was."""
        while events := self._store.open(last):
            for event in events:
                if self._stop.is_set():
                    return last
                self._handle(event, again=again)
                last = event.seq
        return last

    def _preload(self) -> None:
        """Read the manifests; what is wrong with them is said now and not at the first event."""
        for project in self._projects.values():
            try:
                self._listeners.of(project)
            except SlipwayError as error:
                self._say(redact.current.scrub(f"project {project.name}: {error}"))

    def _recovered(self) -> int:
        while not self._stop.is_set():
            try:
                return self._recover()
            except (SlipwayError, sqlite3.Error) as error:  # it is safe to begin again
                self._say(f"the queue waits: {error}")
                self._stop.wait(_LOOK)
        return 0

    def _recover(self) -> int:
        """Take up what an earlier process left, also started events whose runs never began; return the last number.

        Whatever is handled here may have been handled before: runs that began are found again, however they ended.
        """
        for event in self._store.started():
            if self._lost(event):
                self._handle(event, again=True)
            else:
                self._follower.track(event, event.runs.split())
        return self._drain(0, again=True)

    def _lost(self, event: Stored) -> bool:
        """Return whether a run of the event waited in the process that is gone."""
        found = [_of_id(run_id) for run_id in event.runs.split()]
        return any(run is None or _never_began(run) for run in found)

    def _handle(self, event: Stored, *, again: bool = False) -> None:
        end = self._end(event, again)
        if end is None:
            return
        reason = redact.current.scrub(end.reason)
        self._store.finish(event, end.status, reason, " ".join(end.runs))
        if end.status == "Started":
            self._follower.track(event, end.runs)
        self._say(f"event {event.id[-8:]} {end.status.lower()}: {reason} {' '.join(end.runs)}".rstrip())
        self._ended(event.id, replace(end, reason=reason))

    def _end(self, event: Stored, again: bool) -> End | None:
        """Return what becomes of an event, None when that is left to the next start.

        Trouble that may pass is waited for, and what began before it is found.
        """
        project = self._projects.get(event.project)
        if project is None:
            return End("Refused", f"there is no project {event.project!r} any more")
        for left in reversed(range(_TRIES)):
            try:
                return self._start(project, event, again)
            except Temporary as error:
                if not left:
                    return End("Refused", str(error))
                if self._stop.wait(error.retry_after):
                    return None
                again = True
            except SlipwayError as error:
                return End("Refused", str(error))
            except Exception as error:  # one event must not stop the queue
                return End("Refused", f"internal error: {type(error).__name__}: {error}")
        raise AssertionError("a last try returns")

    def _start(self, project: Project, event: Stored, again: bool) -> End:
        refused = project.filters.refused(event.headers, event.body)
        if refused:
            return End("Refused", refused)
        loaded = self._listeners.of(project)
        seen = self._seen(event, loaded.secrets)
        found = loaded.listener.handle(seen, event.id)
        wanted = [obj for obj in found.created if obj.get("kind") in RUNS]
        if not wanted:
            return End("Refused", _why_nothing(found))
        handles = [self._deliver(project, event, obj, index, again) for index, obj in enumerate(wanted)]
        warnings = [text for trigger in found.triggers for text in trigger.warnings]
        return End("Started", "; ".join(["fired", *warnings]), tuple(handles))

    def _seen(self, event: Stored, secrets: Sequence[str]) -> triggers.Event:
        """Return the event for the triggers; one that was handled before gets its token back."""
        if event.status == "Accepted" and not event.of:
            return triggers.Event(event.body, event.headers, event.path, received=event.received)
        headers = origin.restored(event.headers, secrets)
        return triggers.Event(event.body, headers, event.path, received=self._store.first_received(event))

    def _deliver(self, project: Project, event: Stored, run: dict[str, Any], index: int, again: bool) -> str:
        event_id = event.id if index == 0 else f"{event.id}-{index}"
        known = _began(project, event_id) if again else None
        if known:
            return known.id
        variables = {
            **project.variables,
            "deliver_manifests": list(project.manifests),
            RUNS[run["kind"]]: run,
        }
        handle = runs.start(
            PLAYBOOK, variables, project=project.name, policy=project.policy, event_id=event_id, hold=True
        )
        self._follower.hold(handle)
        return handle.id


def _why_nothing(found: triggers.EventResult) -> str:
    if found.created:
        kinds = ", ".join(sorted({str(obj.get("kind")) for obj in found.created}))
        return f"the triggers make {kinds}; only PipelineRuns and TaskRuns can be started here"
    return "; ".join(f"{trigger.name}: {trigger.reason}" for trigger in found.triggers) or "no trigger"


def _of_id(run_id: str) -> Run | None:
    try:
        return runs.journal().get(run_id)
    except Invalid:
        return None


def _never_began(run: Run) -> bool:
    """Return whether a run that somebody held, or that still waited, lost its process: starting it is no repetition."""
    waits = run.status is Status.QUEUED and not processes.alive(run.owner)
    return waits or (run.status is Status.INTERRUPTED and run.started is None)


def _began(project: Project, event_id: str) -> Run | None:
    """Return the run that answers for an event already, however it ended."""
    found = runs.journal().listed(project=project.name, event_id=event_id)
    return next((run for run in found if not _never_began(run)), None)
