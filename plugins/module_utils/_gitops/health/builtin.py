# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Health of Kubernetes' own kinds, and of Workflows. Source: argo-cd v3.6 gitops-engine/pkg/health/health_*.go."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.types import Manifest, split_api_version
from .status import Health

HPA_DEGRADED = (
    ("AbleToScale", "FailedGetScale"), ("AbleToScale", "FailedUpdateScale"),
    ("ScalingActive", "FailedGetResourceMetric"), ("ScalingActive", "InvalidSelector"),
    ("ScalingActive", "FailedGetObjectMetric"), ("ScalingActive", "FailedGetPodsMetric"),
    ("ScalingActive", "FailedGetExternalMetric"), ("ScalingActive", "FailedGetContainerResourceMetric"),
)  # fmt: skip
_HPA_CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"


def builtin(obj: Manifest) -> Health | None:
    """Return the health by the rule for the kind, None when there is none."""
    group, _version = split_api_version(str(obj.get("apiVersion", "")))
    rule = _RULES.get((group, str(obj.get("kind", ""))))
    return rule(obj) if rule else None


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
        waiting = [(container.get("state") or {}).get("waiting") or {} for container in statuses]
        bad = [str(entry.get("message", "")) for entry in waiting if _is_error(str(entry.get("reason", "")))]
        if bad:
            return Health("Degraded", ", ".join(bad))
    if phase == "Pending":
        return Health("Progressing", str(status.get("message", "")))
    if phase == "Succeeded":
        return Health("Healthy", str(status.get("message", "")))
    if phase == "Failed":
        return Health("Degraded", _failed_pod(status, [*(status.get("initContainerStatuses") or []), *statuses]))
    if phase == "Running":
        return _running_pod(obj, policy, statuses)
    return Health("Unknown", str(status.get("message", "")))


def _is_error(reason: str) -> bool:
    return reason.startswith("Err") or reason.endswith(("Error", "BackOff"))


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
    """A condition of a kind ends the job whatever its status says; only Suspended must be true."""
    found = _conditions(obj)
    if "Failed" in found:
        return Health("Degraded", str(found["Failed"].get("message", "")))
    if "Suspended" in found and found["Suspended"].get("status") == "True":
        return Health("Suspended")
    ended = found.get("Complete") or found.get("Suspended")
    return Health("Healthy", str(ended.get("message", ""))) if ended else Health("Progressing")


def _autoscaler(obj: Manifest) -> Health:
    """The first condition that says something decides; v1 keeps its conditions in an annotation."""
    found = (obj.get("status") or {}).get("conditions") or []
    if str(obj.get("apiVersion")) == "autoscaling/v1":
        text = (obj["metadata"].get("annotations") or {}).get(_HPA_CONDITIONS)
        try:
            found = json.loads(text) if text else []
        except ValueError as error:
            return Health("Unknown", f"failed to convert conditions annotation to typed: {error}")
    for entry in found or []:
        message = str(entry.get("message", ""))
        if (entry.get("type"), entry.get("reason")) in HPA_DEGRADED:
            return Health("Degraded", message)
        if entry.get("type") in ("AbleToScale", "ScalingLimited") and entry.get("status") == "True":
            return Health("Healthy", message)
    return Health("Progressing", "Waiting to Autoscale")


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


def _workflow(obj: Manifest) -> Health:
    status = obj.get("status") or {}
    phase, words = str(status.get("phase") or ""), {"Succeeded": "Healthy", "Failed": "Degraded", "Error": "Degraded"}
    running = phase in ("", "Pending", "Running")
    return Health("Progressing" if running else words.get(phase, "Unknown"), str(status.get("message") or ""))


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
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("argoproj.io", "Workflow"): _workflow,
}
