# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The phase of a Rollout in one word and one line. Source: argo-rollouts v1.9 utils/rollout/rolloututil.go."""

from __future__ import annotations

from typing import NamedTuple

from ..._core.types import deep_get
from ..analysis.limits import DONE
from ..model.rollout import Rollout
from . import conditions, weights
from .steps import Status


class Phase(NamedTuple):
    """Healthy, Progressing, Paused or Degraded, and why."""

    phase: str
    message: str


def observed(ro: Rollout, status: Status) -> Phase:
    """Return what a client shows: the phase in the status, unless the engine has not yet seen what the user wrote.

    Source: GetRolloutPhase.
    """
    if not generation_observed(ro, status):
        return Phase("Progressing", "waiting for rollout spec update to be observed")
    if unpausing(status):
        return Phase("Progressing", "waiting for rollout to unpause")
    if ro.spec.get("workloadRef") and not _workload_observed(ro, status):
        return Phase("Progressing", "waiting for rollout spec update to be observed for the reference workload")
    if status.get("phase"):
        return Phase(str(status["phase"]), str(status.get("message") or ""))
    return phase(ro, status)


def generation_observed(ro: Rollout, status: Status) -> bool:
    """Return whether the status is of this spec; old releases wrote no number. Source: isGenerationObserved."""
    seen = _number(status.get("observedGeneration"))
    return seen is None or seen >= int(deep_get(ro.manifest, "metadata", "generation", default=0))


def unpausing(status: Status) -> bool:
    """Return whether somebody cleared the pause and the engine has not yet gone on. Source: IsUnpausing."""
    return bool(status.get("controllerPause")) and not status.get("pauseConditions")


def _workload_observed(ro: Rollout, status: Status) -> bool:
    wanted = _number(deep_get(ro.manifest, "metadata", "annotations", "rollout.argoproj.io/workload-generation"))
    seen = _number(status.get("workloadObservedGeneration"))
    return wanted is None or seen is None or seen == wanted


def _number(text: object) -> int | None:
    try:
        return None if text is None else int(str(text))
    except ValueError:
        return None


def phase(ro: Rollout, status: Status) -> Phase:
    """Return the phase that the conditions, pauses and counts of a status make. Source: CalculateRolloutPhase."""
    return _degraded(status) or _paused(ro, status) or _counting(ro, status) or _finishing(ro, status)


def _degraded(status: Status) -> Phase | None:
    for condition in status.get("conditions") or []:
        message = condition.get("message", "")
        if condition.get("type") == conditions.INVALID:
            return Phase("Degraded", f"{conditions.INVALID}: {message}")
        if condition.get("reason") in (conditions.ABORTED, conditions.TIMED_OUT):
            return Phase("Degraded", f"{condition['reason']}: {message}")
    return None


def _paused(ro: Rollout, status: Status) -> Phase | None:
    if ro.paused:
        return Phase("Paused", "manually paused")
    pauses = status.get("pauseConditions")
    return Phase("Paused", str(pauses[0].get("reason", ""))) if pauses else None


def _counting(ro: Rollout, status: Status) -> Phase | None:
    restart = ro.spec.get("restartAt")
    updated = int(status.get("updatedReplicas") or 0)
    if restart is not None and restart != status.get("restartedAt"):
        return Phase("Progressing", "rollout is restarting")
    if updated < ro.replicas:
        return Phase("Progressing", "more replicas need to be updated")
    if int(status.get("availableReplicas") or 0) < updated:
        return Phase("Progressing", "updated replicas are still becoming available")
    return None


def _finishing(ro: Rollout, status: Status) -> Phase:
    promoted = bool(status.get("stableRS")) and weights.fully_promoted(status)
    if ro.is_blue_green:
        return _blue_green(ro, status, promoted)
    leftover = int(status.get("replicas") or 0) > int(status.get("updatedReplicas") or 0)
    if ro.is_canary and not ro.routed and leftover:
        return Phase("Progressing", "old replicas are pending termination")
    if ro.is_canary and not promoted:
        return Phase("Progressing", "waiting for all steps to complete")
    return Phase("Healthy", "")


def _blue_green(ro: Rollout, status: Status, promoted: bool) -> Phase:
    seen = status.get("blueGreen") or {}
    active = seen.get("activeSelector")
    if not active or active != status.get("currentPodHash"):
        return Phase("Progressing", "active service cutover pending")
    if promoted:
        return Phase("Healthy", "")
    run = seen.get("postPromotionAnalysisRunStatus") or {}
    if ro.blue_green.get("postPromotionAnalysis") is not None and run.get("status") not in DONE:
        return Phase("Progressing", "waiting for analysis to complete")
    return Phase("Progressing", "waiting for post-promotion verification to complete")
