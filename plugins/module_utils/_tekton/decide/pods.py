# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a pod says about its TaskRun: does it run, how did it fail, what did its steps do.

Reads raw Pods. Source: tektoncd/pipeline pkg/pod/status.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core import gojson
from ..._core.errors import Invalid
from . import entrypoint, termination
from .entrypoint import Reason
from .termination import Kind, Result

Pod = Mapping[str, Any]
Container = Mapping[str, Any]
_STEP, _SIDECAR = "step-", "sidecar-"
_OOM = "OOMKilled"
_IMAGE_ERRORS = frozenset({
    "ImagePullBackOff", "ImageInspectError", "ErrImagePull", "ErrImageNeverPull", "RegistryUnavailable",
    "InvalidImageName",
})  # fmt: skip
_CONFIG_ERROR = "CreateContainerConfigError"
_SUB_PATH = "failed to create subPath directory"


def is_step(name: str) -> bool:
    return name.startswith(_STEP)


def is_sidecar(name: str) -> bool:
    return name.startswith(_SIDECAR)


def _containers(pod: Pod, group: str = "containerStatuses") -> Sequence[Container]:
    found: Sequence[Container] = (pod.get("status") or {}).get(group) or []
    return found


def _state(container: Container, name: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = (container.get("state") or {}).get(name)
    return found


def _name(container: Container) -> str:
    return str(container.get("name", ""))


def _phase(pod: Pod) -> str:
    return str((pod.get("status") or {}).get("phase", ""))


def sidecars_ready(pod: Pod) -> bool:
    """True when every container that is no step runs and is ready, or has ended. An injected one has any name."""
    return _phase(pod) == "Running" and all(
        is_step(_name(one)) or (_state(one, "running") is not None and bool(one.get("ready")))
        or _state(one, "terminated") is not None
        for one in _containers(pod)
    )  # fmt: skip


def sidecar_runs(task_run: Mapping[str, Any]) -> bool:
    """True when the status of a TaskRun has a sidecar that has not ended."""
    found: Sequence[Mapping[str, Any]] = (task_run.get("status") or {}).get("sidecars") or []
    return any(one.get("terminated") is None for one in found)


def is_archived(pod: str, retries: Sequence[Mapping[str, Any]]) -> bool:
    """True when the pod of this name is that of an earlier attempt (status.retriesStatus)."""
    return any(one.get("podName") == pod for one in retries)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a TaskRun's pod failed: reason of the condition, and its message."""

    reason: str
    message: str


def _oom(container: Container) -> bool:
    return (_state(container, "terminated") or {}).get("reason") == _OOM


def _exited(container: Container) -> bool:
    return bool((_state(container, "terminated") or {}).get("exitCode"))


def failure(pod: Pod) -> Failure:
    """Return the failure that most likely is the cause: eviction, init container, lack of memory, then exit codes.

    Of steps and sidecars the sidecar comes first; one that runs as an init container is a sidecar as well.
    """
    status = pod.get("status") or {}
    if status.get("reason") == "Evicted":
        return Failure("PodEvicted", str(status.get("message", "")))
    for reason, container in _failed_containers(pod):
        message = _message(container) or _OOM
        start = "init container failed, " if reason.startswith("InitContainer") else ""
        return Failure(reason, start + message)
    return Failure("Failed", str(status.get("message") or "build failed for unspecified reasons."))


def _failed_containers(pod: Pod) -> Iterator[tuple[str, Container]]:
    own, init = _containers(pod), _containers(pod, "initContainerStatuses")
    for one in init:
        if not is_sidecar(_name(one)) and (_oom(one) or _exited(one)):
            yield ("InitContainerOOM" if _oom(one) else "InitContainerFailed"), one
    sidecars = [one for one in (*init, *own) if is_sidecar(_name(one))]
    steps = [one for one in own if is_step(_name(one))]
    for word, test in (("OOM", _oom), ("Failed", _exited)):
        for kind, containers in (("Sidecar", sidecars), ("Step", steps)):
            yield from ((f"{kind}{word}", one) for one in containers if test(one))


def _message(container: Container) -> str:
    ended = _state(container, "terminated") or {}
    if Result("Reason", Reason.TIMEOUT, Kind.INTERNAL) in _entries(ended):
        return f'"{container["name"]}" exited because the step exceeded the specified timeout limit'
    if not ended.get("exitCode"):
        return ""
    why = f": {ended['reason']}" if ended.get("reason") else ""
    return f'"{container["name"]}" exited with code {ended["exitCode"]}{why}'


def _entries(ended: Mapping[str, Any]) -> list[Result]:
    try:
        return termination.parse(str(ended.get("message") or ""))
    except Invalid:
        return []


def failed(pod: Pod) -> bool:
    """True when the pod failed, or a step ended with an exit code or for lack of memory."""
    return _phase(pod) == "Failed" or any(
        is_step(_name(one)) and (_oom(one) or _exited(one)) for one in _containers(pod)
    )


def condition(pod: Pod, *, on_error: str = "", wait_for_results: bool = False) -> dict[str, str]:
    """Return the Succeeded condition of the pod's TaskRun: status, reason, message.

    `wait_for_results`: the log of the results sidecar is read, so it has to end as well.
    """
    if _phase(pod) in ("Succeeded", "Failed") or _ended(pod, wait_for_results):
        if not failed(pod):
            return _condition("True", "Succeeded", "All Steps have completed executing")
        found = failure(pod)
        return _condition("False", "FailureIgnored" if on_error == "continue" else found.reason, found.message)
    return incomplete(pod)


def _ended(pod: Pod, wait_for_results: bool) -> bool:
    awaited = [
        one
        for one in _containers(pod)
        if is_step(_name(one)) or (wait_for_results and one.get("name") == RESULTS_SIDECAR)
    ]
    started = bool(_containers(pod)) and _phase(pod) == "Running"
    return started and all(_state(one, "terminated") is not None for one in awaited)


def incomplete(pod: Pod) -> dict[str, str]:
    """Return the condition of a TaskRun whose pod has not ended."""
    if _phase(pod) != "Pending":
        return _condition("Unknown", "Running", "Not all Steps in the Task have finished executing")
    if _exceeds_node(pod):
        return _condition("Unknown", "ExceededNodeResources", "TaskRun Pod exceeded available resources")
    if sub_path_is_missing(pod):
        return _condition("Unknown", "Pending", "Waiting for subPath directory creation to complete")
    waiting = {str(one.get("reason", "")) for one in _waiting(pod)}
    if _CONFIG_ERROR in waiting:
        return _condition("False", _CONFIG_ERROR, "Failed to create pod due to config error")
    return _condition("Unknown", "PullImageFailed" if waiting & _IMAGE_ERRORS else "Pending", _pending_message(pod))


def _waiting(pod: Pod) -> list[Mapping[str, Any]]:
    return [found for one in _containers(pod) if (found := _state(one, "waiting")) is not None]


def sub_path_is_missing(pod: Pod) -> bool:
    """True when a container waits for the folder of a subPath, which comes with the volume."""
    return any(one.get("reason") == _CONFIG_ERROR and _SUB_PATH in one.get("message", "") for one in _waiting(pod))


def _conditions(pod: Pod) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = (pod.get("status") or {}).get("conditions") or []
    return found


def _exceeds_node(pod: Pod) -> bool:
    return any(
        one.get("reason") == "Unschedulable" and "Insufficient" in one.get("message", "") for one in _conditions(pod)
    )


def _pending_message(pod: Pod) -> str:
    for one in _containers(pod):
        said = (_state(one, "waiting") or {}).get("message")
        if said:
            return f'build step "{one["name"]}" is pending with reason "{said}"'
    for one in _conditions(pod):
        if one.get("status") != "True":
            parts = (one.get(name, "") for name in ("type", "status", "message"))
            return 'pod status "{}":"{}"; message: "{}"'.format(*parts)
    return str((pod.get("status") or {}).get("message") or "Pending")


def _condition(status: str, reason: str, message: str) -> dict[str, str]:
    return {"type": "Succeeded", "status": status, "reason": reason, "message": message}


RESULTS_SIDECAR = "sidecar-tekton-log-results"


def ordered(pod: Pod) -> list[Container]:
    """Return the container statuses in the order of the pod's spec; others follow."""
    by_name = {one.get("name"): one for one in _containers(pod)}
    names = [one["name"] for one in (pod.get("spec") or {}).get("containers") or []]
    first = [by_name[name] for name in names if name in by_name]
    return [*first, *(one for one in _containers(pod) if one.get("name") not in names)]


def sidecar_states(pod: Pod) -> list[dict[str, Any]]:
    """Return status.sidecars of the TaskRun."""
    return [_named(one, _SIDECAR) for one in ordered(pod) if is_sidecar(_name(one))]


def step_states(pod: Pod) -> list[dict[str, Any]]:
    """Return status.steps of the TaskRun: as the containers, with what the entrypoints left in their messages."""
    return [_step(one) for one in ordered(pod) if is_step(_name(one))]


def _named(container: Container, prefix: str) -> dict[str, Any]:
    entry = {**(container.get("state") or {}), "name": container["name"].removeprefix(prefix)}
    entry["container"] = container["name"]
    return entry | ({"imageID": container["imageID"]} if container.get("imageID") else {})


def _step(container: Container) -> dict[str, Any]:
    entry = _named(container, _STEP)
    ended = entry.get("terminated")
    if not ended or not ended.get("message"):
        return entry
    found = _entries(ended)
    internal = {one.key: one.value for one in found if one.kind == Kind.INTERNAL}
    kept = [one.as_dict() for one in found if one.kind != Kind.INTERNAL]
    shown = {key: value for key, value in ended.items() if key != "message"}
    shown |= {"message": gojson.dumps(kept, sort=False)} if kept else {}
    shown |= {"startedAt": internal["StartedAt"]} if internal.get("StartedAt") else {}
    shown |= {"exitCode": int(internal["ExitCode"])} if internal.get("ExitCode") else {}
    reason = internal.get("Reason") or (Reason.CONTINUED.value if "ExitCode" in internal else ended.get("reason", ""))
    return {**entry, "terminated": shown, "terminationReason": reason}


def task_results(pod: Pod) -> list[dict[str, Any]]:
    """Return status.results as far as the entrypoints' messages have them, of several with one name the last."""
    out: dict[str, dict[str, Any]] = {}
    for container in ordered(pod):
        for one in _entries(_state(container, "terminated") or {}):
            if one.kind == Kind.TASK_RUN:
                value = entrypoint.value_of(one.value)
                kind = "array" if isinstance(value, list) else "object" if isinstance(value, dict) else "string"
                out[one.key] = {"name": one.key, "type": kind, "value": value}
    return list(out.values())
