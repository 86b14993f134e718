# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What matters of a ReplicaSet, read from the object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.clock import parse_rfc3339
from ..._core.types import deep_get

HASH_LABEL = "rollouts-pod-template-hash"
REVISION = "rollout.argoproj.io/revision"
REVISION_HISTORY = "rollout.argoproj.io/revision-history"
DESIRED = "rollout.argoproj.io/desired-replicas"
DEADLINE = "scale-down-deadline"
EXPERIMENT = "experiment.argoproj.io/name"


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    """Counts and marks of a ReplicaSet.

    `revision` is 0 without the annotation; `desired` is the annotation desired-replicas, -1 without it. `deadline` is
    when it may be drained and `created` when it was made (unix seconds); `experiment` names the Experiment it belongs to.
    """

    name: str
    hash: str
    revision: int
    spec: int
    total: int
    ready: int
    available: int
    desired: int
    deadline: float | None = None
    created: float = 0.0
    experiment: str = ""


def of(obj: Mapping[str, Any]) -> ReplicaSet:
    """Return what is seen of a ReplicaSet; Kubernetes takes a missing `spec.replicas` for 1."""
    status, meta = obj.get("status") or {}, obj.get("metadata") or {}
    annotations = meta.get("annotations") or {}
    return ReplicaSet(
        name=str(meta.get("name", "")),
        hash=str((meta.get("labels") or {}).get(HASH_LABEL, "")),
        revision=max(0, _whole(annotations.get(REVISION), 0)),
        spec=int(deep_get(obj, "spec", "replicas", default=1)),
        total=int(status.get("replicas", 0)),
        ready=int(status.get("readyReplicas", 0)),
        available=int(status.get("availableReplicas", 0)),
        desired=_whole(annotations.get(DESIRED), -1),
        deadline=_moment(annotations.get(DEADLINE)),
        created=_moment(meta.get("creationTimestamp")) or 0.0,
        experiment=str(annotations.get(EXPERIMENT, "")),
    )


def revision(obj: Mapping[str, Any]) -> int:
    """Return the revision of an object, 0 without the annotation, -1 when it is no number."""
    return _whole((deep_get(obj, "metadata", "annotations") or {}).get(REVISION, "0"), -1)


def has_deadline(obj: Mapping[str, Any] | None) -> bool:
    """Return whether the ReplicaSet waits for its scale-down delay (also when the moment cannot be read)."""
    return bool((deep_get(obj, "metadata", "annotations") or {}).get(DEADLINE))


def _whole(text: Any, default: int) -> int:
    try:
        return default if text is None else int(str(text))
    except ValueError:
        return default


def _moment(text: Any) -> float | None:
    try:
        return parse_rfc3339(str(text)) if text else None
    except ValueError:
        return None
