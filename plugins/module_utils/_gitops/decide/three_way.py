# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Predicts the live object after a client-side apply, without a server: Git, live, and what was applied last.

The engine asks the API server instead (a dry run); this is for comparing where no server can be asked.
Source: argo-cd v3.6 gitops-engine/pkg/diff/diff.go (ThreeWayDiff, threeWayMergePatch, Normalize).
"""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Mapping
from typing import Any

from ..._core.types import Manifest, split_api_version
from . import typed

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# Lists that a strategic merge joins by a key, not replaces. Source: patchMergeKey in kubernetes/api v0.36.
_KEYS = {
    "containers": ("name",), "initContainers": ("name",), "ephemeralContainers": ("name",), "volumes": ("name",),
    "env": ("name",), "volumeMounts": ("mountPath",), "volumeDevices": ("devicePath",), "webhooks": ("name",),
    "imagePullSecrets": ("name",), "hostAliases": ("ip",), "secrets": ("name",), "ownerReferences": ("uid",),
    "topologySpreadConstraints": ("topologyKey",), "ports": ("containerPort", "port"), "conditions": ("type",),
    "resourceClaims": ("name",), "schedulingGates": ("name",), "taints": ("key",), "addresses": ("type",),
}  # fmt: skip
_BY_POSITION = ("volumeClaimTemplates",)  # reduced to Git's fields, item by item
_BUILTIN = (
    "", "apps", "autoscaling", "batch", "extensions", "policy", "admissionregistration.k8s.io", "apiextensions.k8s.io",
    "apiregistration.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "certificates.k8s.io", "events.k8s.io",
    "coordination.k8s.io", "discovery.k8s.io", "networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io",
    "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io",
)  # fmt: skip


def modified(config: Manifest, live: Manifest, *, ignore_aggregated_roles: bool = False) -> bool:
    """Return whether a client-side apply of `config` would change `live`."""
    predicted = predict(normalise(config, ignore_aggregated_roles), normalise(live, ignore_aggregated_roles))
    sides = [_comparable(side) for side in (predicted, normalise(live, ignore_aggregated_roles))]
    return bool(sides[0] != sides[1])


def predict(config: Manifest, live: Manifest) -> Manifest:
    """Return the live object as it would be: Git's fields laid over it, and gone what Git had once and dropped.

    What was applied last is read from the live object's annotation; without it Git counts as applied before.
    """
    config = without_namespace(config)
    text = _annotations(live).get(LAST_APPLIED)
    original = without_namespace(json.loads(text)) if text else config
    strategic = _group(config) in _BUILTIN
    out = _merge(copy.deepcopy(live), config, strategic)
    _drop(out, original, config, strategic)
    return out  # type: ignore[no-any-return]


def without_namespace(obj: Manifest) -> Manifest:
    """Return the object without namespace and without annotations that are empty or no map."""
    meta = {key: value for key, value in (obj.get("metadata") or {}).items() if key != "namespace"}
    if not meta.get("annotations") or not isinstance(meta["annotations"], dict):
        meta.pop("annotations", None)
    return {**obj, "metadata": meta}


def normalise(obj: Manifest, ignore_aggregated_roles: bool = False) -> Manifest:
    """Return the object in the form in which both sides are compared: no creation time, Secrets and roles in one form."""
    meta = {key: value for key, value in (obj.get("metadata") or {}).items() if key != "creationTimestamp"}
    out = {**obj, "metadata": meta}
    kind = _group(obj), obj.get("kind")
    if kind == ("", "Secret"):
        return _secret(out)
    if kind == ("", "Endpoints"):
        return _endpoints(out)
    if kind[0] == "rbac.authorization.k8s.io" and kind[1] in ("Role", "ClusterRole"):
        return _role(out, ignore_aggregated_roles)
    return out


def _secret(obj: Manifest) -> Manifest:
    """Fold stringData into data; an empty value is the empty text."""
    data = {key: value or "" for key, value in (obj.get("data") or {}).items()}
    for key, value in (obj.get("stringData") or {}).items():
        data[key] = base64.b64encode(str(value).encode()).decode()
    out = {key: value for key, value in obj.items() if key not in ("data", "stringData")}
    return {**out, "data": data} if data else out


def _endpoints(obj: Manifest) -> Manifest:
    subsets = []
    for subset in obj.get("subsets") or []:
        ports = [{"protocol": "TCP", **port} for port in subset.get("ports") or []]
        subsets.append({**subset, "ports": sorted(ports, key=_text)} if ports else dict(subset))
    for subset in subsets:
        for name in ("addresses", "notReadyAddresses"):
            if subset.get(name):
                subset[name] = sorted(subset[name], key=_text)
    return {**obj, "subsets": sorted(subsets, key=_text)} if subsets else obj


def _role(obj: Manifest, ignore_aggregated: bool) -> Manifest:
    """No rules are null; rules that the API fills in from other roles count only where that is asked for."""
    if not obj.get("rules") or (obj.get("aggregationRule") and ignore_aggregated):
        return {**obj, "rules": None}
    return obj


def _comparable(obj: Manifest) -> Any:
    meta = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    notes = {key: value for key, value in _annotations(obj).items() if key != LAST_APPLIED}
    meta = {
        **{key: value for key, value in meta.items() if key != "annotations"},
        **({"annotations": notes} if notes else {}),
    }
    out = {**obj, "metadata": meta}
    return typed.defaulted(typed.core(out)) if _group(obj) in _BUILTIN else typed.known(out)


def _merge(live: Any, config: Any, strategic: bool, name: str = "") -> Any:
    if isinstance(config, dict) and isinstance(live, dict):
        for key, value in config.items():
            if value is None:
                live.pop(key, None)
            else:
                live[key] = _merge(live.get(key), value, strategic, key)
        return live
    if isinstance(config, list) and isinstance(live, list) and strategic:
        return _merge_list(live, config, name)
    return copy.deepcopy(config)


def _merge_list(live: list[Any], config: list[Any], name: str) -> list[Any]:
    if name in _BY_POSITION and len(live) == len(config):
        return [_merge(one, other, True) for one, other in zip(live, config, strict=True)]
    if name == "finalizers":
        return [*live, *(item for item in config if item not in live)]
    if _key(name, config) is None:
        return copy.deepcopy(config)
    for item in config:
        found = _find(live, item, name)
        if found is None:
            live.append(copy.deepcopy(item))
        else:
            _merge(found, item, True)
    return live


def _key(name: str, items: list[Any]) -> str | None:
    candidates = _KEYS.get(name, ())
    return next((key for key in candidates if items and all(isinstance(i, dict) and key in i for i in items)), None)


def _find(items: list[Any], wanted: Mapping[str, Any], name: str) -> Any:
    key = _key(name, [wanted])
    same = [item for item in items if isinstance(item, dict) and key and item.get(key) == wanted.get(key)]
    if name == "ports" and len(same) > 1:
        same = [item for item in same if item.get("protocol", "TCP") == wanted.get("protocol", "TCP")]
    return same[0] if same else None


def _drop(out: Any, original: Any, config: Any, strategic: bool) -> None:
    """Remove from `out`, in place, what is in `original` and no longer in `config`."""
    for key, before in original.items():
        if key not in config:
            out.pop(key, None)
        elif isinstance(before, dict) and isinstance(config[key], dict) and isinstance(out.get(key), dict):
            _drop(out[key], before, config[key], strategic)
        elif strategic and isinstance(before, list) and isinstance(config[key], list) and _key(key, before):
            _drop_items(out.get(key) or [], before, config[key], key)


def _drop_items(out: list[Any], original: list[Any], config: list[Any], name: str) -> None:
    for item in original:
        found, wanted = _find(out, item, name), _find(config, item, name)
        if wanted is None and found is not None:
            out.remove(found)
        elif found is not None:
            _drop(found, item, wanted, True)


def _group(obj: Manifest) -> str:
    return split_api_version(str(obj.get("apiVersion", "")))[0]


def _annotations(obj: Manifest) -> dict[str, Any]:
    found = (obj.get("metadata") or {}).get("annotations")
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
