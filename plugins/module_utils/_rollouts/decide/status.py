# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The phase of a Rollout in one word and one line. Source: argo-rollouts v1.9 utils/rollout/rolloututil.go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is counted over the ReplicaSets."""

    replicas: int
    updated: int
    ready: int
    available: int
    all_pods: int


def phase(
    status: Mapping[str, Any], sizes: Sizes, *, spec_paused: bool, has_traffic: bool, steps: int
) -> tuple[str, str]:
    """Return (phase, message)."""
    if status.get("abort"):
        reason = (
            status.get("abortMessage")
            or f"RolloutAborted: Rollout aborted update to revision {status.get('revision', '')}".rstrip()
        )
        return "Degraded", reason
    for condition in status.get("conditions") or []:
        if condition.get("type") == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded":
            return "Degraded", f"{condition['reason']}: {condition.get('message', '')}"
    if spec_paused:
        return "Paused", "manually paused"
    if status.get("pauseConditions"):
        return "Paused", str(status["pauseConditions"][0]["reason"])
    if sizes.updated < sizes.replicas and not _in_steps(status, steps):
        return "Progressing", "more replicas need to be updated"
    if sizes.available < sizes.updated:
        return "Progressing", "updated replicas are still becoming available"
    if not has_traffic and sizes.all_pods > sizes.updated and not _in_steps(status, steps):
        return "Progressing", "old replicas are pending termination"
    if status.get("stableRS") != status.get("currentPodHash"):
        return "Progressing", "waiting for all steps to complete"
    return "Healthy", ""


def _in_steps(status: Mapping[str, Any], steps: int) -> bool:
    index = status.get("currentStepIndex")
    return index is not None and index < steps
