# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Takes ends of tasks from an earlier run, so that a new one starts in the middle.

Knows the reports that Store keeps; must not know which tasks are worth it: the caller names them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .._core.errors import Refused
from .._core.redact import MASK
from .act.executor import TaskEnd, end_of
from .history import kept_run
from .loop import Child
from .pipelinetask import together


@dataclass(frozen=True, slots=True)
class Reuse:
    """The tasks of the PipelineRun `run` that count as done."""

    run: str
    tasks: Sequence[str]


def ends(reuse: Reuse, state_dir: str) -> dict[str, dict[str, Any]]:
    """Return the ends of the tasks, as the state of an interrupted run has them.

    Refused for a task that did not succeed, and for one whose results were not kept because they hold a secret.
    """
    kept = kept_run(reuse.run, state_dir, "PipelineRun")
    found: dict[str, list[Mapping[str, Any]]] = {}
    for entry in kept.report.get("task_runs") or []:
        found.setdefault(str(entry["task"]), []).append(entry)
    return {task: asdict(_end(task, found.get(task) or [], reuse.run)) for task in reuse.tasks}


def _end(task: str, entries: Sequence[Mapping[str, Any]], run: str) -> TaskEnd:
    children = [Child(str(entry["name"]), _one(entry)) for entry in entries]
    obj = f"PipelineRun {run}"
    if not children or not all(child.end.succeeded for child in children):
        raise Refused(f"task {task} did not succeed there, so its results cannot be used again", obj=obj)
    if any(MASK in str(child.end.results) for child in children):
        hint = f"run it again: --from {task}"
        raise Refused(f"results of task {task} hold a secret and were not kept", obj=obj, hint=hint)
    return children[0].end if len(children) == 1 else together(children)


def _one(entry: Mapping[str, Any]) -> TaskEnd:
    known = {name: entry[name] for name in ("message", "results", "seconds", "steps")}
    return end_of({**known, "succeeded": entry["status"] in ("Succeeded", "Completed"), "reason": entry["status"]})
