# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a pod does next, and what its status says.

Pure: from the spec and the states of the containers to starts, the end, and the status object.
Source of the rules: Kubernetes 1.36 pkg/kubelet/kubelet_pods.go getPhase,
pkg/kubelet/status/generate.go, pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import parse_rfc3339, rfc3339
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, deep_get

BACKOFF_FIRST, BACKOFF_MOST, BACKOFF_RESET = 10.0, 300.0, 600.0


@dataclass(slots=True)
class State:
    """Where one container stands. Times are unix seconds; `restart_at` is when it may start again."""

    name: str
    image: str = ""
    phase: str = "waiting"  # waiting, running, terminated
    reason: str = "ContainerCreating"
    message: str = ""
    started_at: float = 0.0
    finished_at: float = 0.0
    exit_code: int = 0
    restarts: int = 0
    failures: int = 0
    restart_at: float = 0.0
    ready: bool = False
    started: bool = False
    image_id: str = ""
    container_id: str = ""
    last: dict[str, Any] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether it has ended well."""
        return self.phase == "terminated" and self.exit_code == 0


def policy(pod: Manifest) -> str:
    """Return the pod's restart policy."""
    return str(deep_get(pod, "spec", "restartPolicy", default="Always"))


def is_sidecar(container: Manifest) -> bool:
    """Return whether an init container runs beside the containers (restartPolicy Always)."""
    return container.get("restartPolicy") == "Always"


def restarts_again(pod: Manifest, container: Manifest, state: State, *, init: bool) -> bool:
    """Return whether an ended container is started again."""
    if init and is_sidecar(container):
        return True
    rule = policy(pod)
    if init or rule == "OnFailure":
        return state.exit_code != 0 and rule != "Never"
    return rule == "Always"


def backoff(failures: int) -> float:
    """Return the seconds before the next start: the first one is at once, then 10, 20, 40 ... 300."""
    return 0.0 if failures <= 0 else min(BACKOFF_FIRST * 2.0 ** (failures - 1), BACKOFF_MOST)


@dataclass(frozen=True, slots=True)
class Next:
    """What to do now: containers to start, when to look again, or how the pod ended ("Succeeded", "Failed")."""

    start: tuple[str, ...] = ()
    wake_at: float | None = None
    end: str = ""


def next_actions(pod: Manifest, states: Mapping[str, State], now: float) -> Next:
    """Return what follows from the states: init containers one after another, then all containers."""
    spec = pod["spec"]
    starts: list[str] = []
    wakes: list[float] = []
    for container in spec.get("initContainers") or []:
        state = states[container["name"]]
        if _blocked(pod, container, state):
            return Next(end="Failed")
        _consider(pod, container, state, now, starts, wakes, init=True)
        if not _passed(container, state):
            return Next(tuple(starts), min(wakes, default=None))
    mains = [(container, states[container["name"]]) for container in spec.get("containers") or []]
    end = _end(pod, mains)
    if end:
        return Next(end=end)
    for container, state in mains:
        _consider(pod, container, state, now, starts, wakes, init=False)
    return Next(tuple(starts), min(wakes, default=None))


def _blocked(pod: Manifest, container: Manifest, state: State) -> bool:
    over = state.phase == "terminated" and state.exit_code != 0
    return over and not restarts_again(pod, container, state, init=True)


def _passed(container: Manifest, state: State) -> bool:
    if is_sidecar(container):
        return state.phase == "running" and state.started
    return state.succeeded


def _consider(
    pod: Manifest, container: Manifest, state: State, now: float, starts: list[str], wakes: list[float], *, init: bool
) -> None:
    due = state.phase == "waiting" or (state.phase == "terminated" and restarts_again(pod, container, state, init=init))
    if due and now >= state.restart_at:
        starts.append(container["name"])
    elif due:
        wakes.append(state.restart_at)


def _end(pod: Manifest, mains: Iterable[tuple[Manifest, State]]) -> str:
    states = list(mains)
    if any(s.phase != "terminated" or restarts_again(pod, c, s, init=False) for c, s in states):
        return ""
    return "Succeeded" if all(state.exit_code == 0 for _, state in states) else "Failed"


def phase(pod: Manifest, states: Mapping[str, State]) -> str:
    """Return the pod's phase."""
    found = next_actions(pod, states, now=0.0)
    if found.end:
        return found.end
    inits = [(c, states[c["name"]]) for c in pod["spec"].get("initContainers") or []]
    if not all(_passed(container, state) or state.last for container, state in inits if not is_sidecar(container)):
        return "Pending"
    mains = [states[container["name"]] for container in pod["spec"].get("containers") or []]
    if any(state.phase == "waiting" and not state.last for state in mains):
        return "Pending"
    return "Running"


def status(pod: Manifest, states: Mapping[str, State], *, ip: str, host_ip: str, now: float, end: str = "") -> Manifest:
    """Return the whole status. `end` overrides the phase ("Failed" of a refused or overdue pod)."""
    spec = pod["spec"]
    inits = spec.get("initContainers") or []
    running = end or phase(pod, states)
    result: Manifest = {
        "phase": running,
        "hostIP": host_ip,
        "hostIPs": [{"ip": host_ip}],
        "startTime": deep_get(pod, "status", "startTime", default=rfc3339(now)),
        "conditions": _conditions(pod, states, running, now),
        "containerStatuses": [container_status(states[c["name"]]) for c in spec.get("containers") or []],
    }
    if inits:
        result["initContainerStatuses"] = [container_status(states[c["name"]], init=not is_sidecar(c)) for c in inits]
    if ip:
        result.update(podIP=ip, podIPs=[{"ip": ip}])
    return result


def container_status(state: State, *, init: bool = False) -> Manifest:
    """Return one entry of containerStatuses."""
    result: Manifest = {
        "name": state.name,
        "image": state.image,
        "imageID": state.image_id,
        "ready": (state.succeeded if init else state.ready and state.phase == "running"),
        "started": state.phase == "running" and (state.started or init),
        "restartCount": state.restarts,
        "state": current(state),
        "lastState": state.last,
    }
    if state.container_id:
        result["containerID"] = state.container_id
    return result


def current(state: State) -> dict[str, Any]:
    """Return the `state` of a container."""
    if state.phase == "running":
        return {"running": {"startedAt": rfc3339(state.started_at)}}
    if state.phase == "waiting":
        waiting = {"reason": state.reason, "message": state.message}
        return {"waiting": {key: value for key, value in waiting.items() if value}}
    ended: dict[str, Any] = {
        "exitCode": state.exit_code,
        "reason": state.reason or ("Completed" if state.exit_code == 0 else "Error"),
        "startedAt": rfc3339(state.started_at),
        "finishedAt": rfc3339(state.finished_at),
        "containerID": state.container_id,
    }
    if state.message:
        ended["message"] = state.message
    return {"terminated": ended}


def _conditions(pod: Manifest, states: Mapping[str, State], running: str, now: float) -> list[Manifest]:
    spec = pod["spec"]
    over = running in ("Succeeded", "Failed")
    waiting_init = [
        c["name"] for c in spec.get("initContainers") or [] if not _passed(c, states[c["name"]]) and not over
    ]
    beside = [c for c in spec.get("initContainers") or [] if is_sidecar(c)]
    unready = [
        c["name"] for c in (*beside, *(spec.get("containers") or []))
        if not (states[c["name"]].ready and states[c["name"]].phase == "running")
    ]  # fmt: skip
    gates = [gate["conditionType"] for gate in spec.get("readinessGates") or []]
    closed = [gate for gate in gates if _previous(pod, gate).get("status") != "True"]
    if over:
        reason, message = ("PodCompleted" if running == "Succeeded" else "PodFailed"), ""
    else:
        reason, message = "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    ready_reason, ready_message = (reason, message) if unready else ("ReadinessGatesNotReady", ", ".join(closed))
    finished = running == "Succeeded" and not waiting_init
    ours = [
        _condition(pod, "PodReadyToStartContainers", not over, now),
        _condition(
            pod, "Initialized", not waiting_init, now,
            "PodCompleted" if finished else "ContainersNotInitialized" if waiting_init else "",
            f"containers with incomplete status: [{' '.join(waiting_init)}]" if waiting_init else "",
        ),
        _condition(pod, "Ready", not unready and not closed and not over, now, ready_reason, ready_message),
        _condition(pod, "ContainersReady", not unready and not over, now, reason, message),
        _condition(pod, "PodScheduled", True, now),
    ]  # fmt: skip
    # Conditions of others (readiness gates) are theirs to change.
    kinds = {condition["type"] for condition in ours}
    return ours + [item for item in deep_get(pod, "status", "conditions", default=[]) if item.get("type") not in kinds]


def _condition(pod: Manifest, kind: str, good: bool, now: float, reason: str = "", message: str = "") -> Manifest:
    before = _previous(pod, kind)
    word = "True" if good else "False"
    same = before.get("status") == word
    result = {
        "type": kind,
        "status": word,
        "lastTransitionTime": before["lastTransitionTime"]
        if same and before.get("lastTransitionTime")
        else rfc3339(now),
    }
    if reason and (not good or reason == "PodCompleted"):
        result["reason"] = reason
    if message and not good:
        result["message"] = message
    return result


def _previous(pod: Manifest, kind: str) -> Manifest:
    every: list[Manifest] = deep_get(pod, "status", "conditions", default=[])
    return next((item for item in every if item.get("type") == kind), {})


def statuses(pod: Manifest) -> dict[str, Manifest]:
    """Return the container statuses that the API holds, by name."""
    status = pod.get("status") or {}
    entries = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    return {entry["name"]: entry for entry in entries}


def adopted(pod: Manifest, name: str, image: str, known: Manifest | None) -> State:
    """Return the state of a container that an earlier life of this node may have started.

    Its process died with that node: what ran counts as ended by 137, as the kubelet reports lost containers.
    """
    state = State(name, image)
    if not known:
        return state
    state.restarts = int(known.get("restartCount") or 0)
    state.last = known.get("lastState") or {}
    was = known.get("state") or {}
    if "terminated" in was:
        ended = was["terminated"]
        state.phase, state.exit_code = "terminated", int(ended.get("exitCode", 0))
        state.reason, state.message = ended.get("reason", ""), ended.get("message", "")
        state.started_at, state.finished_at = _time(ended.get("startedAt")), _time(ended.get("finishedAt"))
        state.image_id, state.container_id = known.get("imageID", ""), known.get("containerID", "")
    elif "running" in was:
        state.phase, state.exit_code, state.reason = "terminated", 137, "ContainerStatusUnknown"
        state.message = "The container could not be located when the node was started again"
        state.started_at = state.finished_at = _time(was["running"].get("startedAt"))
    return state


def _time(text: str | None) -> float:
    return parse_rfc3339(text) if text else 0.0
