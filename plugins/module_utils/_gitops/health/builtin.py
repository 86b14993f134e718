# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Health of objects. Source: argo-cd v3.6 gitops-engine/pkg/health and the shipped checks for argoproj.io kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.types import Manifest, split_api_version

ORDER = ("Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown")


@dataclass(frozen=True, slots=True)
class Health:
    """Status and message."""

    status: str
    message: str = ""


def health(obj: Manifest) -> Health | None:
    """Return the health of an object; None when there is no rule for its kind, which counts as fine."""
    if (obj.get("metadata") or {}).get("deletionTimestamp"):
        return Health("Progressing", "Pending deletion")
    group, _version = split_api_version(obj["apiVersion"])
    rule = _RULES.get((group, obj["kind"]))
    return rule(obj) if rule else None


def worst(statuses: Sequence[str]) -> str:
    """Return the worst of some statuses, Healthy for none."""
    return max(statuses, key=ORDER.index, default="Healthy")


def _conditions(obj: Manifest) -> Mapping[str, Mapping[str, Any]]:
    return {entry["type"]: entry for entry in (obj.get("status") or {}).get("conditions") or []}


def _deployment(obj: Manifest) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if spec.get("paused"):
        return Health("Suspended", "Deployment is paused")
    if obj["metadata"].get("generation", 0) > status.get("observedGeneration", 0):
        return Health(
            "Progressing", "Waiting for rollout to finish: observed deployment generation less than desired generation"
        )
    progressing = _conditions(obj).get("Progressing") or {}
    name, wanted = obj["metadata"]["name"], spec.get("replicas", 1)
    updated, total, available = (
        status.get("updatedReplicas", 0),
        status.get("replicas", 0),
        status.get("availableReplicas", 0),
    )
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Health("Degraded", f'Deployment "{name}" exceeded its progress deadline')
    if updated < wanted:
        return Health(
            "Progressing", f"Waiting for rollout to finish: {updated} out of {wanted} new replicas have been updated..."
        )
    if total > updated:
        return Health(
            "Progressing", f"Waiting for rollout to finish: {total - updated} old replicas are pending termination..."
        )
    if available < updated:
        return Health(
            "Progressing", f"Waiting for rollout to finish: {available} of {updated} updated replicas are available..."
        )
    return Health("Healthy")


def _stateful_set(obj: Manifest) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    wanted = spec.get("replicas", 1)
    if not status.get("observedGeneration") or obj["metadata"].get("generation", 0) > status["observedGeneration"]:
        return Health("Progressing", "Waiting for statefulset spec update to be observed...")
    if status.get("readyReplicas", 0) < wanted:
        return Health("Progressing", f"Waiting for {wanted - status.get('readyReplicas', 0)} pods to be ready...")
    strategy = spec.get("updateStrategy") or {}
    partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
    updated = status.get("updatedReplicas", 0)
    if strategy.get("type", "RollingUpdate") == "RollingUpdate" and partition:
        if updated < wanted - partition:
            text = f"Waiting for partitioned roll out to finish: {updated} out of {wanted - partition} new pods have been updated..."
            return Health("Progressing", text)
        return Health("Healthy", f"partitioned roll out complete: {updated} new pods have been updated...")
    if strategy.get("type") == "OnDelete":
        return Health("Healthy", f"statefulset has {status.get('readyReplicas', 0)} ready pods")
    if status.get("updateRevision") != status.get("currentRevision"):
        return Health(
            "Progressing",
            f"waiting for statefulset rolling update to complete {updated} pods at revision {status.get('updateRevision')}...",
        )
    return Health(
        "Healthy",
        f"statefulset rolling update complete {status.get('currentReplicas', 0)} pods at revision {status.get('currentRevision')}...",
    )


def _daemon_set(obj: Manifest) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if obj["metadata"].get("generation", 0) > status.get("observedGeneration", 0):
        return Health(
            "Progressing", "Waiting for rollout to finish: observed daemon set generation less than desired generation"
        )
    wanted, updated = status.get("desiredNumberScheduled", 0), status.get("updatedNumberScheduled", 0)
    name = obj["metadata"]["name"]
    if (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        return Health("Healthy", f"daemon set {updated} out of {wanted} new pods have been updated")
    if updated < wanted:
        return Health(
            "Progressing",
            f'Waiting for daemon set "{name}" rollout to finish: {updated} out of {wanted} new pods have been updated...',
        )
    if status.get("numberAvailable", 0) < wanted:
        available = status.get("numberAvailable", 0)
        return Health(
            "Progressing",
            f'Waiting for daemon set "{name}" rollout to finish: {available} of {wanted} updated pods are available...',
        )
    return Health("Healthy")


def _replica_set(obj: Manifest) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if obj["metadata"].get("generation", 0) > status.get("observedGeneration", 0):
        return Health(
            "Progressing", "Waiting for rollout to finish: observed replica set generation less than desired generation"
        )
    failure = _conditions(obj).get("ReplicaFailure")
    if failure and failure.get("status") == "True":
        return Health("Degraded", str(failure.get("message", "")))
    wanted, available = spec.get("replicas"), status.get("availableReplicas", 0)
    if wanted is not None and available < wanted:
        return Health(
            "Progressing", f"Waiting for rollout to finish: {available} out of {wanted} new replicas are available..."
        )
    return Health("Healthy")


def _pod(obj: Manifest) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    phase, policy = status.get("phase"), spec.get("restartPolicy", "Always")
    statuses = status.get("containerStatuses") or []
    if policy == "Always":
        for container in statuses:
            waiting = (container.get("state") or {}).get("waiting") or {}
            reason = str(waiting.get("reason", ""))
            if reason.startswith("Err") or reason.endswith(("Error", "BackOff")):
                return Health("Degraded", str(waiting.get("message", "")))
    if phase == "Pending":
        return Health("Progressing", str(status.get("message", "")))
    if phase == "Succeeded":
        return Health("Healthy", str(status.get("message", "")))
    if phase == "Failed":
        return Health("Degraded", _failed_pod(status, statuses))
    if phase == "Running":
        return _running_pod(obj, policy, statuses)
    return Health("Unknown", str(status.get("message", "")))


def _failed_pod(status: Mapping[str, Any], statuses: Sequence[Mapping[str, Any]]) -> str:
    if status.get("message"):
        return str(status["message"])
    for container in statuses:
        ended = (container.get("state") or {}).get("terminated") or {}
        if ended.get("message"):
            return str(ended["message"])
        if ended.get("reason") == "OOMKilled":
            return "OOMKilled"
        if ended.get("exitCode"):
            return f'container "{container["name"]}" failed with exit code {ended["exitCode"]}'
    return ""


def _running_pod(obj: Manifest, policy: str, statuses: Sequence[Mapping[str, Any]]) -> Health:
    message = str((obj.get("status") or {}).get("message", ""))
    if policy != "Always":
        return Health("Progressing", message)
    ready = _conditions(obj).get("Ready") or {}
    if ready.get("status") == "True":
        return Health("Healthy", message)
    if any((container.get("lastState") or {}).get("terminated") for container in statuses):
        return Health("Degraded", message)
    return Health("Progressing", message)


def _job(obj: Manifest) -> Health:
    conditions = _conditions(obj)
    for kind in ("Failed", "Complete", "Suspended"):
        found = conditions.get(kind)
        if found and found.get("status") == "True":
            word = {"Failed": "Degraded", "Complete": "Healthy", "Suspended": "Suspended"}[kind]
            return Health(word, str(found.get("message", "")))
    return Health("Progressing", "")


def _service(obj: Manifest) -> Health:
    if (obj.get("spec") or {}).get("type") == "LoadBalancer":
        ingress = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress")
        return Health("Healthy") if ingress else Health("Progressing")
    return Health("Healthy")


def _ingress(obj: Manifest) -> Health:
    ingress = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress")
    return Health("Healthy") if ingress else Health("Progressing")


def _claim(obj: Manifest) -> Health:
    phase = (obj.get("status") or {}).get("phase")
    return Health({"Lost": "Degraded", "Pending": "Progressing", "Bound": "Healthy"}.get(str(phase), "Unknown"))


def _api_service(obj: Manifest) -> Health:
    available = _conditions(obj).get("Available")
    if available is None:
        return Health("Progressing", "Waiting to be processed")
    text = f"{available.get('reason', '')}: {available.get('message', '')}"
    return Health("Healthy" if available.get("status") == "True" else "Progressing", text)


def _rollout(obj: Manifest) -> Health:
    """Source: resource_customizations/argoproj.io/Rollout: the phase decides once the generation was observed."""
    status = obj.get("status") or {}
    observed = str(status.get("observedGeneration", ""))
    if not status or (observed.isdigit() and int(observed) != obj["metadata"].get("generation")):
        return Health("Progressing", "Waiting for rollout spec update to be observed")
    phase, message = status.get("phase"), str(status.get("message") or "")
    words = {"Paused": "Suspended", "Progressing": "Progressing", "Degraded": "Degraded", "Healthy": "Healthy"}
    return Health(words.get(str(phase), "Progressing"), message)


def _analysis(obj: Manifest) -> Health:
    status = obj.get("status") or {}
    words = {"Successful": "Healthy", "Failed": "Degraded", "Error": "Degraded", "Inconclusive": "Unknown"}
    return Health(words.get(str(status.get("phase")), "Progressing"), str(status.get("message") or ""))


def _application(obj: Manifest) -> Health:
    found = (obj.get("status") or {}).get("health") or {}
    return Health(str(found.get("status") or "Unknown"), str(found.get("message") or ""))


_RULES: dict[tuple[str, str], Callable[[Manifest], Health]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "ReplicaSet"): _replica_set,
    ("", "Pod"): _pod,
    ("batch", "Job"): _job,
    ("", "Service"): _service,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("extensions", "Ingress"): _ingress,
    ("", "PersistentVolumeClaim"): _claim,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("argoproj.io", "Rollout"): _rollout,
    ("argoproj.io", "AnalysisRun"): _analysis,
    ("argoproj.io", "Application"): _application,
}
