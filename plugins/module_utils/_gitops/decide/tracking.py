# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whose object is this: the tracking annotation. Source: argo-cd v3.6 util/argo/resource_tracking.go."""

from __future__ import annotations

import re

from ..._core.errors import Invalid
from ..._core.types import Manifest, split_api_version

ANNOTATION = "argocd.argoproj.io/tracking-id"
_LABEL_LENGTH = 63
_SPECIAL_END = re.compile(r"[^a-z0-9A-Z]+\Z")


def truncated(name: str) -> str:
    """Return the application's name as a label value: 63 characters at most, a letter or digit last."""
    if len(name) <= _LABEL_LENGTH:
        return name
    found = _SPECIAL_END.sub("", name[:_LABEL_LENGTH])
    if not found:
        raise Invalid("", "unable to truncate label to not end with a special character")
    return found


def is_label_method(method: str) -> bool:
    """True for tracking by label, the method of old; `method` is label, annotation or annotation+label."""
    return method in ("", "label")


def identity(app: str, obj: Manifest, destination: str) -> str:
    """Return app:group/Kind:namespace/name; a cluster-scoped object keeps the destination's namespace in it."""
    group, _version = split_api_version(obj["apiVersion"])
    meta = obj["metadata"]
    return f"{app}:{group}/{obj['kind']}:{meta.get('namespace') or destination}/{meta['name']}"


def track(app: str, obj: Manifest, destination: str) -> Manifest:
    """Return the object with the annotation. CRDs never carry it: they are not ours to prune."""
    if obj["kind"] == "CustomResourceDefinition":
        return obj
    meta = obj["metadata"]
    annotations = {**(meta.get("annotations") or {}), ANNOTATION: identity(app, obj, destination)}
    return {**obj, "metadata": {**meta, "annotations": annotations}}


def owner(obj: Manifest) -> str:
    """Return the application that tracks a live object, empty when none does."""
    value = str(((obj.get("metadata") or {}).get("annotations") or {}).get(ANNOTATION, ""))
    return value.split(":", maxsplit=1)[0]


def is_self(app: str, obj: Manifest, destination: str) -> bool:
    """False for an object that carries the annotation of another object (a copied one): it is left alone."""
    value = str(((obj.get("metadata") or {}).get("annotations") or {}).get(ANNOTATION, ""))
    if not value:
        return True
    wanted = identity(app, obj, destination)
    if obj["metadata"].get("namespace"):
        return value == wanted
    return value.rpartition("/")[2] == wanted.rpartition("/")[2] and value.split(":")[1] == wanted.split(":")[1]
