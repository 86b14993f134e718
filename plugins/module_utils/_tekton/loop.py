# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Drives one pipeline run: look at the facts, start what may start, stop what is late, take what ended, until all is done."""

from __future__ import annotations

import contextlib
import errno
import graphlib
import queue
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from .._core.cancel import Cancel, Linked
from .._core.errors import DISK_FULL, Cancelled, Invalid, Permanent, SlipwayError
from .._core.events import Sink, Subject
from .act.executor import TaskEnd
from .decide import child_status, children, dag, result_refs, skipping, state, when
from .decide.children import ResolvedTask, Run, kind_of
from .decide.facts import Facts, Timing
from .decide.substitution import Replacements
from .decide.timeouts import Timeouts

_LOOK = 0.2
Start = Callable[[str, Replacements, Cancel], TaskEnd]


@dataclass(frozen=True, slots=True)
class Child:
    """A run of a pipeline task, with the params of its own, and how it ended."""

    name: str
    end: TaskEnd
    params: Sequence[Mapping[str, Any]] = ()


@dataclass(slots=True)
class Ended:
    """A task that ended, or could not start."""

    name: str
    end: TaskEnd | None
    error: SlipwayError | None = None


@dataclass
class Loop:
    """One run. `tasks` and `final` are its pipeline tasks; `start` runs one to its end; `save` keeps how it ended.

    `children` returns the runs of a task that has ended; `asked` what spec.status says now.
    """

    name: str
    tasks: Sequence[Mapping[str, Any]]
    final: Sequence[Mapping[str, Any]]
    timeouts: Timeouts
    start: Start
    save: Callable[[str, TaskEnd], None]
    events: Sink
    subject: Subject
    cancel: Cancel
    parallelism: int = 8
    cel: Callable[[str], object] = when.no_cel
    children: Callable[[str], Sequence[Child]] = lambda _task: ()
    asked: Callable[[], str] = lambda: ""
    ends: dict[str, TaskEnd] = field(default_factory=dict)
    runs: dict[str, tuple[Run, ...]] = field(default_factory=dict)
    invalid: dict[str, str] = field(default_factory=dict)
    _began: float = 0.0
    _dag_ended: float | None = None
    _running: dict[str, Cancel] = field(default_factory=dict)
    _stopped: dict[str, str] = field(default_factory=dict)
    _broken: SlipwayError | None = None
    _told: set[str] = field(default_factory=set)
    _done: queue.Queue[Ended] = field(default_factory=queue.Queue)

    def run(self) -> Facts:
        """Run DAG tasks, then finally tasks; return the facts of the end.

        Raises Cancelled once running tasks have stopped, and what made it impossible to go on.
        """
        self._began = time.monotonic()
        with ThreadPoolExecutor(self.parallelism, thread_name_prefix="task") as pool:
            while True:
                facts = self._look()
                self._stop(facts)
                if self._refuse(facts):
                    continue
                ready = self._ready(facts)
                given = state.known(facts) if self._need_others(ready) else Replacements()
                for task in ready:
                    self._begin(pool, task, given)
                if not self._running:
                    break
                self._take()
        if self._broken:
            raise self._broken
        if self.cancel.is_set():
            raise Cancelled(self.cancel.reason or "cancelled", obj=str(self.subject))
        return self._look()

    @cached_property
    def _before(self) -> dict[str, list[str]]:
        return dag.edges(self.tasks)

    @cached_property
    def _last(self) -> frozenset[str]:
        return frozenset(str(spec["name"]) for spec in self.final)

    @cached_property
    def _order(self) -> tuple[str, ...]:
        return tuple(graphlib.TopologicalSorter(self._before).static_order())

    def _need_others(self, ready: Sequence[ResolvedTask]) -> bool:
        """True when one of these tasks may refer to another: collecting all results takes time in a large run."""
        return any("$(tasks." in str(task.spec) for task in ready)

    @cached_property
    def _resolved(self) -> dict[str, ResolvedTask]:
        """The tasks with their runs, in the order of the Pipeline; one is replaced when its runs change."""
        every = (*self.tasks, *self.final)
        return {spec["name"]: ResolvedTask(spec, kind_of(spec), self.runs.get(spec["name"], ())) for spec in every}

    @cached_property
    def _with_expressions(self) -> list[str]:
        """Names of the tasks whose when expressions hold CEL."""
        return [name for name, task in self._resolved.items() if any(w.get("cel") for w in task.spec.get("when") or [])]

    def _look(self) -> Facts:
        facts = self.facts()
        if self._dag_ended is None and skipping.dag_done(facts):
            self._dag_ended = time.monotonic()
            facts = self.facts()
        self._tell(facts)
        return facts

    def facts(self) -> Facts:
        """Return the snapshot of now; once the DAG is done, with what its tasks say to finally tasks."""
        tasks = tuple(self._resolved.values())
        facts = Facts(
            tasks, self._before, self._last, self.asked(), self._timing(), dict(self.invalid), sorted=self._order
        )  # fmt: skip
        if self._dag_ended:
            facts = replace(facts, given=Replacements(state.status_variables(facts)))
        return self._with_cel(facts)

    def _with_cel(self, facts: Facts) -> Facts:
        """Evaluate the CEL of tasks that may start, once no reference is left in it."""
        waiting = [facts.by_name[name] for name in self._with_expressions if not facts.by_name[name].scheduled]
        if not waiting:
            return facts
        found = {task.name: replace(task, cel=self._cel(facts, task)) for task in waiting}
        return replace(facts, state=tuple(found.get(task.name, task) for task in facts.state))

    def _cel(self, facts: Facts, task: ResolvedTask) -> dict[str, bool]:
        known = [one for one in skipping.with_values(facts, task) if "$(" not in str(one.get("cel"))]
        try:
            return when.evaluate(known, self.cel)
        except Invalid as error:
            error.reason, error.field = "CELEvaluationFailed", f"tasks.{task.name}.when"
            raise

    def _timing(self) -> Timing:
        spans = self.timeouts
        return Timing(
            now=time.monotonic(), start=self._began, tasks_end=self._dag_ended, finally_start=self._dag_ended,
            pipeline=spans.pipeline, tasks=spans.tasks, finally_=spans.finally_,
        )  # fmt: skip

    def _ready(self, facts: Facts) -> list[ResolvedTask]:
        if self.cancel.is_set() or self._broken or facts.cancelled:
            return []
        last = [task for task in state.final_queue(facts) if not skipping.finally_skip(facts, task)]
        return [*state.dag_queue(facts), *last]

    def _refuse(self, facts: Facts) -> bool:
        """Note the tasks that can never be created, for want of a result; True when there is a new one."""
        reasons = {task.name: result_refs.missing_reference(facts.by_name, task) for task in state.dag_queue(facts)}
        found = {name: why for name, why in reasons.items() if why}
        self.invalid.update(found)
        for name, why in found.items():
            self._emit(name, "Warning", "ResultValidationFailed", why)
        return bool(found)

    def _begin(self, pool: ThreadPoolExecutor, task: ResolvedTask, given: Replacements) -> None:
        self._know(task.name, (_going(self.run_name(task.name)),))
        self._running[task.name] = Linked(self.cancel)
        pool.submit(self._one, task.name, given, self._running[task.name])

    def _know(self, name: str, found: tuple[Run, ...]) -> None:
        self.runs[name] = found
        self._resolved[name] = replace(self._resolved[name], runs=found)

    def _one(self, name: str, given: Replacements, cancel: Cancel) -> None:
        try:
            self._done.put(Ended(name, self.start(name, given, cancel)))
        except SlipwayError as error:
            self._done.put(Ended(name, None, error))
        except Exception as error:
            self._done.put(Ended(name, None, _unexpected(error)))

    def _stop(self, facts: Facts) -> None:
        """Stop what is out of time, and all when that is asked for."""
        for name, token in self._running.items():
            why = self._why_to_stop(facts, name)
            if why and name not in self._stopped:
                self._stopped[name] = why
                token.set(why)

    def _why_to_stop(self, facts: Facts, name: str) -> str:
        kind = facts.by_name[name].kind
        if facts.timing.late(final=name in facts.final):
            return children.timeout_message(kind)
        wanted = facts.cancelled or (facts.gracefully_cancelled and name not in facts.final)
        return children.cancel_message(kind) if wanted or self._broken else ""

    def _tell(self, facts: Facts) -> None:
        for entry in child_status.skipped_tasks(facts):
            name = entry["name"]
            if name not in self._told:
                self._told.add(name)
                self._emit(name, "Skipped", "Skipped", entry["reason"])

    def _emit(self, name: str, phase: str, reason: str, text: str, **data: Any) -> None:
        self.events.emit(
            self.subject, phase, reason=reason, message=f"{name}: {text}", data={"task": name, **data}
        )  # fmt: skip

    def _take(self) -> None:
        """Wait a little for a task to end, and take all that have."""
        with contextlib.suppress(queue.Empty):
            self._ended(self._done.get(timeout=_LOOK))
            while True:
                self._ended(self._done.get_nowait())

    def _ended(self, ended: Ended) -> None:
        del self._running[ended.name]
        if ended.error and ended.error.reason == DISK_FULL:
            self._broken = ended.error
        end = ended.end or self._no_end(ended)
        self.took(ended.name, end)
        phase = "Succeeded" if end.succeeded else "Failed"
        self._emit(ended.name, phase, end.reason, end.message, seconds=round(end.seconds, 3))
        self.save(ended.name, end)

    def took(self, name: str, end: TaskEnd) -> None:
        """Note how a task ended, now or in an interrupted run before."""
        self.ends[name] = end
        several = self.children(name) or [Child(self.run_name(name), end)]
        self._know(name, tuple(self._run(name, child) for child in several))

    def _no_end(self, ended: Ended) -> TaskEnd:
        """Return the end of a task that could not be run; one that ignores failures does so here as well."""
        if isinstance(ended.error, Cancelled):
            why = self._stopped.get(ended.name) or self.cancel.reason
            return TaskEnd(False, "TaskRunCancelled", f'TaskRun "{self.run_name(ended.name)}" was cancelled. {why}')
        reason = ended.error.reason if ended.error else ""
        ignored = self._resolved[ended.name].spec.get("onError") == "continue"
        return TaskEnd(False, "FailureIgnored" if ignored else reason, str(ended.error))

    def _run(self, task: str, child: Child) -> Run:
        """Return a run of the task as the rules read it."""
        end, name = child.end, child.name
        condition = {"type": "Succeeded", "status": "True" if end.succeeded else "False", "reason": end.reason}
        why = self._stopped.get(task)
        return {
            "metadata": {"name": name},
            "spec": {"params": list(child.params), **({"statusMessage": why} if why else {})},
            "status": {
                "conditions": [condition],
                "results": [{"name": key, "value": value} for key, value in end.results.items()],
                "artifacts": end.artifacts,
            },
        }

    def run_name(self, task: str) -> str:
        """Return the name of a task's run."""
        return child_status.new_names(task, self.name)[0]


def _going(name: str) -> Run:
    condition = {"type": "Succeeded", "status": "Unknown", "reason": "Running"}
    return {"metadata": {"name": name}, "spec": {}, "status": {"conditions": [condition]}}


def _unexpected(error: Exception) -> SlipwayError:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        hint = "free some space, or give another state_dir; what has ended so far is kept"
        return Permanent(f"a task could not go on: {error.strerror}", hint=hint, reason=DISK_FULL)
    return SlipwayError(f"{type(error).__name__}: {error}", reason="Internal")
