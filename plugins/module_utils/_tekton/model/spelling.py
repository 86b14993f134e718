# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Names of fields in another case, such as TaskSpec: Go reads them as the field that differs in nothing else. Pure.

Source: Go encoding/json, Unmarshal (names match without case when no field has the very name). Upstream's examples rely on
it: TaskSpec of a TaskRun in examples/v1/taskruns/beta/stepaction-git-resolver.yaml, mountpath in workspaces of steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.types import Manifest
from .fields import FIELDS

# What lies in the fields of a kind, as keys of FIELDS. Lists and single values alike.
_INSIDE: Mapping[str, Mapping[str, str]] = {
    "TaskRun": {"taskSpec": "Task", "taskRef": "Ref", "params": "Param", "workspaces": "WorkspaceBinding"},
    "PipelineRun": {
        "pipelineSpec": "Pipeline",
        "pipelineRef": "Ref",
        "params": "Param",
        "workspaces": "WorkspaceBinding",
    },
    "Pipeline": {
        "tasks": "PipelineTask",
        "finally": "PipelineTask",
        "params": "ParamSpec",
        "results": "PipelineResult",
    },
    "PipelineTask": {"taskSpec": "Task", "pipelineSpec": "Pipeline", "taskRef": "Ref", "pipelineRef": "Ref"},
    "Task": {"steps": "Step", "sidecars": "Sidecar", "params": "ParamSpec", "results": "TaskResult"},
    "Step": {"ref": "Ref", "params": "Param", "when": "When", "workspaces": "WorkspaceUsage"},
    "Sidecar": {"workspaces": "WorkspaceUsage"},
}


def spelled(obj: Manifest) -> Manifest:
    """Return an object of Tekton whose fields have the case that Tekton writes."""
    return {**obj, "spec": as_go_reads(obj.get("spec"), str(obj.get("kind")))} if "spec" in obj else obj


def as_go_reads(spec: Any, kind: str) -> Any:
    """Return a spec whose fields have the case that Tekton writes; names that are no fields in any case stay."""
    if isinstance(spec, list):
        return [as_go_reads(item, kind) for item in spec]
    if not isinstance(spec, Mapping) or kind not in FIELDS:
        return spec
    known = {name.lower(): name for name in FIELDS[kind].split()}
    inside = _INSIDE.get(kind, {})
    out = {}
    for name, value in spec.items():
        wanted = known.get(str(name).lower(), str(name))
        field = str(name) if wanted in spec else wanted
        out[field] = as_go_reads(value, inside[field]) if field in inside else value
    return out
