# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Validation of EventListeners: their triggers and groups, and the pod that upstream would run for them.

Source: tektoncd/triggers pkg/apis/triggers/v1beta1/event_listener_validation.go (v0.37).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..payload import ANNOTATION
from .problems import Problem, Problems, disallowed, invalid, missing, missing_one_of, multiple_one_of, via
from .triggers import bindings, interceptor, template

_LONGEST_NAME = 60  # the Service is called el-NAME
_LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_TLS = ("TLS_CERT", "TLS_KEY")
POD_FIELDS = {
    "affinity",
    "containers",
    "nodeSelector",
    "securityContext",
    "serviceAccountName",
    "tolerations",
    "topologySpreadConstraints",
}
CONTAINER_FIELDS = {"env", "livenessProbe", "readinessProbe", "resources", "securityContext", "startupProbe"}


def event_listener(obj: Mapping[str, Any]) -> Problems:
    """Return what is wrong with an EventListener."""
    meta, found = obj.get("metadata") or {}, Problems()
    name = str(meta.get("name") or "")
    if len(name) > _LONGEST_NAME:
        text = f"eventListener name '{name}' must be no more than {_LONGEST_NAME} characters long"
        found.append(invalid(text, "metadata.name"))
    if (meta.get("annotations") or {}).get(ANNOTATION, "true") not in ("true", "false"):
        found.append(invalid(f"{ANNOTATION} annotation must have value 'true' or 'false'", "metadata.annotations"))
    return found + via("spec", _spec(obj.get("spec") or {}))


def _spec(spec: Mapping[str, Any]) -> Problems:
    namespaces = (spec.get("namespaceSelector") or {}).get("matchNames")
    triggers, groups = spec.get("triggers") or [], spec.get("triggerGroups") or []
    if spec.get("labelSelector") is None and not namespaces and not groups and not triggers:
        return [missing_one_of("labelSelector", "namespaceSelector", "triggerGroups", "triggers")]
    resources = spec.get("resources") or {}
    kubernetes, custom = resources.get("kubernetesResource"), resources.get("customResource")
    if kubernetes is not None and custom is not None:
        return [multiple_one_of("resources.kubernetesResource", "resources.customResource")]
    found: Problems = []
    for index, entry in enumerate(triggers):
        found += via(f"triggers[{index}]", _trigger(entry))
    if kubernetes is not None:
        found += via("resources.kubernetesResource", _kubernetes(kubernetes))
    if custom is not None:
        found += via("resources.customResource", _pod(_pod_spec(custom)))
    for index, group in enumerate(groups):
        found += via(f"triggerGroups[{index}]", _group(group))
    return found


def _trigger(entry: Mapping[str, Any]) -> Problems:
    found: Problems = []
    reference, given = entry.get("triggerRef"), entry.get("template")
    if given is None and not reference:
        found.append(missing_one_of("template", "triggerRef"))
    parts = [entry.get(name) for name in ("template", "bindings", "interceptors")]
    if reference and any(part is not None for part in parts):
        found.append(multiple_one_of("triggerRef", "template or bindings or interceptors"))
    found += bindings(entry.get("bindings") or [])
    if given is not None:
        found += template(given)
    for index, one in enumerate(entry.get("interceptors") or []):
        if one is None:
            return [*found, invalid("interceptor '<nil>' must be a valid value", f"interceptors[{index}]")]
        found += via(f"interceptors[{index}]", interceptor(one))
    name = str(entry.get("name") or "")
    if len(name) > 63 or not _LABEL.fullmatch(name):
        found.append(invalid(f"trigger name '{name}' must be a valid label value", "name"))
    return found


def _group(group: Mapping[str, Any]) -> Problems:
    selector, found = group.get("triggerSelector") or {}, Problems()
    if selector.get("labelSelector") is None and not (selector.get("namespaceSelector") or {}).get("matchNames"):
        found.append(missing_one_of("triggerSelector.labelSelector", "triggerSelector.namespaceSelector"))
    if not group.get("interceptors"):
        found.append(missing("interceptors"))
    return found


def _kubernetes(resource: Mapping[str, Any]) -> Problems:
    replicas = resource.get("replicas")
    found = [invalid(replicas, "spec.replicas")] if isinstance(replicas, int) and replicas < 0 else []
    return found + _pod(_pod_spec(resource))


def _pod_spec(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    return ((resource.get("spec") or {}).get("template") or {}).get("spec") or {}


def _pod(spec: Mapping[str, Any]) -> Problems:
    containers = spec.get("containers") or []
    found = [multiple_one_of("containers")] if len(containers) > 1 else []
    found += _only(spec, POD_FIELDS)
    if len(containers) == 1:
        env = _env(containers[0].get("env") or [])
        found += via("containers[0]", [*_only(containers[0], CONTAINER_FIELDS), *via("env", env)])
    return via("spec.template.spec", found)


def _env(variables: Sequence[Mapping[str, Any]]) -> Problems:
    """A variable may come only from a Secret; of the two for TLS there are both or none."""
    found: Problems = []
    for index, variable in enumerate(variables):
        source = _only(variable.get("valueFrom") or {}, {"secretKeyRef"})
        found += via(f"[{index}]", [*_only(variable, {"name", "valueFrom"}), *via("valueFrom", source)])
    named = [str(variable.get("name")) for variable in variables if variable.get("name") in _TLS]
    if len(named) == 1:
        found.append(Problem(f"Expected env's are TLS_CERT and TLS_KEY, but got only one env {named[0]}"))
    return found


def _only(given: Mapping[str, Any], allowed: set[str]) -> Problems:
    extra = sorted(
        name for name, value in given.items() if name not in allowed and value not in (None, "", [], {}, False)
    )
    return [disallowed(*extra)] if extra else []
