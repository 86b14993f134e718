# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""v1beta1 to v1, without touching what was given.

Source: tektoncd/pipeline pkg/apis/pipeline/v1beta1/*_conversion.go, v1.15.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ..._core.errors import Refused
from ..._core.types import Manifest, ref

V1, V1BETA1 = "tekton.dev/v1", "tekton.dev/v1beta1"


def to_v1(obj: Manifest) -> Manifest:
    """Return the object as v1. Refused for what v1 cannot say (ClusterTask, PipelineResources)."""
    if obj.get("apiVersion") != V1BETA1:
        return obj
    out = copy.deepcopy(obj)
    out["apiVersion"] = V1
    spec = out.get("spec") or {}
    convert = {"Task": _task, "Pipeline": _pipeline, "TaskRun": _task_run, "PipelineRun": _pipeline_run}
    kind = str(obj.get("kind"))
    if kind == "ClusterTask":
        raise Refused(
            "ClusterTask is gone from Tekton", hint="make it a Task, or use the cluster resolver", obj=ref(obj)
        )
    if kind in convert:
        convert[kind](spec, ref(obj))
    return out


def _task(spec: dict[str, Any], who: str) -> None:
    if spec.get("resources"):
        raise Refused("PipelineResources are gone from Tekton", hint="use params, workspaces and results", obj=who)
    spec.pop("resources", None)
    for step in [*(spec.get("steps") or []), *(spec.get("sidecars") or []), spec.get("stepTemplate") or {}]:
        _rename(step, "resources", "computeResources")


def _pipeline(spec: dict[str, Any], who: str) -> None:
    if spec.get("resources"):
        raise Refused("PipelineResources are gone from Tekton", hint="use params, workspaces and results", obj=who)
    spec.pop("resources", None)
    for task in [*(spec.get("tasks") or []), *(spec.get("finally") or [])]:
        task.pop("resources", None)
        _reference(task, "taskRef", who)
        if task.get("taskSpec"):
            _task(task["taskSpec"], who)


def _task_run(spec: dict[str, Any], who: str) -> None:
    _reference(spec, "taskRef", who)
    _rename(spec, "stepOverrides", "stepSpecs")
    _rename(spec, "sidecarOverrides", "sidecarSpecs")
    for entry in [*(spec.get("stepSpecs") or []), *(spec.get("sidecarSpecs") or [])]:
        _rename(entry, "resources", "computeResources")
    if spec.get("taskSpec"):
        _task(spec["taskSpec"], who)


def _pipeline_run(spec: dict[str, Any], who: str) -> None:
    _reference(spec, "pipelineRef", who)
    if "timeout" in spec:
        spec.setdefault("timeouts", {})["pipeline"] = spec.pop("timeout")
    template = {}
    for name in ("serviceAccountName", "podTemplate"):
        if name in spec:
            template[name] = spec.pop(name)
    if template:
        spec["taskRunTemplate"] = template
    for entry in spec.get("taskRunSpecs") or []:
        _rename(entry, "taskServiceAccountName", "serviceAccountName")
        _rename(entry, "taskPodTemplate", "podTemplate")
    if spec.get("pipelineSpec"):
        _pipeline(spec["pipelineSpec"], who)


def _reference(spec: dict[str, Any], name: str, who: str) -> None:
    given = spec.get(name)
    if not isinstance(given, Mapping):
        return
    if given.get("kind") == "ClusterTask":
        raise Refused("ClusterTask is gone from Tekton", hint="make it a Task, or use the cluster resolver", obj=who)
    if given.get("bundle"):
        values = {"bundle": given["bundle"], "name": given.get("name"), "kind": given.get("kind", "task").lower()}
        params = [{"name": key, "value": value} for key, value in values.items()]
        spec[name] = {"resolver": "bundles", "params": params}


def _rename(entry: Any, old: str, new: str) -> None:
    if isinstance(entry, dict) and old in entry:
        entry[new] = entry.pop(old)
