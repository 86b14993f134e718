# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which fields Tekton's v1 kinds have. A field that nobody reads is a misspelling: it is refused with the nearest name.

Source: tektoncd/pipeline pkg/apis/pipeline/v1, v1.15 (v1beta1 names are converted before this is asked).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from ..._core import gojson
from ..._core.errors import Invalid
from ..._core.yaml import Document

_CONTAINER = (
    "name displayName image command args workingDir env envFrom computeResources volumeMounts volumeDevices "
    "imagePullPolicy securityContext script workspaces"
)
_PARAM_SPEC = "name type description properties default enum"
FIELDS: dict[str, str] = {
    "Task": "params displayName description steps volumes stepTemplate sidecars workspaces results apiVersion kind metadata spec",
    "Step": f"{_CONTAINER} timeout onError stdoutConfig stderrConfig ref params results when",
    "Sidecar": f"{_CONTAINER} ports livenessProbe readinessProbe startupProbe lifecycle restartPolicy terminationMessagePath "
    "terminationMessagePolicy stdin stdinOnce tty",
    "StepTemplate": f"{_CONTAINER}",
    "StepAction": "description image command args env script workingDir params results securityContext volumeMounts",
    "ParamSpec": _PARAM_SPEC,
    "Param": "name value",
    "TaskResult": "name type properties description value",
    "PipelineResult": "name type description value",
    "WorkspaceDeclaration": "name description mountPath readOnly optional",
    "PipelineWorkspace": "name description optional",
    "WorkspaceUsage": "name mountPath",
    "WorkspaceBinding": "name subPath volumeClaimTemplate persistentVolumeClaim emptyDir configMap secret projected csi",
    "TaskWorkspace": "name workspace subPath",
    "Pipeline": "displayName description tasks params workspaces results finally",
    "PipelineTask": "name displayName description taskRef taskSpec when retries runAfter params matrix workspaces timeout "
    "pipelineRef pipelineSpec onError",
    "When": "input operator values cel",
    "Matrix": "params include",
    "TaskRun": "debug params serviceAccountName taskRef taskSpec status statusMessage retries timeout podTemplate workspaces "
    "stepSpecs sidecarSpecs computeResources managedBy",
    "PipelineRun": "pipelineRef pipelineSpec params status timeouts taskRunTemplate workspaces taskRunSpecs managedBy",
    "Timeouts": "pipeline tasks finally",
    "Ref": "name kind apiVersion resolver params",
    "TaskRunTemplate": "serviceAccountName podTemplate",
    "TaskRunSpec": "pipelineTaskName serviceAccountName podTemplate stepSpecs sidecarSpecs metadata computeResources timeout",
}


def check(document: Document, kind: str, value: Any, path: str) -> None:
    """Raise Invalid when `value` has a field that `kind` (a key of FIELDS) does not have."""
    if not isinstance(value, Mapping):
        raise Invalid(path, "must be a mapping", at=document.place(path))
    if "name" in value and not isinstance(value["name"], str):
        found = gojson.dumps(value["name"])
        hint = "YAML reads words such as n, y, no and on as booleans: put the name in quotes"
        raise Invalid(f"{path}.name", f"must be text, not {found}", at=document.place(f"{path}.name"), hint=hint)
    allowed = FIELDS[kind].split()
    for name in value:
        if name not in allowed:
            near = difflib.get_close_matches(str(name), allowed, 1)
            hint = f"did you mean {near[0]}?" if near else f"fields there: {', '.join(sorted(allowed))}"
            raise Invalid(f"{path}.{name}", "is not a field of Tekton", at=document.place(f"{path}.{name}"), hint=hint)


def items(document: Document, spec: Mapping[str, Any], name: str, path: str) -> Iterator[tuple[str, Any]]:
    """Yield (path, entry) of a list field; Invalid when it is no list."""
    entries = spec.get(name)
    if entries is None:
        return
    if not isinstance(entries, list):
        raise Invalid(f"{path}.{name}", "must be a list", at=document.place(f"{path}.{name}"))
    for index, entry in enumerate(entries):
        yield f"{path}.{name}[{index}]", entry
