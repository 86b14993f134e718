# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What admission fills in: the types of params and results, the kind of what a taskRef names.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/{task,pipeline,result}_defaults.go, param_types.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..._core import duration
from ..._core.types import Manifest
from ..decide import params

Spec = Mapping[str, Any]


def defaulted(obj: Manifest) -> Manifest:
    """Return an object of v1 with the types of its params and results."""
    change = _OF_KIND.get(str(obj["kind"]))
    return {**obj, "spec": change(obj["spec"])} if change else obj


def task(spec: Spec) -> dict[str, Any]:
    """Return the spec of a Task, or of a StepAction."""
    out = _typed(spec)
    if spec.get("steps"):
        out["steps"] = [_results(step) for step in spec["steps"]]
    return out


def pipeline(spec: Spec) -> dict[str, Any]:
    """Return the spec of a Pipeline with those of its inline Tasks and Pipelines."""
    out = {**spec, **_params(spec)}
    for group in ("tasks", "finally"):
        if spec.get(group):
            out[group] = [_pipeline_task(entry) for entry in spec[group]]
    return out


def _pipeline_task(entry: Spec) -> dict[str, Any]:
    out = _reference(entry)
    if entry.get("timeout"):
        out["timeout"] = duration.format_go(duration.parse_go(str(entry["timeout"])))
    if isinstance(entry.get("taskSpec"), Mapping) and not entry["taskSpec"].get("apiVersion"):
        out["taskSpec"] = task(entry["taskSpec"])
    if isinstance(entry.get("pipelineSpec"), Mapping):
        out["pipelineSpec"] = pipeline(entry["pipelineSpec"])
    return out


def _reference(entry: Spec) -> dict[str, Any]:
    """Return what has a taskRef with the kind of it: a Task, unless it is said or a resolver finds it."""
    named = entry.get("taskRef")
    if not isinstance(named, Mapping) or named.get("kind") or named.get("resolver"):
        return dict(entry)
    return {**entry, "taskRef": {**named, "kind": "Task"}}


def _typed(spec: Spec) -> dict[str, Any]:
    return _results({**spec, **_params(spec)})


def _params(spec: Spec) -> dict[str, Any]:
    return {"params": [params.defaulted(entry) for entry in spec["params"]]} if spec.get("params") else {}


def _results(spec: Spec) -> dict[str, Any]:
    """A result with properties is an object, any other without a type is a string."""
    if not spec.get("results"):
        return dict(spec)
    return {**spec, "results": [params.defaulted(entry) for entry in spec["results"]]}


def _run(name: str, change: Callable[[Spec], dict[str, Any]]) -> Callable[[Spec], dict[str, Any]]:
    def changed(spec: Spec) -> dict[str, Any]:
        out = _reference(spec)
        return {**out, name: change(spec[name])} if isinstance(spec.get(name), Mapping) else out

    return changed


_OF_KIND: dict[str, Callable[[Spec], dict[str, Any]]] = {
    "Task": task,
    "ClusterTask": task,
    "StepAction": task,
    "Pipeline": pipeline,
    "TaskRun": _run("taskSpec", task),
    "PipelineRun": _run("pipelineSpec", pipeline),
}
