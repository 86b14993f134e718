# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the annotations of Rollouts and ReplicaSets record: revisions, their history, the wanted size.

Functions over raw objects and annotation maps. Source: argo-rollouts v1.9 utils/annotations/annotations.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..._core.types import deep_get
from ..model.replicaset import DEADLINE, DESIRED, REVISION, REVISION_HISTORY

WORKLOAD_GENERATION = "rollout.argoproj.io/workload-generation"
_NOT_COPIED = frozenset(
    (
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        REVISION_HISTORY,
        DESIRED,
        "notified.notifications.argoproj.io",
    )
)


class Found(NamedTuple):
    """A number of an annotation; 0 and not there when it is missing or no number."""

    value: int
    there: bool


def number(obj: Mapping[str, Any] | None, name: str) -> Found:
    """Return the whole number in an annotation of an object."""
    text = deep_get(obj, "metadata", "annotations", name)
    try:
        return Found(int(str(text)), True) if text is not None else Found(0, False)
    except ValueError:
        return Found(0, False)


def with_number(annotations: Mapping[str, str] | None, name: str, value: int | str) -> dict[str, str]:
    """Return the annotations with one set to a number (or a text that holds one)."""
    return {**(annotations or {}), name: str(value)}


def replicas_need_update(annotations: Mapping[str, str] | None, desired: int) -> bool:
    """Return whether a ReplicaSet's annotations still speak of another size, or of a drain that is off.

    Source: ReplicasAnnotationsNeedUpdate.
    """
    known = annotations or {}
    return known.get(DESIRED) != str(desired) or (desired == 0 and DEADLINE in known)


def copied(rollout: Mapping[str, str] | None) -> dict[str, str]:
    """Return the annotations of a Rollout that its ReplicaSets get as well. Source: copyRolloutAnnotationsToReplicaSet."""
    return {name: value for name, value in (rollout or {}).items() if name not in _NOT_COPIED}


def for_replica_set(
    rollout: Mapping[str, str] | None,
    annotations: Mapping[str, str] | None,
    revision: str,
    replicas: int,
    *,
    exists: bool,
) -> dict[str, str]:
    """Return a ReplicaSet's annotations at a revision, which is never lowered. Source: SetNewReplicaSetAnnotations.

    A ReplicaSet that is used again keeps its former revisions in revision-history; a new one notes the wanted size.
    """
    before = dict(annotations or {})
    out = {**before, **copied(rollout)}
    former = before.get(REVISION)
    try:
        number_before, number_now = int(former or 0), int(revision)
    except ValueError:
        return out
    if number_before < number_now:
        out[REVISION] = revision
    if former is not None and out != before:
        history = before.get(REVISION_HISTORY, "")
        out[REVISION_HISTORY] = f"{history},{former}" if history else former
    if not exists:
        out[DESIRED] = str(replicas)
    return out
