# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where a pipeline run stands, what starts next, what is skipped and why, and how it ended.

Pure functions over a snapshot. Source: tektoncd/pipeline
pkg/reconciler/pipelinerun/resources/pipelinerunstate.go and pipelinerunresolution.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from . import dag, results, when
from .params import Value
from .substitution import Replacements


class Status(StrEnum):
    """Of one pipeline task."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    IGNORED = "FailureIgnored"
    CANCELLED = "Cancelled"
    SKIPPED = "Skipped"

    @property
    def done(self) -> bool:
        return self not in (Status.PENDING, Status.RUNNING)


class Skip(StrEnum):
    """Why a task was skipped, letter by letter."""

    WHEN = "When Expressions evaluated to false"
    PARENT = "Parent Tasks were skipped"
    RESULTS = "Results were missing"
    STOPPING = "PipelineRun was stopping"
    CANCELLED = "PipelineRun was gracefully cancelled"
    PIPELINE_TIMEOUT = "PipelineRun timeout has been reached"
    TASKS_TIMEOUT = "PipelineRun Tasks timeout has been reached"
    FINALLY_TIMEOUT = "PipelineRun Finally timeout has been reached"


@dataclass(slots=True)
class Task:
    """One task of the pipeline and what became of it. `reason` is that of its TaskRun's condition."""

    name: str
    spec: Mapping[str, Any]
    status: Status = Status.PENDING
    skip: Skip | None = None
    reason: str = ""
    results: dict[str, Value] = field(default_factory=dict)


@dataclass(slots=True)
class Facts:
    """A snapshot: DAG tasks and finally tasks by name, and what stops the run."""

    tasks: dict[str, Task]
    finally_: dict[str, Task]
    cancelled: bool = False
    timed_out: str = ""  # "", "tasks", "pipeline", "finally"
    invalid: str = ""

    @property
    def stopping(self) -> bool:
        return any(task.status is Status.FAILED for task in self.tasks.values())


def all_results(facts: Facts) -> dict[str, dict[str, Value]]:
    """Return the results of every task that has some."""
    return {name: task.results for name, task in facts.tasks.items() if task.status.done and task.results}


def next_tasks(facts: Facts, given: Replacements) -> tuple[list[str], dict[str, Skip]]:
    """Return the DAG tasks that may start now, and those that are skipped now with the reason."""
    before = dag.edges([task.spec for task in facts.tasks.values()])
    start: list[str] = []
    skipped: dict[str, Skip] = {}
    for name, task in facts.tasks.items():
        if task.status is not Status.PENDING:
            continue
        parents = [facts.tasks[parent] for parent in before[name]]
        if not _stopped(facts) and not all(parent.status.done for parent in parents):
            continue
        reason = _skip(facts, task, parents, given)
        if reason:
            skipped[name] = reason
        else:
            start.append(name)
    return start, skipped


def _stopped(facts: Facts) -> bool:
    return facts.stopping or facts.cancelled or bool(facts.timed_out)


def _skip(facts: Facts, task: Task, parents: Sequence[Task], given: Replacements) -> Skip | None:
    """The order of the reasons is upstream's."""
    if facts.stopping:
        return Skip.STOPPING
    if facts.cancelled:
        return Skip.CANCELLED
    if _when_is_false(facts, task, given):
        return Skip.WHEN
    if any(parent.status is Status.SKIPPED and parent.skip is not Skip.WHEN for parent in parents):
        return Skip.PARENT
    if missing_results(facts, task):
        return Skip.RESULTS
    if facts.timed_out == "pipeline":
        return Skip.PIPELINE_TIMEOUT
    return Skip.TASKS_TIMEOUT if facts.timed_out == "tasks" else None


def missing_results(facts: Facts, task: Task) -> list[results.Missing]:
    """Return the results that the task uses and that are not there."""
    spec = task.spec
    return results.missing([spec.get("params"), spec.get("when"), spec.get("matrix")], all_results(facts))


def broken_reference(facts: Facts, task: Task) -> results.Missing | None:
    """Return a used result whose producer succeeded without writing it: the run ends PipelineValidationFailed."""
    for entry in missing_results(facts, task):
        producer = facts.tasks.get(entry.task)
        if producer is not None and producer.status in (Status.SUCCEEDED, Status.IGNORED):
            return entry
    return None


def _when_is_false(facts: Facts, task: Task, given: Replacements) -> bool:
    expressions = task.spec.get("when") or []
    if not expressions or results.missing(expressions, all_results(facts)):
        return False
    return not when.allows(when.replaced(expressions, given))


def dag_done(facts: Facts) -> bool:
    return all(task.status.done for task in facts.tasks.values())


def finally_tasks(facts: Facts, given: Replacements) -> tuple[list[str], dict[str, Skip]]:
    """Return the finally tasks to start, all together, and those that are skipped."""
    start: list[str] = []
    skipped: dict[str, Skip] = {}
    for name, task in facts.finally_.items():
        if task.status is not Status.PENDING:
            continue
        if missing_results(facts, task):
            skipped[name] = Skip.RESULTS
        elif _when_is_false(facts, task, given):
            skipped[name] = Skip.WHEN
        elif facts.timed_out == "pipeline":
            skipped[name] = Skip.PIPELINE_TIMEOUT
        else:
            start.append(name)
    return start, skipped


def status_variables(facts: Facts) -> dict[str, str]:
    """Return $(tasks.T.status), $(tasks.T.reason) and $(tasks.status) for finally tasks."""
    out = {"tasks.status": aggregate(facts)}
    for name, task in facts.tasks.items():
        failed = task.status in (Status.FAILED, Status.IGNORED, Status.CANCELLED)
        word = "Failed" if failed else "Succeeded" if task.status is Status.SUCCEEDED else "None"
        out[f"tasks.{name}.status"] = word
        out[f"tasks.{name}.reason"] = task.reason if word != "None" else ""
    return out


def aggregate(facts: Facts) -> str:
    """Return the aggregate of the DAG tasks: Failed (also by ignored failures), Completed, Succeeded or None."""
    tasks = facts.tasks.values()
    if any(task.status in (Status.FAILED, Status.IGNORED, Status.CANCELLED) for task in tasks):
        return "Failed"
    if any(task.status is Status.SKIPPED for task in tasks):
        return "Completed"
    return "Succeeded" if tasks else "None"


@dataclass(frozen=True, slots=True)
class Condition:
    """The run's end: status "True" or "False", reason and message."""

    status: str
    reason: str
    message: str


def condition(facts: Facts) -> Condition:
    """Return how the run ended. Source: GetPipelineConditionStatus."""
    every = [*facts.tasks.values(), *facts.finally_.values()]
    count = {status: sum(task.status is status for task in every) for status in Status}
    failed, cancelled, skipped = count[Status.FAILED], count[Status.CANCELLED], count[Status.SKIPPED]
    ignored = count[Status.IGNORED]
    completed = count[Status.SUCCEEDED] + failed + cancelled + ignored
    inner = f"Failed: {failed + ignored}{f' (Ignored: {ignored})' if ignored else ''}, Cancelled {cancelled}"
    message = f"Tasks Completed: {completed} ({inner}), Skipped: {skipped}"
    if facts.invalid:
        return Condition("False", "PipelineValidationFailed", facts.invalid)
    if facts.timed_out in ("pipeline", "tasks"):
        return Condition("False", "PipelineRunTimeout", message)
    if failed:
        return Condition("False", "Failed", message)
    if cancelled or facts.cancelled:
        return Condition("False", "Cancelled", message)
    return Condition("True", "Completed" if skipped else "Succeeded", message)
