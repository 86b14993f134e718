# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Does the live object differ from what Git wants: a prediction against what is there.

The prediction is the API server's own (a server-side dry run); this file normalises both sides.
Source: argo-cd v3.6 gitops-engine/pkg/diff/diff.go, util/argo/normalizers.
"""

from __future__ import annotations

import copy

from ..._core.types import Manifest
from . import ignore, typed
from .ignore import Ignored

_SERVER_FIELDS = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink")
_HASH, _MANAGED = "rollouts-pod-template-hash", "argo-rollouts.argoproj.io/managed-by-rollouts"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_NOTHING = Ignored()


def normalise(obj: Manifest, ignored: Ignored = _NOTHING) -> Manifest:
    """Return the object without what the server manages, without status, and without what is ignored."""
    out = copy.deepcopy(obj)
    out.pop("status", None)
    meta = out.get("metadata") or {}
    for name in _SERVER_FIELDS:
        meta.pop(name, None)
    annotations = meta.get("annotations") or {}
    annotations.pop(_LAST_APPLIED, None)
    if not annotations:
        meta.pop("annotations", None)
    return ignore.without(typed.known(out), ignored)


def modified(predicted: Manifest, live: Manifest, ignored: Ignored = _NOTHING) -> bool:
    """Return whether applying would change the live object."""
    sides = ignore.without_owned(predicted, live, ignored.managers) if ignored.managers else (predicted, live)
    return normalise(sides[0], ignored) != normalise(sides[1], ignored)


def respect(target: Manifest, live: Manifest, ignored: Ignored) -> Manifest:
    """Return the target with the live values of ignored fields, so that applying does not reset them."""
    out = copy.deepcopy(target)
    for pointer in ignored.pointers:
        way = ignore.parts(pointer)
        found, value = ignore.get(live, way)
        if found and way[0] != "status":
            ignore.put(out, way, value)
    return out


def prepare(target: Manifest, live: Manifest | None, ignored: Ignored, *, keep_ignored: bool) -> Manifest:
    """Return what is sent for an object that exists: ignored fields and a rollout's selector as they are live.

    A Service's selector is one field for server-side apply, so sending it would drop the hash that a rollout put
    there and mix both versions until the rollout notices. Upstream's client-side merge keeps such a key too.
    """
    if live is None:
        return target
    out = respect(target, live, ignored) if keep_ignored else target
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
