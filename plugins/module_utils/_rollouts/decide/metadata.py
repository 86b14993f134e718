# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Labels and annotations that pods carry only while they are canary, stable, preview or active.

What was put on is remembered in an annotation of the ReplicaSet, and only that may be taken off again.
Source: argo-rollouts v1.9 utils/replicaset/canary.go (SyncEphemeralPodMetadata and its neighbours).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..._core import gojson

REMEMBERED = "rollout.argoproj.io/ephemeral-metadata"
PodMetadata = Mapping[str, Any]
_PARTS = ("annotations", "labels")


class Synced(NamedTuple):
    """The object as it should be, and whether that is a change."""

    obj: dict[str, Any]
    modified: bool


def injected(replica_set: Mapping[str, Any]) -> PodMetadata | None:
    """Return what was put on the pods of a ReplicaSet, None when nothing was or it cannot be read.

    Source: ParseExistingPodMetadata.
    """
    text = ((replica_set.get("metadata") or {}).get("annotations") or {}).get(REMEMBERED)
    try:
        found = json.loads(text) if text is not None else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def sync(meta: Mapping[str, Any], before: PodMetadata | None, wanted: PodMetadata | None) -> Synced:
    """Return object metadata with the wanted labels and annotations, without those put on before and no longer wanted.

    Source: SyncEphemeralPodMetadata.
    """
    out: dict[str, Any] = copy.deepcopy(dict(meta))
    for part in _PARTS:
        add = (wanted or {}).get(part) or {}
        gone = [name for name in (before or {}).get(part) or {} if name not in add]
        known = out.get(part)
        if add or (gone and known is not None):
            out[part] = {name: value for name, value in {**(known or {}), **add}.items() if name not in gone}
    return Synced(out, out != meta)


def sync_replica_set(replica_set: Mapping[str, Any], wanted: PodMetadata | None) -> Synced:
    """Return the ReplicaSet with the wanted metadata in its template, remembered in its annotation (None: all removed).

    Source: SyncReplicaSetEphemeralPodMetadata.
    """
    spec = replica_set.get("spec") or {}
    template = spec.get("template") or {}
    meta, modified = sync(template.get("metadata") or {}, injected(replica_set), wanted)
    out: dict[str, Any] = copy.deepcopy(dict(replica_set))
    if not modified:
        return Synced(out, False)
    out["spec"] = {**spec, "template": {**template, "metadata": meta}}
    annotations = dict((out.get("metadata") or {}).get("annotations") or {})
    if wanted is None:
        annotations.pop(REMEMBERED, None)
    else:
        annotations[REMEMBERED] = gojson.dumps(
            {name: wanted[name] for name in ("labels", "annotations") if wanted.get(name)}, sort=False
        )
    out["metadata"] = {**(out.get("metadata") or {}), "annotations": annotations}
    return Synced(out, True)
