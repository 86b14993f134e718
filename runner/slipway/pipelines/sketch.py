# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a run that left none, as far as its records tell: one that still goes on, was cancelled, was killed.

Pure; knows records, must not know files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from slipway.core import Event


@dataclass
class _Task:
    """A TaskRun so far: when it was first and last heard of, its steps with the times they began."""

    task: str
    first: float
    last: float
    steps: dict[str, float] = field(default_factory=dict)


def report(events: Iterable[Event], name: str, status: str, message: str, now: float = 0.0) -> dict[str, Any]:
    """Return the keys of a report for PipelineRun or TaskRun `name`.

    What has no end in the records gets `status`; its time goes to `now`, or to the last record when that is 0.
    """
    tasks: dict[str, _Task] = {}
    ends: dict[str, Event] = {}
    skipped: list[dict[str, str]] = []
    first = last = 0.0
    for event in events:
        if event.subject.name != name and not event.subject.name.startswith(f"{name}-"):
            continue
        first, last = first or event.time, event.time
        if event.subject.kind == "TaskRun" and event.data.get("step"):
            _step(tasks, event)
        elif event.subject.kind == "PipelineRun" and event.data.get("task"):
            _task(ends, skipped, event)
    told = [_task_run(run, one, ends.get(one.task), status, now or last) for run, one in tasks.items()]
    head = {"name": name, "status": status, "message": message, "succeeded": False, "results": {}}
    return {**head, "seconds": (now or last) - first, "task_runs": told, "skipped_tasks": skipped}


def _step(tasks: dict[str, _Task], event: Event) -> None:
    one = tasks.setdefault(event.subject.name, _Task(str(event.data["task"]), event.time, event.time))
    one.last = event.time
    one.steps.setdefault(str(event.data["step"]), event.time)


def _task(ends: dict[str, Event], skipped: list[dict[str, str]], event: Event) -> None:
    task = str(event.data["task"])
    if event.phase == "Skipped":
        skipped.append({"task": task, "reason": event.message.removeprefix(f"{task}: ")})
    elif event.phase in ("Succeeded", "Failed"):
        ends[task] = event


def _task_run(run: str, one: _Task, end: Event | None, status: str, now: float) -> dict[str, Any]:
    cut = end is None or end.reason == "TaskRunCancelled"
    until = end.time if end else now
    begun = [*one.steps.items()]
    steps = []
    for number, (name, began) in enumerate(begun):
        last = number == len(begun) - 1
        reason = status if last and cut else "Error" if last and end and end.phase == "Failed" else "Completed"
        over = until if last else begun[number + 1][1]
        steps.append({"name": name, "exit_code": 0, "termination_reason": reason, "seconds": over - began})
    state = status if end is None else end.reason
    text = "" if end is None else end.message.removeprefix(f"{one.task}: ")
    head = {"task": one.task, "name": run, "status": state, "message": text, "seconds": until - one.first}
    return {**head, "results": {}, "steps": steps}
