# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Validation of TriggerBindings, ClusterTriggerBindings and TriggerTemplates.

Source: tektoncd/triggers pkg/apis/triggers/v1beta1/{trigger_binding,cluster_trigger_binding,trigger_template}
_validation.go (v0.37); tektoncd/pipeline pkg/apis/validate/metadata.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core import gojson
from .problems import Problem, Problems, invalid, missing, multiple_one_of, via

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME, _LONGEST_SUBDOMAIN = 63, 253
_PARAM = re.compile(r"\$\(tt.params.([_a-zA-Z][_a-zA-Z0-9.-]*)\)")
KINDS = {
    "tekton.dev/v1": ("Pipeline", "PipelineRun", "Task", "TaskRun"),
    "tekton.dev/v1beta1": ("CustomRun", "Pipeline", "PipelineRun", "StepAction", "Task", "TaskRun"),
    "tekton.dev/v1alpha1": ("Run", "StepAction", "VerificationPolicy"),
}


def metadata(obj: Mapping[str, Any]) -> Problems:
    """Return what is wrong with an object's name: a DNS subdomain of at most 63 characters."""
    name = str((obj.get("metadata") or {}).get("name") or "")
    if len(name) > _LONGEST_SUBDOMAIN or not _SUBDOMAIN.fullmatch(name):
        text = f"invalid resource name {gojson.dumps(name)}: must be a valid DNS label"
        return [Problem(text, ("metadata.name",))]
    if len(name) > _LONGEST_NAME:
        text = f"Invalid resource name: length must be no more than {_LONGEST_NAME} characters"
        return [Problem(text, ("metadata.name",))]
    return []


def trigger_binding(obj: Mapping[str, Any]) -> Problems:
    """Return what is wrong with a TriggerBinding."""
    return [*metadata(obj), *via("spec", binding_spec(obj.get("spec") or {}))]


def cluster_trigger_binding(obj: Mapping[str, Any]) -> Problems:
    """Return what is wrong with a ClusterTriggerBinding; paths do not name the spec, as upstream."""
    return metadata(obj) or binding_spec(obj.get("spec") or {})


def binding_spec(spec: Mapping[str, Any]) -> Problems:
    """Return what is wrong with the params of a binding: empty, a name twice, an expression that never ends."""
    params = spec.get("params") or []
    if not params:
        return [missing("")]
    seen: set[str] = set()
    for index, param in enumerate(params):
        name, value = str(param.get("name") or ""), str(param.get("value") or "")
        if name in seen:
            return [multiple_one_of(f"params[{index}].name")]
        seen.add(name)
        if not _closed(value):
            return [invalid(value, f"params[{index}].value")]
    return []


def _closed(value: str) -> bool:
    """Return whether each $( ends before the next begins; the last one is not looked at, as upstream."""
    return all(_ends(part) for part in value.split("$(")[1:-1])


def _ends(part: str) -> bool:
    depth = 0
    for char in part:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth < 0:
            return True
    return False


def trigger_template(obj: Mapping[str, Any]) -> Problems:
    """Return what is wrong with a TriggerTemplate."""
    return [*metadata(obj), *via("spec", template_spec(obj.get("spec") or {}))]


def template_spec(spec: Mapping[str, Any]) -> Problems:
    """Return what is wrong with a template: no resources, resources Tekton does not know, params not declared."""
    resources = spec.get("resourcetemplates") or []
    found: Problems = []
    if not resources and not spec.get("params"):
        found.append(missing(""))
    if not resources:
        found.append(missing("resourcetemplates"))
    for index, resource in enumerate(resources):
        found += via(f"resourcetemplates[{index}]", _type(resource or {}))
    return found + _undeclared(spec.get("params") or [], resources)


def _type(resource: Mapping[str, Any]) -> Problems:
    """Return whether a resource's kind is one of Tekton Pipelines; the rest of it may hold expressions."""
    kind, version = resource.get("kind"), str(resource.get("apiVersion") or "")
    if not kind:
        return [missing("kind")]
    if not version:
        return [missing("apiVersion")]
    if kind not in KINDS.get(version, ()):
        return [invalid(f'no kind "{kind}" is registered for version "{version}"', "")]
    return []


def _undeclared(params: Sequence[Mapping[str, Any]], resources: Sequence[Any]) -> Problems:
    """Return the first $(tt.params.NAME) that the template does not declare."""
    declared = {param.get("name") for param in params}
    for index, resource in enumerate(resources):
        for name in _PARAM.findall(gojson.dumps(resource, escape_html=False)):
            if name not in declared:
                text = f"$(tt.params.{name})"
                details = f"'{text}' must be declared in spec.params"
                return [invalid(f"undeclared param '{text}'", f"resourcetemplates[{index}]", details)]
    return []
