# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a pod of ours says about its TaskRun, by Tekton's own rules.

In our pods steps are init containers; here they are shown as Tekton's rules (`pods`) know them, as containers.
Source: tektoncd/pipeline pkg/pod/status.go, pkg/reconciler/taskrun/taskrun.go (checkPodFailed), v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core import duration
from ..._core.clock import parse_rfc3339
from ..._core.errors import Invalid
from . import entrypoint, pods, results, substitution, termination
from .params import Value
from .termination import Kind

Pod = Mapping[str, Any]
_PULL_FAILED = ("ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
_SKIPPED = {"exitCode": 1, "reason": "Error", "message": '[{"key":"Reason","value":"Skipped","type":3}]'}


@dataclass(frozen=True, slots=True)
class Step:
    """A step as it stands: `state` is waiting, running or terminated. Times are seconds since 1970, 0 for none."""

    name: str
    container: str
    state: str
    exit_code: int = 0
    reason: str = ""
    began: float = 0.0
    ended: float = 0.0
    results: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition Succeeded of the TaskRun: status True, False or Unknown."""

    status: str
    reason: str
    message: str


def view(pod: Pod) -> dict[str, Any]:
    """Return the pod with its steps as containers in order; steps after a failed one are skipped ones."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    both = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    known = {one["name"]: one for one in both}
    names = [one["name"] for group in ("initContainers", "containers") for one in spec.get(group) or []]
    steps = [name for name in names if pods.is_step(name)]
    shown = _with_skipped([known[name] for name in steps if name in known])
    started = any("waiting" not in (one.get("state") or {"waiting": {}}) for one in shown)
    phase = "Running" if started and status.get("phase") == "Pending" else status.get("phase")
    containers = [{"name": name} for name in steps]
    return {
        **pod,
        "spec": {"containers": containers},
        "status": {**status, "phase": phase, "containerStatuses": shown, "initContainerStatuses": []},
    }


def _with_skipped(statuses: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    out: list[Mapping[str, Any]] = []
    failed = False
    for one in statuses:
        out.append({**one, "state": {"terminated": _SKIPPED}} if failed else one)
        failed = failed or bool(((one.get("state") or {}).get("terminated") or {}).get("exitCode"))
    return out


def condition(pod: Pod, task_run: str, timeout: float) -> Condition:
    """Return where the TaskRun stands; what will never start by itself counts as failed at once."""
    status = pod.get("status") or {}
    if status.get("reason") == "DeadlineExceeded":
        return timed_out(task_run, timeout)
    shown = view(pod)
    stuck = None if status.get("phase") in ("Succeeded", "Failed") else _stuck(pod, task_run)
    if stuck:
        return stuck
    found = pods.condition(shown)
    return Condition(found["status"], found["reason"], found["message"])


def timed_out(task_run: str, timeout: float) -> Condition:
    """Return the end of a TaskRun that took longer than `timeout` seconds."""
    text = f'TaskRun "{task_run}" failed to finish within "{duration.format_go(timeout)}"'
    return Condition("False", "TaskRunTimeout", text)


def _stuck(pod: Pod, task_run: str) -> Condition | None:
    status = pod.get("status") or {}
    for one in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        waiting = (one.get("state") or {}).get("waiting") or {}
        kind, _, name = str(one["name"]).partition("-")
        if waiting.get("reason") in _PULL_FAILED:
            text = f'The {kind} "{name}" in TaskRun "{task_run}" failed to pull the image "{one.get("imageID", "")}". '
            text += f'The pod errored with the message: "{waiting.get("message", "")}."'
            return Condition("False", "TaskRunImagePullFailed", text)
        if waiting.get("reason") == "CreateContainerConfigError" and not pods.sub_path_is_missing(pod):
            return Condition("False", "CreateContainerConfigError", "Failed to create pod due to config error")
    return None


def waits_for(pod: Pod) -> str:
    """Say what a pod that has not begun waits for, "" when its steps run."""
    shown = view(pod)
    return pods.incomplete(shown)["message"] if shown["status"].get("phase") == "Pending" else ""


def steps(pod: Pod) -> list[Step]:
    """Return the steps in order."""
    shown = view(pod)
    raw = {one["name"]: one for one in pods.ordered(shown)}
    return [_step(entry, raw[entry["container"]]) for entry in pods.step_states(shown)]


def _step(entry: Mapping[str, Any], raw: Mapping[str, Any]) -> Step:
    state = next((name for name in ("terminated", "running") if entry.get(name)), "waiting")
    ended = entry.get("terminated") or {}
    told = _told(raw)
    return Step(
        name=str(entry["name"]),
        container=str(entry["container"]),
        state=state,
        exit_code=int(ended.get("exitCode") or 0),
        reason=str(entry.get("terminationReason") or ended.get("reason") or ""),
        began=_time((entry.get(state) or {}).get("startedAt")),
        ended=_time(ended.get("finishedAt")),
        results={one.key: one.value for one in told if one.kind == Kind.STEP},
    )


def _told(status: Mapping[str, Any]) -> list[termination.Result]:
    try:
        return termination.parse(str(((status.get("state") or {}).get("terminated") or {}).get("message") or ""))
    except Invalid:
        return []


def _time(text: object) -> float:
    return parse_rfc3339(str(text)) if text else 0.0


def written(pod: Pod) -> dict[str, str]:
    """Return the texts of the Task's results that steps have told of; of several the last."""
    told = [one for status in pods.ordered(view(pod)) for one in _told(status)]
    return {one.key: one.value for one in told if one.kind == Kind.TASK_RUN}


def not_started(pod: Pod) -> list[str]:
    """Say why steps could not be started, such as for lack of a shell in the image."""
    out = []
    for status in pods.ordered(view(pod)):
        ended = (status.get("state") or {}).get("terminated") or {}
        if ended.get("reason") in ("StartError", "ContainerCannotRun") and ended.get("message"):
            out.append(f"{status['name']}: {ended['message']}")
    return out


def artifacts(pod: Pod) -> dict[str, Any]:
    """Return what the TaskRun says it used and made, as the last step has told; what is no such JSON is not said."""
    told = [one.value for status in pods.ordered(view(pod)) for one in _told(status) if one.kind == Kind.ARTIFACTS]
    try:
        return entrypoint.artifacts_of(told[-1]) if told else {}
    except Invalid:
        return {}


def task_results(spec: Mapping[str, Any], raw: Mapping[str, str], found: Sequence[Step], who: str) -> dict[str, Value]:
    """Return the typed results of a Task: those of files, and those made of results of steps. Invalid for a wrong type."""
    out = results.read(spec.get("results") or [], raw, who)
    merged = spec.get("steps") or []
    own = {one.name: results.read(_declared(merged, one.name), one.results, who) for one in found}
    promoted = results.known(own, prefix="steps")
    for one in spec.get("results") or []:
        if "value" in one and one["name"] not in out:
            value = substitution.whole(one["value"], promoted)
            if "$(steps." not in str(value):
                out[one["name"]] = value
    return out


def _declared(entries: Sequence[Mapping[str, Any]], name: str) -> Sequence[Mapping[str, Any]]:
    found = next((e for index, e in enumerate(entries) if (e.get("name") or f"unnamed-{index}") == name), {})
    declared: Sequence[Mapping[str, Any]] = found.get("results") or []
    return declared


def step_results(spec: Mapping[str, Any], step: Step, who: str) -> dict[str, Value]:
    """Return the typed results of a step, none when they are not of their type."""
    try:
        return results.read(_declared(spec.get("steps") or [], step.name), step.results, who)
    except Invalid:
        return {}
