# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where a canary stands in its steps. Knows the spec and the status; must not know ReplicaSets or routers.

Source: argo-rollouts v1.9 utils/replicaset/canary.go, utils/rollout/rolloututil.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..model.rollout import Rollout

Step = Mapping[str, Any]
Status = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Here:
    """The step in force and its index. No step past the end; no index when there are no steps at all."""

    step: Step | None
    index: int | None


def current(ro: Rollout, status: Status) -> Here:
    """Return the current step. Source: GetCurrentCanaryStep."""
    if not ro.steps:
        return Here(None, None)
    index = int(status.get("currentStepIndex") or 0)
    return Here(ro.steps[index] if index < len(ro.steps) else None, index)


def first(ro: Rollout) -> int | None:
    """Return the index at which a changed template begins, None when there are no steps. Source: ResetCurrentStepIndex."""
    return 0 if ro.steps else None


def nearest(steps: Sequence[Step], index: int, kind: str) -> Any:
    """Return what the nearest step at or before `index` says of `kind`, None when none does."""
    found = (step[kind] for step in reversed(steps[: max(0, index + 1)]) if step.get(kind) is not None)
    return next(found, None)


def experiment(ro: Rollout, status: Status) -> Mapping[str, Any] | None:
    """Return the experiment that is in force at this step. Source: GetCurrentExperimentStep."""
    here = current(ro, status)
    if here.step is None or here.index is None:
        return None
    found: Mapping[str, Any] | None = nearest(ro.steps, here.index, "experiment")
    return found


def before_starting_step(ro: Rollout, status: Status) -> bool:
    """Return whether the background analysis has to wait for a later step. Source: BeforeStartingStep."""
    start = (ro.canary.get("analysis") or {}).get("startingStep")
    here = current(ro, status)
    return start is not None and here.index is not None and here.index < int(start)


def indefinite(ro: Rollout, status: Status) -> bool:
    """Return whether this step may last longer than the progress deadline. Source: isIndefiniteStep."""
    step = current(ro, status).step
    return step is not None and any(step.get(kind) is not None for kind in ("experiment", "analysis", "pause"))


def completed_all(ro: Rollout, status: Status) -> bool:
    """Return whether no step is left."""
    return current(ro, status).step is None


def text(step: Step) -> str:
    """Return a step in one line. Source: CanaryStepString."""
    if step.get("setWeight") is not None:
        return f"setWeight: {step['setWeight']}"
    if step.get("pause") is not None:
        duration = step["pause"].get("duration")
        return "pause" if duration is None else f"pause: {duration}"
    for kind in ("experiment", "analysis"):
        if step.get(kind) is not None:
            return kind
    if step.get("setCanaryScale") is not None:
        return _scale_text(step["setCanaryScale"])
    return _route_text(step)


def _scale_text(scale: Mapping[str, Any]) -> str:
    if scale.get("weight") is not None:
        return f"setCanaryScale{{weight: {scale['weight']}}}"
    if scale.get("matchTrafficWeight"):
        return "setCanaryScale{matchTrafficWeight: true}"
    return f"setCanaryScale{{replicas: {scale['replicas']}}}" if scale.get("replicas") is not None else "invalid"


def _route_text(step: Step) -> str:
    if step.get("plugin") is not None:
        return f"plugin: {step['plugin'].get('name', '')}"
    return next((kind for kind in ("setHeaderRoute", "setMirrorRoute") if step.get(kind) is not None), "invalid")
