# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Drives one pipeline run: decide what starts, run tasks side by side, take what ended, until all is done."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from .._core.cancel import Cancel
from .._core.errors import Cancelled, SlipwayError
from .._core.events import Sink, Subject
from .._core.redact import current as redactor
from .act.process import TaskEnd
from .decide import state
from .decide.state import Facts, Skip, Status, Task
from .decide.substitution import Replacements
from .decide.timeouts import Timeouts

_LOOK = 0.2
Start = Callable[[Task, Replacements], TaskEnd]


@dataclass(slots=True)
class Ended:
    """A task that ended, or could not start."""

    name: str
    end: TaskEnd | None
    error: SlipwayError | None = None


@dataclass(slots=True)
class Loop:
    """One run. `given` returns the replacements for what is known now; `save` keeps the state."""

    facts: Facts
    timeouts: Timeouts
    start: Start
    given: Callable[[Facts], Replacements]
    save: Callable[[Loop], None]
    events: Sink
    subject: Subject
    cancel: Cancel
    parallelism: int = 8
    ends: dict[str, TaskEnd] = field(default_factory=dict)
    _done: queue.Queue[Ended] = field(default_factory=queue.Queue)

    def run(self) -> None:
        """Run DAG tasks, then finally tasks. Raises Cancelled after running tasks have stopped."""
        with ThreadPoolExecutor(self.parallelism, thread_name_prefix="task") as pool:
            self._drive(pool, self.facts.tasks, state.next_tasks, self.timeouts.tasks, "tasks")
            if self.cancel.is_set():
                raise Cancelled(self.cancel.reason or "cancelled", obj=str(self.subject))
            self._drive(pool, self.facts.finally_, state.finally_tasks, self.timeouts.finally_, "finally")

    def _drive(
        self, pool: ThreadPoolExecutor, tasks: dict[str, Task],
        decide: Callable[[Facts, Replacements], tuple[list[str], dict[str, Skip]]], seconds: float, part: str,
    ) -> None:  # fmt: skip
        deadline = time.monotonic() + seconds if seconds else 0.0
        running: set[str] = set()
        while not all(task.status.done for task in tasks.values()):
            if deadline and time.monotonic() > deadline and not self.facts.timed_out:
                self.facts.timed_out = part
            ready, skipped = ([], {}) if self.cancel.is_set() else decide(self.facts, self.given(self.facts))
            self._skip(tasks, skipped)
            for name in ready:
                tasks[name].status = Status.RUNNING
                running.add(name)
            if ready or skipped:
                self.save(self)
            for name in ready:
                pool.submit(self._one, tasks[name])
            if not running and not ready and (self.cancel.is_set() or not skipped):
                return
            if running:
                self._take(tasks, running)

    def _skip(self, tasks: dict[str, Task], skipped: Mapping[str, Skip]) -> None:
        for name, why in skipped.items():
            tasks[name].status, tasks[name].skip = Status.SKIPPED, why
            broken = state.broken_reference(self.facts, tasks[name]) if why is Skip.RESULTS else None
            if broken and name in self.facts.tasks:
                self.facts.invalid = (
                    f"Failed Validation: 1 (Invalid task result reference: Could not find result with name "
                    f"{broken.result} for pipeline task {broken.task})"
                )
            self.events.emit(
                self.subject, "Skipped", reason="Skipped", message=f"{name}: {why.value}", data={"task": name}
            )

    def _one(self, task: Task) -> None:
        try:
            self._done.put(Ended(task.name, self.start(task, self.given(self.facts))))
        except SlipwayError as error:
            self._done.put(Ended(task.name, None, error))
        except Exception as error:
            self._done.put(Ended(task.name, None, SlipwayError(f"{type(error).__name__}: {error}", reason="Internal")))

    def _take(self, tasks: dict[str, Task], running: set[str]) -> None:
        try:
            ended = self._done.get(timeout=_LOOK)
        except queue.Empty:
            return
        running.discard(ended.name)
        task = tasks[ended.name]
        end = ended.end or TaskEnd(False, ended.error.reason if ended.error else "", str(ended.error))
        self.ends[ended.name] = end
        task.reason, task.results = end.reason, dict(end.results)
        task.status = _status(task, end, ended.error)
        if task.status is Status.IGNORED:
            task.reason = "FailureIgnored"
        phase = "Succeeded" if end.succeeded else "Failed"
        text = f"{ended.name}: {end.message}"
        self.events.emit(
            self.subject,
            phase,
            reason=end.reason,
            message=text,
            data={"task": ended.name, "seconds": round(end.seconds, 3)},
        )
        self.save(self)


def _status(task: Task, end: TaskEnd, error: SlipwayError | None) -> Status:
    if end.succeeded:
        return Status.SUCCEEDED
    if isinstance(error, Cancelled):
        return Status.CANCELLED
    return Status.IGNORED if task.spec.get("onError") == "continue" else Status.FAILED


def snapshot(loop: Loop) -> dict[str, Any]:
    """Return what a later run needs to go on: the ends of tasks that succeeded.

    A task whose results hold a secret is left out: it runs again rather than lying on the disk.
    """
    return {
        name: asdict(end)
        for name, end in loop.ends.items()
        if end.succeeded and redactor.scrub_data(dict(end.results)) == dict(end.results)
    }
