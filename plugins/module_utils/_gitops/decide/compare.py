# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Does the live object differ from what Git wants: a prediction against what is there.

The prediction is the API server's own (a server-side dry run); this file normalises both sides.
Source: argo-cd v3.6 gitops-engine/pkg/diff/diff.go, util/argo/normalizers.
"""

from __future__ import annotations

import copy
import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.types import Manifest, split_api_version

_SERVER_FIELDS = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink")
_HASH, _MANAGED = "rollouts-pod-template-hash", "argo-rollouts.argoproj.io/managed-by-rollouts"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def normalise(obj: Manifest, pointers: Sequence[str] = ()) -> Manifest:
    """Return the object without what the server manages, without status, and without the ignored pointers."""
    out = copy.deepcopy(obj)
    out.pop("status", None)
    meta = out.get("metadata") or {}
    for name in _SERVER_FIELDS:
        meta.pop(name, None)
    annotations = meta.get("annotations") or {}
    annotations.pop(_LAST_APPLIED, None)
    if not annotations:
        meta.pop("annotations", None)
    for pointer in pointers:
        remove(out, pointer)
    return out


def modified(predicted: Manifest, live: Manifest, pointers: Sequence[str]) -> bool:
    """Return whether applying would change the live object."""
    return normalise(predicted, pointers) != normalise(live, pointers)


def ignored(obj: Manifest, rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the JSON pointers that ignoreDifferences names for this object."""
    group, _version = split_api_version(obj["apiVersion"])
    found: list[str] = []
    for rule in rules:
        if not fnmatch.fnmatchcase(group, str(rule.get("group") or "") or "") and rule.get("group") != group:
            continue
        if not fnmatch.fnmatchcase(obj["kind"], str(rule.get("kind") or "")):
            continue
        meta = obj["metadata"]
        if rule.get("name") and rule["name"] != meta["name"]:
            continue
        if rule.get("namespace") and rule["namespace"] != meta.get("namespace"):
            continue
        found += rule.get("jsonPointers") or []
    return found


def respect(target: Manifest, live: Manifest, pointers: Sequence[str]) -> Manifest:
    """Return the target with the live values at ignored pointers, so that applying does not reset them."""
    out = copy.deepcopy(target)
    for pointer in pointers:
        found, value = _get(live, _parts(pointer))
        if found and not pointer.startswith("/status"):
            _set(out, _parts(pointer), value)
    return out


def prepare(target: Manifest, live: Manifest | None, pointers: Sequence[str], *, keep_ignored: bool) -> Manifest:
    """Return what is sent for an object that exists: ignored fields and a rollout's selector as they are live.

    A Service's selector is one field for server-side apply, so sending it would drop the hash that a rollout put
    there and mix both versions until the rollout notices. Upstream's client-side merge keeps such a key too.
    """
    if live is None:
        return target
    out = respect(target, live, pointers) if keep_ignored else target
    selector = (live.get("spec") or {}).get("selector") or {}
    managed = _MANAGED in ((live.get("metadata") or {}).get("annotations") or {})
    if (
        target["kind"] != "Service"
        or not managed
        or _HASH not in selector
        or "selector" not in (target.get("spec") or {})
    ):
        return out
    return {**out, "spec": {**out["spec"], "selector": {**out["spec"]["selector"], _HASH: selector[_HASH]}}}


def readable(obj: Manifest) -> Manifest:
    """Return the object with its keys in the order in which people write them."""
    first = [name for name in ("apiVersion", "kind", "metadata") if name in obj]
    return {name: obj[name] for name in [*first, *sorted(set(obj) - set(first))]}


def remove(obj: Any, pointer: str) -> None:
    """Remove what a JSON pointer (RFC 6901) names; nothing happens when it is not there."""
    *way, last = _parts(pointer)
    found, parent = _get(obj, way)
    if found and isinstance(parent, dict):
        parent.pop(last, None)
    elif found and isinstance(parent, list) and last.isdigit() and int(last) < len(parent):
        del parent[int(last)]


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.lstrip("/").split("/")]


def _get(obj: Any, parts: Sequence[str]) -> tuple[bool, Any]:
    for part in parts:
        if isinstance(obj, dict) and part in obj:
            obj = obj[part]
        elif isinstance(obj, list) and part.isdigit() and int(part) < len(obj):
            obj = obj[int(part)]
        else:
            return False, None
    return True, obj


def _set(obj: Any, parts: Sequence[str], value: Any) -> None:
    found, parent = _get(obj, parts[:-1])
    last = parts[-1]
    if found and isinstance(parent, dict):
        parent[last] = value
    elif found and isinstance(parent, list) and last.isdigit() and int(last) < len(parent):
        parent[int(last)] = value
