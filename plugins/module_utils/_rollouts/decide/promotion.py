# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""When the new ReplicaSet becomes the stable one. Source: argo-rollouts v1.9 rollout/sync.go (shouldFullPromote)."""

from __future__ import annotations

from ..model.replicaset import ReplicaSet
from ..model.rollout import Rollout
from . import replicas, steps
from .steps import Status


def reason(ro: Rollout, status: Status, new: ReplicaSet | None, stable: ReplicaSet | None, *, in_window: bool) -> str:
    """Return why a canary is promoted now, "" while it is not. The order of the checks matters.

    `in_window`: going back to a ReplicaSet inside the rollback window.
    """
    if stable is None:
        return "Initial deploy"
    if status.get("abort") or not _has_its_pods(ro, new):
        return ""
    if status.get("promoteFull"):
        return "Full promotion requested"
    if in_window:
        return "Rollback within window"
    return f"Completed all {len(ro.steps)} canary steps" if steps.completed_all(ro, status) else ""


def _has_its_pods(ro: Rollout, new: ReplicaSet | None) -> bool:
    """More pods than wanted are fine: an autoscaler may just have lowered the number."""
    if new is None:
        return False
    threshold = ro.canary.get("replicaProgressThreshold")
    return new.available >= ro.replicas or (bool(threshold) and replicas.enough_available(threshold, new, ro.replicas))


def blue_green_reason(
    ro: Rollout, status: Status, new: ReplicaSet, *, in_window: bool, post_analysis: str | None
) -> str:
    """Return why a blue-green update is done, "" while it is not; `post_analysis` is the phase of that run."""
    active = (status.get("blueGreen") or {}).get("activeSelector")
    if not status.get("stableRS") or not active:
        return "Initial deploy"  # the active Service follows the stable ReplicaSet for the first time
    if active != status.get("currentPodHash"):
        return ""
    if status.get("promoteFull"):
        return "Full promotion requested"
    if in_window:
        return "Rollback within window"
    if status.get("abort"):
        return ""
    if ro.blue_green.get("postPromotionAnalysis") is not None:
        if new.deadline is not None:
            return f"Rollback to '{new.name}' within scaleDownDelay"
        if post_analysis != "Successful":
            return ""
    return "Completed blue-green update"
