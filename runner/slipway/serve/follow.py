# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs after their events: held ones are launched in turn, ends are written to the events, states are reported.

Knows the run journal and the store; must not know triggers.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from slipway.core import Invalid, SlipwayError, redact
from slipway.runs import api as runs
from slipway.runs.model import Run, RunHandle, Status
from slipway.serve.config import Project
from slipway.serve.statuses import Commit, Reporter, State, Told, commit_of
from slipway.serve.store import EventStore, Stored

_POLL, _RECONCILE = 0.1, 3.0
_ACTIVE = (Status.QUEUED, Status.RUNNING)
_GOOD = (Status.SUCCEEDED, Status.CHANGES_PENDING)
_EVERYTHING = 1_000_000


@dataclass(slots=True)
class _Tracked:
    """An event whose runs go on. `told` holds what was reported of each run."""

    event: Stored
    runs: Sequence[str]
    commit: Commit | None
    told: dict[str, State] = field(default_factory=dict)


class Follower:
    """One thread that looks at the journal while something is going on."""

    def __init__(self, projects: Mapping[str, Project], store: EventStore, say: Callable[[str], None]) -> None:
        self._projects, self._store, self._say = projects, store, say
        self._journal = runs.journal()
        self._kept = self._journal.keep_open()
        self._held = runs.Held(self._journal)
        self._tracked: dict[int, _Tracked] = {}
        self._reporters = {name: Reporter(project.status) for name, project in projects.items() if project.status}
        self._lock = threading.Lock()
        self._wake, self._stop = threading.Event(), threading.Event()
        self._reconciled = 0.0
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        # A forge that does not answer must not keep runs from being launched.
        self._later: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._reporting = threading.Thread(target=self._report_all, name="statuses", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._reporting.start()

    def close(self) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(10)
            self._later.put(None)
            self._reporting.join(5)
        self._kept.close()

    def hold(self, handle: RunHandle) -> None:
        """Launch a run when it is its project's turn."""
        self._held.add(handle)
        self._wake.set()

    def track(self, event: Stored, run_ids: Sequence[str]) -> None:
        """Follow the runs of an event to their ends."""
        reports = event.project in self._reporters
        commit = commit_of(event.body) if reports else None
        if reports and commit is None:
            self._say(f"event {event.id[-8:]} names no commit: no status is reported")
        small = replace(event, headers={}, body=b"")
        with self._lock:
            self._tracked[event.seq] = _Tracked(small, list(run_ids), commit)
        self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                busy = bool(self._tracked)
            if not busy:
                self._wake.wait()
            self._wake.clear()
            try:
                self._look()
            except SlipwayError as error:  # the journal is held by somebody: look again
                self._say(f"runs cannot be followed for a moment: {error}")
            except Exception as error:
                self._say(redact.current.scrub(f"following runs: {type(error).__name__}: {error}"))
            self._stop.wait(_POLL)

    def _look(self) -> None:
        active = self._active()
        self._held.step(active)
        known = {run.id: run for run in active}
        with self._lock:
            tracked = list(self._tracked.values())
        for one in tracked:
            if one.commit is None and any(run_id in known for run_id in one.runs):
                continue
            found = [known.get(run_id) or _ended(run_id) for run_id in one.runs]
            self._report(one, found)
            if not any(run and run.status.active for run in found):
                self._settle(one, found)

    def _active(self) -> list[Run]:
        if time.monotonic() - self._reconciled > _RECONCILE:
            self._reconciled = time.monotonic()
            return runs.listed(statuses=_ACTIVE, limit=_EVERYTHING)[::-1]
        return self._journal.active()

    def _settle(self, one: _Tracked, found: Sequence[Run | None]) -> None:
        """Write the end, once it is reported; nothing is known of a run that somebody took out of the journal."""
        bad = [f"{run.id} {run.status.value.lower()}" for run in found if run and run.status not in _GOOD]
        status, reason = "Failed" if bad else "Succeeded", "; ".join(bad) or "fired"
        if all(found):
            self._later.put(lambda: self._store.settle(one.event, status, reason))
        with self._lock:
            self._tracked.pop(one.event.seq, None)

    def _report(self, one: _Tracked, found: Sequence[Run | None]) -> None:
        reporter, commit = self._reporters.get(one.event.project), one.commit
        if reporter is None or commit is None:
            return
        for index, run in enumerate(run for run in found if run):
            state = State.of(run)
            if one.told.get(run.id) is not state:
                one.told[run.id] = state
                self._later.put(partial(self._tell, reporter, Told(commit, run, state, index)))

    def _tell(self, reporter: Reporter, told: Told) -> None:
        problem = reporter.tell(told)
        if problem:
            self._say(redact.current.scrub(f"status of {told.run.id} was not taken: {problem}"))

    def _report_all(self) -> None:
        while call := self._later.get():
            try:
                call()
            except Exception as error:
                self._say(redact.current.scrub(f"telling a status: {type(error).__name__}: {error}"))


def _ended(run_id: str) -> Run | None:
    try:
        return runs.get(run_id)
    except Invalid:
        return None
