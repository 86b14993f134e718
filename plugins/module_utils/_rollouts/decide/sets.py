# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which ReplicaSet plays which part, and which of them may go.

Knows what is seen of ReplicaSets, the spec and the status; must not know routers. Source: argo-rollouts v1.9
utils/replicaset/{replicaset,canary,bluegreen}.go, utils/annotations/annotations.go, rollout/{replicaset,sync}.go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..model.replicaset import HASH_LABEL, ReplicaSet
from ..model.rollout import Rollout
from .actions import Delete
from .steps import Status


def by_hash(sets: Iterable[ReplicaSet], wanted: str) -> ReplicaSet | None:
    """Return the ReplicaSet of a hash. Source: GetReplicaSetByTemplateHash."""
    return next((one for one in sets if wanted and one.hash == wanted), None)


def without_hash(sets: Sequence[ReplicaSet], wanted: str) -> list[ReplicaSet]:
    """Return the ReplicaSets of other hashes; all of them when no hash is asked for."""
    return [one for one in sets if not wanted or one.hash not in ("", wanted)]


def stable(status: Status, new: ReplicaSet | None, sets: Iterable[ReplicaSet]) -> ReplicaSet | None:
    """Return the stable ReplicaSet. Source: GetStableRS."""
    wanted = str(status.get("stableRS") or "")
    if new is not None and wanted and new.hash == wanted:
        return new
    return by_hash(sets, wanted)


def others(sets: Iterable[ReplicaSet], new: ReplicaSet | None, old: ReplicaSet | None) -> list[ReplicaSet]:
    """Return those that are neither new nor stable. Source: GetOtherRSs."""
    names = {one.name for one in (new, old) if one is not None}
    return [one for one in sets if one.name not in names]


def active_or_latest(new: ReplicaSet | None, old: Sequence[ReplicaSet]) -> ReplicaSet | None:
    """Return the only one with pods, or the newest when none has any; None when several have. Source: FindActiveOrLatest."""
    latest_first = sorted(old, key=lambda one: one.created, reverse=True)
    active = [one for one in [*latest_first, *([new] if new else [])] if one.spec > 0]
    if len(active) > 1:
        return None
    return active[0] if active else new or next(iter(latest_first), None)


def available(one: ReplicaSet | None) -> bool:
    """Return whether it is scaled up and all its pods are available. Source: IsReplicaSetAvailable."""
    return one is not None and one.spec > 0 and 0 < one.available >= one.spec


def partially_available(one: ReplicaSet) -> bool:
    """Return whether a pod is available. Source: IsReplicaSetPartiallyAvailable."""
    return one.available > 0


def saturated(ro: Rollout, one: ReplicaSet | None) -> bool:
    """Return whether all wanted pods are asked for, known of and available. Source: IsSaturated."""
    return one is not None and one.spec == one.desired == one.available == ro.replicas


def ready_for_pause(one: ReplicaSet, wanted: int) -> bool:
    """Return whether the preview has its pods. Source: ReadyForPause."""
    return one.spec == one.available == wanted


def adoptable(one: ReplicaSet, *, managed: bool) -> bool:
    """Return whether a Service may choose these pods: one that we never set needs all of them, else one is enough.

    Source: ensureSVCTargets.
    """
    return partially_available(one) if managed else available(one)


def referenced(ro: Rollout, status: Status, one: ReplicaSet, selectors: Mapping[str, str]) -> bool:
    """Return whether status or a Service still names the ReplicaSet; `selectors` are hashes by Service that exists.

    Source: isReplicaSetReferenced.
    """
    if not one.hash:
        return False
    blue_green = status.get("blueGreen") or {}
    weights = (status.get("canary") or {}).get("weights") or {}
    named: set[Any] = {status.get("stableRS"), status.get("currentPodHash")}
    named |= {blue_green.get("activeSelector"), blue_green.get("previewSelector")}
    named |= {(weights.get(role) or {}).get("podTemplateHash") for role in ("canary", "stable")}
    return one.hash in named | {selectors.get(name) for name in ro.services}


def within_rollback_window(
    ro: Rollout, new: ReplicaSet | None, old: ReplicaSet | None, sets: Iterable[ReplicaSet]
) -> bool:
    """Return whether going back to `new` skips steps and analysis. Source: isRollbackWithinWindow.

    By age: `new` must be older than the stable one, with fewer ReplicaSets made between them than rollbackWindow allows.
    """
    window = int((ro.spec.get("rollbackWindow") or {}).get("revisions") or 0)
    if new is None or old is None or window <= 0 or new.created >= old.created:
        return False
    between = [one for one in sets if not one.experiment and new.created < one.created < old.created]
    return len(between) < window


def max_revision(sets: Iterable[ReplicaSet]) -> int:
    """Return the highest revision. Source: MaxRevision."""
    return max((one.revision for one in sets), default=0)


def clean_up(ro: Rollout, pod_hashes: Collection[str], everything: Sequence[Mapping[str, Any]]) -> list[Delete]:
    """Return the old ReplicaSets (raw objects) to remove: those beyond history whose hash is none of these in use."""
    old = [obj for obj in everything if (obj["metadata"].get("labels") or {}).get(HASH_LABEL) not in pod_hashes]
    return [Delete(name) for name in beyond_history(ro, old)]


def beyond_history(ro: Rollout, old: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of old ReplicaSets (raw objects) that history has no room for, oldest first.

    One that still has pods, or whose last change is not observed yet, is passed over. Source: reconcileRevisionHistoryLimit.
    """
    alive = [obj for obj in old if not (obj.get("metadata") or {}).get("deletionTimestamp")]
    alive.sort(key=lambda obj: (obj["metadata"].get("creationTimestamp") or "", obj["metadata"].get("name") or ""))
    surplus = alive[: max(0, len(alive) - ro.history_limit)]
    return [str(obj["metadata"]["name"]) for obj in surplus if _idle(obj)]


def _idle(obj: Mapping[str, Any]) -> bool:
    spec, status, meta = obj.get("spec") or {}, obj.get("status") or {}, obj["metadata"]
    pods = int(spec.get("replicas", 1)) or int(status.get("replicas") or 0)
    return not pods and int(meta.get("generation") or 0) <= int(status.get("observedGeneration") or 0)
