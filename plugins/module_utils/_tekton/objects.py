# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""TaskRun, CustomRun and PipelineRun objects with the status that a real Tekton would have written.

Pure: from what the engine knows to manifests. Must not know where they are kept.
Source: tektoncd/pipeline pkg/apis/pipeline/v1/{taskrun,pipelinerun}_types.go, pkg/pod/status.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._core import clock
from .._core.types import Manifest
from .act.executor import SidecarEnd, StepEnd, TaskEnd
from .decide.children import API_VERSIONS, Kind
from .decide.params import Value, kind_of
from .decide.task_ending import OOM

MANAGER = "slipway.dev/native"
_OF_RUN = "tekton.dev/pipelineRun"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a run is. `parent` is the PipelineRun object that owns it, `task` its name there; `meta` further metadata."""

    kind: Kind
    name: str
    namespace: str
    uid: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    parent: Manifest | None = None
    task: str = ""


def of_run(who: Identity, spec: Mapping[str, Any], status: Mapping[str, Any]) -> Manifest:
    """Return the object of a run. `managedBy` keeps a real Tekton in the same cluster from running it again."""
    meta: dict[str, Any] = {**who.meta, "name": who.name, "namespace": who.namespace, "uid": who.uid}
    if who.parent is not None:
        meta["labels"] = labels(who)
        meta["ownerReferences"] = [_owner(who.parent)]
    managed = {"managedBy": MANAGER} if who.kind is not Kind.CUSTOM_RUN else {}
    return {
        "apiVersion": API_VERSIONS[who.kind],
        "kind": str(who.kind),
        "metadata": meta,
        "spec": {**spec, **managed},
        "status": dict(status),
    }


def labels(who: Identity) -> dict[str, str]:
    """Return the labels of a run: those of the run that owns it, and which task of it this is."""
    own: dict[str, str] = who.meta.get("labels") or {}
    if who.parent is None:
        return own
    owner = who.parent["metadata"]
    member = {
        _OF_RUN: str(owner["name"]),
        "tekton.dev/pipelineRunUID": str(owner.get("uid", "")),
        "tekton.dev/pipelineTask": who.task,
    }
    return {**(owner.get("labels") or {}), **member, **own}


def _owner(parent: Manifest) -> dict[str, Any]:
    meta = parent["metadata"]
    return {
        "apiVersion": parent["apiVersion"],
        "kind": parent["kind"],
        "name": meta["name"],
        "uid": meta.get("uid", ""),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def condition(status: str, reason: str, message: str, at: float) -> dict[str, Any]:
    """Return the Succeeded condition; `status` is "True", "False" or "Unknown", `at` in seconds since 1970."""
    entry = {"type": "Succeeded", "status": status, "reason": reason, "message": message}
    return {**entry, "lastTransitionTime": clock.rfc3339(at)}


def running(at: float) -> dict[str, Any]:
    """Return the status of a run that goes on since `at`."""
    message = "Not all Steps in the Task have finished executing"
    return {"startTime": clock.rfc3339(at), "conditions": [condition("Unknown", "Running", message, at)]}


def task_run_status(end: TaskEnd, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the status of a TaskRun that ended; `spec` is its Task after substitution."""
    done = end.began + end.seconds
    found: dict[str, Any] = {
        "conditions": [condition("True" if end.succeeded else "False", end.reason, end.message, done)],
        "startTime": clock.rfc3339(end.began),
        "completionTime": clock.rfc3339(done),
        "podName": "",
        "taskSpec": dict(spec),
        "steps": [step(one) for one in end.steps],
        "sidecars": [sidecar(one) for one in end.sidecars if one.name],
        "results": typed(end.results),
        "retriesStatus": [_retried(one) for one in end.retries],
        "artifacts": end.artifacts,
    }
    return {key: value for key, value in found.items() if value not in ([], {})}


def _retried(end: TaskEnd) -> dict[str, Any]:
    status = task_run_status(end, {})
    status["conditions"] = [condition("False", end.reason, end.message, end.began + end.seconds)]
    return status


def step(end: StepEnd) -> dict[str, Any]:
    """Return one entry of status.steps. A step skipped by `when` and one whose error is ignored are Completed."""
    reason = "Completed" if end.exit_code == 0 or end.termination_reason == "Continued" else "Error"
    reason = OOM if end.termination_reason == OOM else reason
    found: dict[str, Any] = {
        "name": end.name,
        "container": f"step-{end.name}",
        "terminated": {
            "exitCode": end.exit_code,
            "reason": reason,
            "startedAt": clock.rfc3339(end.began),
            "finishedAt": clock.rfc3339(end.began + end.seconds),
        },
        "terminationReason": end.termination_reason,
    }
    if end.results:
        found["results"] = typed(end.results)
    return {**found, **{group: end.artifacts[group] for group in ("inputs", "outputs") if end.artifacts.get(group)}}


def sidecar(end: SidecarEnd) -> dict[str, Any]:
    """Return one entry of status.sidecars; upstream has none for a sidecar without a name."""
    ended = {"exitCode": end.exit_code, "reason": "Error" if end.exit_code else "Completed"}
    return {"name": end.name, "container": end.container, "terminated": ended}


def typed(results: Mapping[str, Value]) -> list[dict[str, Any]]:
    """Return results as statuses list them, by name."""
    return [{"name": name, "type": kind_of(value), "value": value} for name, value in sorted(results.items())]


def untyped(results: Mapping[str, Value]) -> list[dict[str, Any]]:
    """Return results of a PipelineRun or CustomRun: name and value, in the order in which they are declared."""
    return [{"name": name, "value": value} for name, value in results.items()]


def child_status(
    references: Sequence[Mapping[str, Any]], skipped: Sequence[Mapping[str, Any]], results: Mapping[str, Value]
) -> dict[str, Any]:
    """Return what the status of a PipelineRun says of its children, without what is empty."""
    found = {"childReferences": list(references), "skippedTasks": list(skipped), "results": untyped(results)}
    return {key: value for key, value in found.items() if value}
