# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Field names in another case: Tekton takes `mountpath` for mountPath, so it is taken here, and remarked.

Tekton's webhook reads objects with Go's encoding/json, which finds a field by its exact name first and without regard
to case next, and refuses what is left; the API server keeps what the webhook read.  A real Tekton 1.15 runs its own
example isolated-workspaces so.
Source: knative.dev/pkg webhook/resourcesemantics/validation (DisallowUnknownFields), Go encoding/json decode.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..._core.errors import Invalid
from ..._core.types import Manifest
from ..._core.yaml import Document
from .fields import FIELDS

_CONTAINER = {"env": "EnvVar", "volumeMounts": "VolumeMount", "workspaces": "WorkspaceUsage"}
# What the fields of a kind hold, or the elements of their lists.
_HOLDS: dict[str, dict[str, str]] = {
    "Task": {
        "params": "ParamSpec",
        "steps": "Step",
        "sidecars": "Sidecar",
        "stepTemplate": "StepTemplate",
        "workspaces": "WorkspaceDeclaration",
        "results": "TaskResult",
    },
    "Step": {**_CONTAINER, "params": "Param", "results": "TaskResult", "when": "When", "ref": "Ref"},
    "Sidecar": _CONTAINER,
    "StepTemplate": _CONTAINER,
    "StepAction": {**_CONTAINER, "params": "ParamSpec", "results": "TaskResult"},
    "Pipeline": {
        "params": "ParamSpec",
        "tasks": "PipelineTask",
        "finally": "PipelineTask",
        "workspaces": "PipelineWorkspace",
        "results": "PipelineResult",
    },
    "PipelineTask": {
        "taskRef": "Ref",
        "taskSpec": "Task",
        "pipelineRef": "Ref",
        "pipelineSpec": "Pipeline",
        "when": "When",
        "params": "Param",
        "matrix": "Matrix",
        "workspaces": "TaskWorkspace",
    },
    "Matrix": {"params": "Param", "include": "Include"},
    "Include": {"params": "Param"},
    "Ref": {"params": "Param"},
    "TaskRun": {"taskRef": "Ref", "taskSpec": "Task", "params": "Param", "workspaces": "WorkspaceBinding"},
    "PipelineRun": {
        "pipelineRef": "Ref",
        "pipelineSpec": "Pipeline",
        "params": "Param",
        "timeouts": "Timeouts",
        "taskRunTemplate": "TaskRunTemplate",
        "taskRunSpecs": "TaskRunSpec",
        "workspaces": "WorkspaceBinding",
    },
}
_MORE: dict[str, str] = {
    "EnvVar": "name value valueFrom",
    "VolumeMount": "name mountPath subPath subPathExpr readOnly mountPropagation",
    "Include": "name params",
}
# Names that only v1beta1 has.
_OLD: dict[str, str] = {
    "Task": "resources",
    "Step": "resources",
    "Sidecar": "resources",
    "StepTemplate": "resources",
    "Pipeline": "resources",
    "PipelineTask": "resources",
    "Ref": "bundle",
    "TaskRun": "resources stepOverrides sidecarOverrides",
    "PipelineRun": "resources timeout serviceAccountName podTemplate",
    "TaskRunSpec": "taskServiceAccountName taskPodTemplate stepOverrides sidecarOverrides",
}
_SPECS = {
    "ClusterTask": "Task",
    **{kind: kind for kind in ("Task", "Pipeline", "TaskRun", "PipelineRun", "StepAction")},
}


@dataclass(frozen=True, slots=True)
class Misspelt:
    """A field in another case: `path` as it was written, the name that Tekton has."""

    path: str
    name: str


def corrected(document: Document) -> tuple[Manifest, list[Misspelt]]:
    """Return the object with the names of its spec as Tekton spells them, and what was put right; nothing: the object itself.

    Invalid when a field is given in two spellings: which one Go takes depends on their order.
    """
    kind = _SPECS.get(str(document.data.get("kind")))
    if kind is None:
        return document.data, []
    found: list[Misspelt] = []
    spec = _walk(document, kind, document.data.get("spec"), "spec", found)
    return ({**document.data, "spec": spec} if found else document.data), found


@cache
def _names(kind: str) -> dict[str, str]:
    """Return the names of a kind by their small letters."""
    known = (table.get(kind, "") for table in (FIELDS, _MORE, _OLD))
    return {name.lower(): name for names in known for name in names.split()}


def _walk(document: Document, kind: str, value: Any, path: str, found: list[Misspelt]) -> Any:
    if isinstance(value, list):
        return [_walk(document, kind, item, f"{path}[{index}]", found) for index, item in enumerate(value)]
    if not isinstance(value, Mapping) or (kind == "Task" and value.get("apiVersion")):
        return value
    out: dict[str, Any] = {}
    for key, item in value.items():
        where = f"{path}.{key}"
        name = _names(kind).get(str(key).lower(), str(key))
        if name != key:
            if name in value:
                hint = f"keep {name}"
                raise Invalid(
                    where, f"is {name} in another case, which is there too", at=document.place(where), hint=hint
                )
            found.append(Misspelt(where, name))
        holds = _HOLDS.get(kind, {}).get(name)
        out[name] = _walk(document, holds, item, where, found) if holds else item
    return out
