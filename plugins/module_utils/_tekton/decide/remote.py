# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Runs that a real Tekton executes: which given objects they need, and what their status says, in our own words.

Reads raw PipelineRuns, TaskRuns and their Pods. Source of the shapes: tektoncd/pipeline pkg/apis/pipeline/v1, v1.15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.clock import parse_rfc3339
from .params import Value

Obj = Mapping[str, Any]
Find = Callable[[str, str], Obj | None]
PIPELINE_TASK, PIPELINE_RUN, TASK_RUN = "tekton.dev/pipelineTask", "tekton.dev/pipelineRun", "tekton.dev/taskRun"
CANCELLED = {"PipelineRun": "Cancelled", "TaskRun": "TaskRunCancelled"}


@dataclass(frozen=True, slots=True)
class Ended:
    """The condition Succeeded of a run: status True, False or Unknown ("" before there is one)."""

    status: str
    reason: str
    message: str

    @property
    def done(self) -> bool:
        """True when it will not change any more."""
        return self.status in ("True", "False")


def condition(run: Obj) -> Ended:
    """Return where a run stands."""
    for one in (run.get("status") or {}).get("conditions") or []:
        if one.get("type") == "Succeeded":
            return Ended(*(str(one.get(key) or "") for key in ("status", "reason", "message")))
    return Ended("", "", "")


def needed(run: Obj, find: Find) -> list[Obj]:
    """Return those of the given Tekton objects that a run refers to, what they refer to first. `find` by kind, name."""
    out: dict[tuple[str, str], Obj] = {}
    for kind, name in _references(run.get("spec") or {}):
        found = find(kind, name)
        if found is not None and (kind, name) not in out:
            for one in needed(found, find):
                out[str(one["kind"]), str(one["metadata"]["name"])] = one
            out[kind, name] = found
    return list(out.values())


def _references(value: Any) -> Iterator[tuple[str, str]]:
    """Yield what pipelineRef, taskRef and the ref of a step name; one with a resolver is the cluster's own matter."""
    kinds = {"pipelineRef": "Pipeline", "taskRef": "Task", "ref": "StepAction"}
    if isinstance(value, Mapping):
        for key, one in value.items():
            if key in kinds and isinstance(one, Mapping) and one.get("name") and not one.get("resolver"):
                yield kinds[key], str(one["name"])
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def with_params(run: Obj, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the run with these values of params over its own."""
    if not extra:
        return dict(run)
    spec = run.get("spec") or {}
    given = {one["name"]: one for one in spec.get("params") or []}
    given |= {name: {"name": name, "value": value} for name, value in extra.items()}
    return {**run, "spec": {**spec, "params": list(given.values())}}


def results(run: Obj) -> dict[str, Value]:
    """Return the results by name."""
    found = (run.get("status") or {}).get("results") or []
    return {str(one["name"]): one["value"] for one in found if "value" in one}


def seconds(run: Obj) -> float:
    """Return how long a run took, 0 when it has not ended."""
    status = run.get("status") or {}
    if not status.get("startTime") or not status.get("completionTime"):
        return 0.0
    return parse_rfc3339(str(status["completionTime"])) - parse_rfc3339(str(status["startTime"]))


def began(run: Obj) -> float:
    """Return when a run started, in seconds since 1970, 0 when it has not."""
    start = (run.get("status") or {}).get("startTime")
    return parse_rfc3339(str(start)) if start else 0.0


def skipped(run: Obj) -> list[dict[str, str]]:
    """Return the skipped tasks with their reasons."""
    found = (run.get("status") or {}).get("skippedTasks") or []
    return [{"task": str(one["name"]), "reason": str(one.get("reason") or "")} for one in found]


def task_of(task_run: Obj) -> str:
    """Return the pipeline task of a TaskRun, its own name when it stands alone."""
    meta = task_run["metadata"]
    return str((meta.get("labels") or {}).get(PIPELINE_TASK) or meta["name"])


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a TaskRun that has ended. Times in seconds, `began` since 1970."""

    name: str
    exit_code: int
    reason: str
    began: float
    seconds: float
    results: Mapping[str, Value]


def steps(task_run: Obj) -> list[Step]:
    """Return the steps that have ended."""
    found = (task_run.get("status") or {}).get("steps") or []
    return [_step(one) for one in found if one.get("terminated")]


def _step(entry: Mapping[str, Any]) -> Step:
    ended = entry["terminated"]
    start, end = (parse_rfc3339(str(ended[key])) if ended.get(key) else 0.0 for key in ("startedAt", "finishedAt"))
    return Step(
        name=str(entry.get("name") or ""),
        exit_code=int(ended.get("exitCode") or 0),
        reason=str(entry.get("terminationReason") or ended.get("reason") or ""),
        began=start,
        seconds=max(0.0, end - start),
        results={str(one["name"]): one["value"] for one in entry.get("results") or [] if "value" in one},
    )


def started_steps(pod: Obj) -> list[str]:
    """Return the containers of the steps that have begun: all have a process from the start, each waits for its turn."""
    statuses = {one["name"]: one.get("state") or {} for one in (pod.get("status") or {}).get("containerStatuses") or []}
    names = [str(one["name"]) for one in (pod.get("spec") or {}).get("containers") or []]
    out: list[str] = []
    for name in (name for name in names if name.startswith("step-")):
        state = statuses.get(name) or {}
        if "running" in state or "terminated" in state:
            out.append(name)
        if "terminated" not in state:
            break
    return out


def ended_containers(pod: Obj | None) -> Sequence[str]:
    """Return the containers that have ended; of a pod that is gone all names count, so ask `pod is None` first."""
    found = ((pod or {}).get("status") or {}).get("containerStatuses") or []
    return [str(one["name"]) for one in found if "terminated" in (one.get("state") or {})]
