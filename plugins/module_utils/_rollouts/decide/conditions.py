# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The conditions of a Rollout's status: reading, writing, and what progress, health and timeout mean.

Plain functions over the raw status; conditions are dictionaries as in the API. Source: argo-rollouts v1.9
utils/conditions/conditions.go, rollout/sync.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.clock import parse_rfc3339
from ..model.rollout import Rollout
from .steps import Status

Condition = Mapping[str, Any]

PROGRESSING, INVALID = "Progressing", "InvalidSpec"
ABORTED, TIMED_OUT, PAUSED, RESUMED = "RolloutAborted", "ProgressDeadlineExceeded", "RolloutPaused", "RolloutResumed"
REPLICA_SET_UPDATED, COMPLETED = "ReplicaSetUpdated", "NewReplicaSetAvailable"


def find(status: Status, kind: str) -> Condition | None:
    """Return the condition of a type, None when there is none. Source: GetRolloutCondition."""
    return next((entry for entry in status.get("conditions") or [] if entry.get("type") == kind), None)


def with_condition(status: Status, condition: Condition) -> list[Condition]:
    """Return the conditions with this one; nothing changes when status and reason are the same already.

    lastTransitionTime stays as long as the status does. Source: SetRolloutCondition.
    """
    known = list(status.get("conditions") or [])
    before = find(status, str(condition.get("type")))
    if before is None:
        return [*known, condition]
    same_status = before.get("status") == condition.get("status")
    if same_status and before.get("reason") == condition.get("reason"):
        return known
    if same_status and before.get("lastTransitionTime"):
        condition = {**condition, "lastTransitionTime": before["lastTransitionTime"]}
    return [*without(status, str(condition["type"])), condition]


def without(status: Status, kind: str) -> list[Condition]:
    """Return the conditions without those of a type. Source: RemoveRolloutCondition."""
    return [entry for entry in status.get("conditions") or [] if entry.get("type") != kind]


def progressing(ro: Rollout, before: Status, after: Status) -> bool:
    """Return whether the new status shows progress over the former one. Source: RolloutProgressing.

    More updated, ready or available pods, fewer old pods, another Service selector, step or stable ReplicaSet.
    """
    old = _count(before, "replicas") - _count(before, "updatedReplicas")
    left = _count(after, "replicas") - _count(after, "updatedReplicas")
    return (
        _count(after, "updatedReplicas") != _count(before, "updatedReplicas")
        or left < old
        or _count(after, "readyReplicas") > _count(before, "readyReplicas")
        or _count(after, "availableReplicas") > _count(before, "availableReplicas")
        or (ro.is_blue_green and _selectors(before) != _selectors(after))
        or (ro.is_canary and _moved(before, after))
    )


def _count(status: Status, name: str) -> int:
    return int(status.get(name) or 0)


def _selectors(status: Status) -> Sequence[str]:
    found = status.get("blueGreen") or {}
    return [str(found.get(name) or "") for name in ("activeSelector", "previewSelector")]


def _moved(before: Status, after: Status) -> bool:
    indexes = before.get("currentStepIndex"), after.get("currentStepIndex")
    stepped = None not in indexes and indexes[0] != indexes[1]
    return stepped or any((before.get(key) or "") != (after.get(key) or "") for key in ("stableRS", "currentStepHash"))


def healthy(ro: Rollout, after: Status, observed_generation: str) -> bool:
    """Return whether all pods are updated, available and get the traffic. Source: RolloutHealthy.

    A canary is only healthy when no old pod is left; `observed_generation` is the one in the status before.
    """
    counted = _count(after, "updatedReplicas") == ro.replicas and _count(after, "availableReplicas") == ro.replicas
    observed = observed_generation == str(int((ro.manifest.get("metadata") or {}).get("generation") or 0))
    if not (counted and observed):
        return False
    return _switched(ro, after) if ro.is_blue_green else not ro.is_canary or _stepped_through(ro, after)


def _switched(ro: Rollout, after: Status) -> bool:
    active, preview = _selectors(after)
    current = after.get("currentPodHash") or ""
    return active == current and (not ro.blue_green.get("previewService") or preview == current)


def _stepped_through(ro: Rollout, after: Status) -> bool:
    index = after.get("currentStepIndex")
    done = not ro.steps or index is None or int(index) == len(ro.steps)
    return done and completed(after) and _count(after, "replicas") == ro.replicas


def completed(after: Status) -> bool:
    """Return whether the current ReplicaSet is the stable one. Source: RolloutCompleted."""
    return bool(after.get("stableRS")) and after.get("stableRS") == after.get("currentPodHash")


def timed_out(ro: Rollout, after: Status, now: float) -> bool:
    """Return whether the last progress is longer ago than the deadline. Source: RolloutTimedOut.

    Pauses and aborts do not run into it; `now` in unix seconds.
    """
    condition = find(after, PROGRESSING)
    if condition is None or condition.get("reason") in (ABORTED, PAUSED):
        return False
    if condition.get("reason") == TIMED_OUT:
        return True
    return _since(condition) + ro.progress_deadline < now


def _since(condition: Condition) -> float:
    moment = condition.get("lastUpdateTime")
    return parse_rfc3339(str(moment)) if moment else float("-inf")


def state_changes(before: Status, after: Status) -> list[str]:
    """Return the reasons of the events that a change of the pause state deserves. Source: sendStateChangeEvents.

    An abort clears the pauses as well and is no resumption.
    """
    was, now = bool(before.get("pauseConditions")), bool(after.get("pauseConditions"))
    if was == now:
        return []
    if now:
        return [PAUSED]
    return [] if after.get("abortedAt") else [RESUMED]
