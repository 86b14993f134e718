# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The canary Ingress beside a stable one, as ingress-nginx wants it.

Pure: the stable Ingress and a weight in, the wanted canary Ingress out. Source: argo-rollouts v1.9
rollout/trafficrouting/nginx/nginx.go.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ..._core.errors import Invalid
from ..._core.types import Manifest
from ..model import defaults
from ..model.rollout import API_VERSION, KIND, Rollout
from . import ingress

CLASS = "kubernetes.io/ingress.class"


def stable_ingresses(ro: Rollout) -> list[str]:
    """Return the names of the stable Ingresses: the list, else the single one."""
    nginx = ro.traffic.get("nginx") or {}
    many = nginx.get("stableIngresses")
    return list(many) if many is not None else [str(nginx.get("stableIngress") or "")]


def canary_ingress(ro: Rollout, stable: Manifest, name: str, weight: int) -> Manifest:
    """Return the canary Ingress: the rules that lead to the stable Service, with the canary's in its place.

    TLS and class are kept, other annotations are not. Invalid when no rule leads to the stable Service.
    """
    spec = stable.get("spec") or {}
    rules = [rule for rule in (_rule(entry, ro) for entry in spec.get("rules") or []) if rule is not None]
    if not rules:
        nginx = ro.traffic.get("nginx") or {}
        text = f"ingress `{nginx.get('stableIngress') or ''}` has no rules using service {ro.stable_service} backend"
        raise Invalid("", text)
    wanted: dict[str, Any] = {key: copy.deepcopy(spec[key]) for key in ("ingressClassName", "tls") if key in spec}
    meta = {"name": name, "annotations": _annotations(ro, stable, weight), "ownerReferences": [_owner(ro)]}
    return {**_kind(stable), "metadata": meta, "spec": {**wanted, "rules": rules}}


def _kind(stable: Manifest) -> dict[str, Any]:
    return {key: stable[key] for key in ("apiVersion", "kind") if key in stable}


def _rule(rule: Mapping[str, Any], ro: Rollout) -> dict[str, Any] | None:
    """Return a rule with its backends renamed, None when it does not lead to the stable Service."""
    out: dict[str, Any] = copy.deepcopy(dict(rule))
    paths = (out.get("http") or {}).get("paths") or []
    ours = [path for path in paths if ingress.backend(path) == ro.stable_service]
    for path in ours:
        if "serviceName" in path["backend"]:
            path["backend"]["serviceName"] = ro.canary_service
        else:
            path["backend"]["service"]["name"] = ro.canary_service
    return out if ours else None


def _annotations(ro: Rollout, stable: Manifest, weight: int) -> dict[str, str]:
    """Additional annotations get the prefix when they lack it; canaryIngressAnnotations are taken as they are."""
    nginx, prefix = ro.traffic.get("nginx") or {}, defaults.ingress_prefix(ro.spec)
    known = (stable.get("metadata") or {}).get("annotations") or {}
    out = {CLASS: known[CLASS]} if CLASS in known else {}
    out |= nginx.get("canaryIngressAnnotations") or {}
    for name, value in (nginx.get("additionalIngressAnnotations") or {}).items():
        out[name if name.startswith(prefix) else f"{prefix}/{name}"] = value
    out |= {f"{prefix}/canary": "true", f"{prefix}/canary-weight": str(weight)}
    most = ro.traffic.get("maxTrafficWeight")
    return out if most is None else {**out, f"{prefix}/canary-weight-total": str(most)}


def _owner(ro: Rollout) -> dict[str, Any]:
    named = {"apiVersion": API_VERSION, "kind": KIND, "name": ro.name, "uid": ro.uid}
    return {**named, "controller": True, "blockOwnerDeletion": True}


def controlled(ro: Rollout, canary: Manifest) -> bool:
    """Return whether a canary Ingress is this Rollout's: others are never touched."""
    owners = (canary.get("metadata") or {}).get("ownerReferences") or []
    return any(owner.get("controller") and owner.get("uid") == ro.uid for owner in owners)


def change(ro: Rollout, canary: Manifest, wanted: Manifest) -> dict[str, Any]:
    """Return the merge patch for a canary Ingress, {} for none; annotations of others stay. Invalid when it is not ours."""
    name = (canary.get("metadata") or {}).get("name")
    if not controlled(ro, canary):
        raise Invalid("", f"canary ingress `{name}` controlled by different object")
    kept = {**((canary.get("metadata") or {}).get("annotations") or {}), **wanted["metadata"]["annotations"]}
    merged = {**wanted, "metadata": {**wanted["metadata"], "annotations": kept}}
    return ingress.patch(canary, merged)
