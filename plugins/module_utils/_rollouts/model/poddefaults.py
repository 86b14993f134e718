# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the API server fills into a pod template, and when two templates are the same one.

Pure; templates are raw and never changed in place. Source: kubernetes v0.34 pkg/apis/core/v1/defaults.go;
argo-rollouts v1.9 utils/replicaset/replicaset.go (PodTemplateEqualIgnoreHash).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ..._core import quantity
from .replicaset import HASH_LABEL

_POD = {
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "terminationGracePeriodSeconds": 30,
}
_CONTAINER = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_MODE = 0o644


def same(live: Mapping[str, Any], desired: Mapping[str, Any]) -> bool:
    """Return whether two templates make the same pods.

    Defaults, the hash label and the deprecated serviceAccount make no difference (argo-rollouts issue #1356).
    """
    return bool(_comparable(live) == _comparable(desired))


def _comparable(template: Mapping[str, Any]) -> Any:
    out = filled(template)
    out["spec"].pop("serviceAccount", None)
    labels = (out.get("metadata") or {}).get("labels") or {}
    labels.pop(HASH_LABEL, None)
    (out.get("metadata") or {}).pop("creationTimestamp", None)
    return _bare(out)


def _bare(value: Any) -> Any:
    """nil and empty are the same, as for apiequality.Semantic."""
    if isinstance(value, dict):
        cleaned = {name: _bare(item) for name, item in value.items()}
        return {name: item for name, item in cleaned.items() if item not in (None, "", {}, [])}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def filled(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the template with the defaults of the API."""
    out: dict[str, Any] = copy.deepcopy(dict(template))
    spec = _with(out.get("spec") or {}, _POD)
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        if spec.get(kind):
            spec[kind] = [_container(entry, bool(spec.get("hostNetwork"))) for entry in spec[kind]]
    if spec.get("volumes"):
        spec["volumes"] = [_volume(entry) for entry in spec["volumes"]]
    return {**out, "spec": spec}


def _with(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {**given, **{name: value for name, value in defaults.items() if given.get(name) in (None, "")}}


def _container(given: Mapping[str, Any], host_network: bool) -> dict[str, Any]:
    out = _with(given, {**_CONTAINER, "imagePullPolicy": _pull_policy(str(given.get("image") or ""))})
    out["ports"] = [_port(entry, host_network) for entry in given.get("ports") or []]
    out["env"] = [_variable(entry) for entry in given.get("env") or []]
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if given.get(name):
            out[name] = _probe(given[name])
    resources = given.get("resources") or {}
    out["resources"] = {
        name: _amounts(value) if name in ("limits", "requests") else value for name, value in resources.items()
    }
    return out


def _pull_policy(image: str) -> str:
    if "@" in image:
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2] or "latest"
    return "Always" if tag == "latest" else "IfNotPresent"


def _port(given: Mapping[str, Any], host_network: bool) -> dict[str, Any]:
    out = _with(given, {"protocol": "TCP"})
    return _with(out, {"hostPort": out.get("containerPort")}) if host_network else out


def _variable(given: Mapping[str, Any]) -> dict[str, Any]:
    reference = (given.get("valueFrom") or {}).get("fieldRef")
    if reference is None:
        return dict(given)
    return {**given, "valueFrom": {**given["valueFrom"], "fieldRef": _with(reference, {"apiVersion": "v1"})}}


def _probe(given: Mapping[str, Any]) -> dict[str, Any]:
    out = _with(given, _PROBE)
    if given.get("httpGet"):
        out["httpGet"] = _with(given["httpGet"], {"path": "/", "scheme": "HTTP"})
    return out


def _amounts(given: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: quantity.canonical(value) for name, value in (given or {}).items()}


def _volume(given: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(given)
    if len(out) == 1:
        out["emptyDir"] = {}
    for kind in ("secret", "configMap", "downwardAPI", "projected"):
        if out.get(kind) is not None:
            out[kind] = _with(out[kind], {"defaultMode": _MODE})
    return out
