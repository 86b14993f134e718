# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""TaskRuns and PipelineRuns, with what a controller wrote into their status.

Source: tektoncd/pipeline pkg/apis/pipeline/v1beta1/taskrun_conversion.go and pipelinerun_conversion.go, v1.15.
"""

from __future__ import annotations

from typing import Any

from ...._core.types import deep_get
from . import kept
from .pipelines import pipeline_spec
from .references import reference
from .tasks import task_spec
from .turn import Turn, entries, mapping

_TEMPLATE = ("podTemplate", "serviceAccountName")


def task_run(turn: Turn, obj: dict[str, Any]) -> None:
    """Convert a TaskRun in place."""
    spec, status, name = obj.get("spec"), obj.get("status"), str(obj["metadata"].get("name") or "")
    kept.move(turn, obj, spec, "spec", "resources", kept.RESOURCES)
    kept.move(turn, obj, status, "status", "cloudEvents", kept.CLOUD_EVENTS)
    kept.move(turn, obj, status, "status", "resourcesResult", kept.RESOURCES_RESULT)
    of_status = mapping(status, "taskSpec")
    if of_status is not None:
        kept.move(turn, obj, of_status, "status.taskSpec", "resources", kept.RESOURCES_OF_STATUS)
    _task_run_status(turn, obj, status, "status", name)
    if isinstance(spec, dict):
        reference(turn, spec, "spec", "taskRef", "Task")
        task_spec(turn, obj, spec.get("taskSpec"), "spec.taskSpec", name)
        _overrides(turn, spec, "spec")


def _overrides(turn: Turn, spec: dict[str, Any], path: str) -> None:
    for beta, stable in (("stepOverrides", "stepSpecs"), ("sidecarOverrides", "sidecarSpecs")):
        for where, entry in entries(spec, beta if turn.up else stable, path):
            turn.rename(entry, where, "resources", "computeResources")
        turn.rename(spec, path, beta, stable)


def _task_run_status(turn: Turn, obj: dict[str, Any], status: Any, path: str, name: str) -> None:
    if not isinstance(status, dict):
        return
    turn.rename(status, path, "taskResults", "results")
    _provenance(turn, status, path)
    for where, step in entries(status, "steps", path):
        reason = deep_get(step, "terminated", "reason")
        if turn.up and reason and not step.get("terminationReason"):
            step["terminationReason"] = reason
            turn.told(where, "terminated.reason", "terminationReason")
        elif not turn.up:
            turn.drop(step, where, "terminationReason", "v1beta1 has only the container's reason")
    for where, attempt in entries(status, "retriesStatus", path):
        _task_run_status(turn, obj, attempt, where, name)
    task_spec(turn, obj, status.get("taskSpec"), f"{path}.taskSpec", name)


def pipeline_run(turn: Turn, obj: dict[str, Any]) -> None:
    """Convert a PipelineRun in place."""
    spec, status = obj.get("spec"), obj.get("status")
    kept.move(turn, obj, spec, "spec", "resources", kept.RESOURCES)
    _pipeline_run_status(turn, obj, status)
    if not isinstance(spec, dict):
        return
    reference(turn, spec, "spec", "pipelineRef", "Pipeline")
    pipeline_spec(turn, obj, spec.get("pipelineSpec"), "spec.pipelineSpec")
    if turn.up:
        _timeout(turn, spec)
    _template(turn, spec)
    for where, entry in entries(spec, "taskRunSpecs", "spec"):
        turn.rename(entry, where, "taskServiceAccountName", "serviceAccountName")
        turn.rename(entry, where, "taskPodTemplate", "podTemplate")
        _overrides(turn, entry, where)


def _pipeline_run_status(turn: Turn, obj: dict[str, Any], status: Any) -> None:
    if not isinstance(status, dict):
        return
    turn.rename(status, "status", "pipelineResults", "results")
    _provenance(turn, status, "status")
    if turn.up:
        for name in ("taskRuns", "runs"):
            turn.drop(status, "status", name, "v1 has childReferences only")
    pipeline_spec(turn, obj, status.get("pipelineSpec"), "status.pipelineSpec")


def _provenance(turn: Turn, status: dict[str, Any], path: str) -> None:
    if turn.up:
        turn.drop(mapping(status, "provenance"), f"{path}.provenance", "configSource", "v1 has refSource")


def _timeout(turn: Turn, spec: dict[str, Any]) -> None:
    """The old timeout wins over `timeouts`, as upstream's conversion has it (admission refuses both)."""
    if spec.get("timeout") is None:
        spec.pop("timeout", None)
        return
    note = "timeouts were given too, and are gone" if spec.get("timeouts") else ""
    turn.rename(spec, "spec", "timeout", "timeouts")
    spec["timeouts"] = {"pipeline": spec["timeouts"]}
    turn.changes.pop()
    turn.told("spec", "timeout", "timeouts.pipeline", note)


def _template(turn: Turn, spec: dict[str, Any]) -> None:
    """serviceAccountName and podTemplate live in taskRunTemplate in v1."""
    inner = dict(spec.get("taskRunTemplate") or {})
    source, target = (spec, inner) if turn.up else (inner, spec)
    for name in _TEMPLATE:
        if name in source:
            target[name] = source.pop(name)
            old, new = name, f"taskRunTemplate.{name}"
            turn.told("spec", *((old, new) if turn.up else (new, old)))
    if inner:
        spec["taskRunTemplate"] = inner
    else:
        spec.pop("taskRunTemplate", None)
