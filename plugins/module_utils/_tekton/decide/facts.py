# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The snapshot that every decision about a PipelineRun is made from: its tasks, their order, what was asked, the time.

Plain data with look-ups that are kept once found; the rules are in skipping, state and ending.
Source: tektoncd/pipeline pkg/reconciler/pipelinerun/resources/pipelinerunstate.go (PipelineRunFacts), v1.15.
"""

from __future__ import annotations

import graphlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from . import dag
from .children import ResolvedTask
from .substitution import Replacements

CANCELLED = "Cancelled"
CANCELLED_RUN_FINALLY = "CancelledRunFinally"
STOPPED_RUN_FINALLY = "StoppedRunFinally"


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of a run: moments in seconds of one clock, spans in seconds. None: not known, 0: without end.

    `tasks_end` is when the DAG was done: from then on the span of the tasks does not grow.
    """

    now: float = 0.0
    start: float | None = None
    tasks_end: float | None = None
    finally_start: float | None = None
    pipeline: float | None = None
    tasks: float | None = None
    finally_: float | None = None

    @property
    def pipeline_over(self) -> bool:
        return _over(self.now, self.start, self.pipeline)

    @property
    def tasks_over(self) -> bool:
        return _over(self.now if self.tasks_end is None else self.tasks_end, self.start, self.tasks)

    @property
    def finally_over(self) -> bool:
        return _over(self.now, self.finally_start, self.finally_)

    def late(self, *, final: bool) -> bool:
        """True when a running task is out of time: that of the run, or of its part."""
        return self.pipeline_over or (self.finally_over if final else self.tasks_over)


def _over(now: float, start: float | None, span: float | None) -> bool:
    return start is not None and bool(span) and span is not None and now - start > span


@dataclass(frozen=True)
class Facts:
    """One moment of a PipelineRun. `state` has all tasks in the order of the Pipeline; DAG and finally by name.

    `spec_status` is spec.status of the run; `invalid` names the tasks that could not be created, with the reason;
    `given` are replacements for when expressions beside the results, such as the status of tasks for finally.
    """

    state: tuple[ResolvedTask, ...]
    before: Mapping[str, Sequence[str]]
    final: frozenset[str] = frozenset()
    spec_status: str = ""
    timing: Timing = Timing()
    invalid: Mapping[str, str] = field(default_factory=dict)
    given: Replacements = field(default_factory=Replacements)
    sorted: tuple[str, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, ResolvedTask]:
        """Tasks by name; of two with one name the last counts."""
        return {task.name: task for task in self.state}

    @cached_property
    def dag_tasks(self) -> tuple[ResolvedTask, ...]:
        return tuple(task for task in self.state if task.name in self.before)

    @cached_property
    def final_tasks(self) -> tuple[ResolvedTask, ...]:
        return tuple(task for task in self.state if task.name in self.final)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Names of DAG tasks, parents first; `sorted` when that is known already."""
        return self.sorted or tuple(graphlib.TopologicalSorter(self.before).static_order())

    @cached_property
    def stopping(self) -> bool:
        """True when a DAG task failed, or could not be created, and its failure is not ignored."""
        return any((task.failed or task.name in self.invalid) and not task.ignores_failure for task in self.dag_tasks)

    @property
    def cancelled(self) -> bool:
        return self.spec_status == CANCELLED

    @property
    def gracefully_cancelled(self) -> bool:
        return self.spec_status == CANCELLED_RUN_FINALLY

    @property
    def gracefully_stopped(self) -> bool:
        return self.spec_status == STOPPED_RUN_FINALLY

    @cached_property
    def skips(self) -> dict[str, Any]:
        """Filled by skipping.skip: the verdict on each DAG task."""
        return {}


def of(
    state: Sequence[ResolvedTask],
    tasks: Sequence[Mapping[str, Any]] | None = None,
    final: Sequence[Mapping[str, Any]] = (),
    **more: Any,
) -> Facts:
    """Return the facts of `state`; the DAG is that of `tasks` (all of the state when not given)."""
    listed = [task.spec for task in state] if tasks is None else tasks
    return Facts(tuple(state), dag.edges(listed), frozenset(str(task["name"]) for task in final), **more)
