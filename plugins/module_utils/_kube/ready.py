# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Says whether one object is ready, will never be, or what it still lacks. Pure; knows no client and no clock.

Source of the rules: kubectl polymorphichelpers rollout status (v0.36) for workloads,
cli-utils kstatus (v0.37) for the rest; our own where both are silent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._core.types import Manifest, deep_get, split_api_version


@dataclass(frozen=True, slots=True)
class State:
    """`why` says what is still lacking, or why it will never come (`failed`)."""

    done: bool
    why: str = ""
    failed: bool = False


READY = State(True)


def ready(obj: Manifest) -> State:
    """Return the state of any object; of unknown kinds by their conditions Ready or Available, if they have one."""
    if deep_get(obj, "metadata", "deletionTimestamp"):
        return State(False, "is being deleted")
    unseen = unobserved(obj)
    if unseen:
        return State(False, unseen)
    group = split_api_version(obj.get("apiVersion", ""))[0]
    rule = _RULES.get((group, obj.get("kind", "")), _custom)
    return rule(obj)


def unobserved(obj: Manifest) -> str:
    """Return a sentence when the controller has not looked at the newest spec; empty when it has, or never says."""
    seen, wanted = deep_get(obj, "status", "observedGeneration"), deep_get(obj, "metadata", "generation")
    workload = split_api_version(obj.get("apiVersion", ""))[0] == "apps" and obj.get("kind") in _OBSERVING
    if seen is None and workload:
        seen = 0
    if seen is None or wanted is None or seen >= wanted:
        return ""
    return f"its controller has seen generation {seen} of {wanted}"


def condition(obj: Manifest, name: str) -> dict[str, Any]:
    """Return the condition of that type, empty when there is none."""
    for entry in deep_get(obj, "status", "conditions", default=[]):
        if str(entry.get("type", "")).lower() == name.lower():
            found: dict[str, Any] = entry
            return found
    return {}


def _is(obj: Manifest, name: str, status: str = "True") -> bool:
    return condition(obj, name).get("status") == status


def _because(obj: Manifest, name: str) -> str:
    entry = condition(obj, name)
    return ": ".join(str(entry[key]) for key in ("reason", "message") if entry.get(key)) or f"condition {name}"


def _count(obj: Manifest, name: str) -> int:
    return int(deep_get(obj, "status", name, default=0))


def _replicas(obj: Manifest) -> int:
    return int(deep_get(obj, "spec", "replicas", default=1))


def _deployment(obj: Manifest) -> State:
    if condition(obj, "Progressing").get("reason") == "ProgressDeadlineExceeded":
        return State(False, _because(obj, "Progressing"), failed=True)
    wanted, updated = _replicas(obj), _count(obj, "updatedReplicas")
    if updated < wanted:
        return State(False, f"{updated} of {wanted} replicas are updated{_trouble(obj)}")
    if _count(obj, "replicas") > updated:
        return State(False, f"{_count(obj, 'replicas') - updated} old replicas are still there")
    available = _count(obj, "availableReplicas")
    if available < updated:
        return State(False, f"{available} of {updated} replicas are available")
    return READY


def _trouble(obj: Manifest) -> str:
    return f" ({_because(obj, 'ReplicaFailure')})" if _is(obj, "ReplicaFailure") else ""


def _stateful_set(obj: Manifest) -> State:
    wanted, running = _replicas(obj), _count(obj, "readyReplicas")
    if running < wanted:
        return State(False, f"{running} of {wanted} replicas are ready")
    strategy = deep_get(obj, "spec", "updateStrategy", default={})
    if strategy.get("type") == "OnDelete":
        return READY
    expected = wanted - int(deep_get(strategy, "rollingUpdate", "partition", default=0))
    updated = _count(obj, "updatedReplicas")
    if updated < expected:
        return State(False, f"{updated} of {expected} replicas are updated")
    same = deep_get(obj, "status", "updateRevision") == deep_get(obj, "status", "currentRevision")
    return READY if same or expected < wanted else State(False, "the new revision is not current yet")


def _daemon_set(obj: Manifest) -> State:
    wanted, available = _count(obj, "desiredNumberScheduled"), _count(obj, "numberAvailable")
    updated = _count(obj, "updatedNumberScheduled")
    on_delete = deep_get(obj, "spec", "updateStrategy", "type") == "OnDelete"
    if not on_delete and updated < wanted:
        return State(False, f"{updated} of {wanted} pods are updated")
    return READY if available >= wanted else State(False, f"{available} of {wanted} pods are available")


def _replica_set(obj: Manifest) -> State:
    wanted, available = _replicas(obj), _count(obj, "availableReplicas")
    text = f"{available} of {wanted} replicas are available{_trouble(obj)}"
    return READY if available >= wanted else State(False, text)


def _pod(obj: Manifest) -> State:
    phase = deep_get(obj, "status", "phase", default="Pending")
    if phase == "Succeeded" or (phase == "Running" and _is(obj, "Ready")):
        return READY
    if phase == "Failed":
        return State(False, deep_get(obj, "status", "message") or _containers(obj) or "the pod failed", failed=True)
    troubles = _containers(obj)
    if not troubles and _is(obj, "PodScheduled", "False"):
        troubles = _because(obj, "PodScheduled")
    return State(False, f"is {phase}" + (f": {troubles}" if troubles else ""), failed="InvalidImageName" in troubles)


def _containers(obj: Manifest) -> str:
    texts = []
    for listing in ("initContainerStatuses", "containerStatuses"):
        for status in deep_get(obj, "status", listing, default=[]):
            state = status.get("state") or {}
            entry = state.get("waiting") or state.get("terminated") or {}
            if entry.get("reason") not in (None, "Completed", "PodInitializing", "ContainerCreating"):
                code = f" (exit code {entry['exitCode']})" if "exitCode" in entry else ""
                texts.append(f"container {status.get('name')} {entry['reason']}{code}")
    return ", ".join(texts)


def _job(obj: Manifest) -> State:
    if _is(obj, "Failed") or _is(obj, "FailureTarget"):
        return State(False, _because(obj, "Failed" if _is(obj, "Failed") else "FailureTarget"), failed=True)
    if _is(obj, "Complete"):
        return READY
    if deep_get(obj, "spec", "suspend"):
        return State(False, "is suspended")
    wanted = deep_get(obj, "spec", "completions", default=1)
    return State(False, f"{_count(obj, 'succeeded')} of {wanted} pods succeeded, {_count(obj, 'active')} are active")


def _claim(obj: Manifest) -> State:
    phase = deep_get(obj, "status", "phase", default="Pending")
    return State(phase == "Bound", f"is {phase}", failed=phase == "Lost")


def _volume(obj: Manifest) -> State:
    phase = deep_get(obj, "status", "phase", default="Pending")
    return State(phase in ("Available", "Bound"), f"is {phase}", failed=phase == "Failed")


def _definition(obj: Manifest) -> State:
    if _is(obj, "NamesAccepted", "False"):
        return State(False, _because(obj, "NamesAccepted"), failed=True)
    return READY if _is(obj, "Established") else State(False, "is not established")


def _service(obj: Manifest) -> State:
    waits = deep_get(obj, "spec", "type") == "LoadBalancer" and not deep_get(obj, "status", "loadBalancer", "ingress")
    return State(False, "has no load balancer address") if waits else READY


def _namespace(obj: Manifest) -> State:
    phase = deep_get(obj, "status", "phase", default="Active")
    return State(phase == "Active", f"is {phase}")


def _budget(obj: Manifest) -> State:
    healthy, wanted = _count(obj, "currentHealthy"), _count(obj, "desiredHealthy")
    return State(healthy >= wanted, f"{healthy} of {wanted} pods are healthy")


def _exists(_obj: Manifest) -> State:
    return READY


def _needs(name: str) -> Callable[[Manifest], State]:
    return lambda obj: READY if _is(obj, name) else State(False, f"{name} is not True: {_because(obj, name)}")


def _custom(obj: Manifest) -> State:
    if _is(obj, "Stalled"):
        return State(False, _because(obj, "Stalled"), failed=True)
    if _is(obj, "Reconciling"):
        return State(False, _because(obj, "Reconciling"))
    for name in ("Ready", "Available"):
        if condition(obj, name):
            return _needs(name)(obj)
    return READY


_OBSERVING = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})
_RULES: dict[tuple[str, str], Callable[[Manifest], State]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "ReplicaSet"): _replica_set,
    ("", "ReplicationController"): _replica_set,
    ("", "Pod"): _pod,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _exists,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("", "Service"): _service,
    ("networking.k8s.io", "Ingress"): _exists,
    ("", "Namespace"): _namespace,
    ("", "Node"): _needs("Ready"),
    ("policy", "PodDisruptionBudget"): _budget,
    ("apiregistration.k8s.io", "APIService"): _needs("Available"),
}
