# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which ReplicaSet belongs to the Rollout's template: by its hash label, else because its template makes the same pods.

Functions over raw ReplicaSets. Source: argo-rollouts v1.9 utils/replicaset/replicaset.go (FindNewReplicaSet).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.types import deep_get
from ..model import poddefaults
from ..model.replicaset import HASH_LABEL
from ..model.rollout import Rollout
from . import affinity, metadata
from .steps import Status


def adopted_hash(ro: Rollout, status: Status, sets: Sequence[Mapping[str, Any]], computed: str) -> str:
    """Return the hash label of the new ReplicaSet; the computed hash when none fits and one has to be made.

    A label of another release's hash is kept: what matters is that the pods are the same. `sets` oldest first.
    """
    labels = [_label(obj) for obj in sets]
    current = str(status.get("currentPodHash") or "")
    if computed in labels:
        return computed
    preferred = sorted(zip(labels, sets, strict=True), key=lambda pair: pair[0] != current)
    return next((label for label, obj in preferred if label and matches(ro, obj)), computed)


def _label(obj: Mapping[str, Any]) -> str:
    return str(deep_get(obj, "metadata", "labels", HASH_LABEL, default=""))


def matches(ro: Rollout, obj: Mapping[str, Any]) -> bool:
    """Return whether a ReplicaSet's template is the Rollout's, apart from what the engine itself put into it."""
    template = deep_get(metadata.sync_replica_set(obj, None).obj, "spec", "template", default={})
    spec = dict(template.get("spec") or {})
    left = affinity.remove(spec.pop("affinity", None), ro)
    return poddefaults.same({**template, "spec": {**spec, "affinity": left}}, ro.template)
