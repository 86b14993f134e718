# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which share of traffic the canary gets now, and which share sizes it.

Knows the spec, the status and how many pods are available; must not know routers. Source: argo-rollouts v1.9
utils/replicaset/canary.go, rollout/trafficrouting.go, rollout/canary.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..model import defaults
from ..model.replicaset import ReplicaSet
from ..model.rollout import Rollout
from . import steps
from .steps import Status


@dataclass(frozen=True, slots=True)
class Share:
    """What sizes the canary: a number of pods, else a weight."""

    replicas: int | None
    weight: int


def fully_promoted(status: Status) -> bool:
    """Return whether the current ReplicaSet is the stable one. Source: IsFullyPromoted."""
    return bool(status.get("stableRS", "") == status.get("currentPodHash", ""))


def pods(replicas: int, weight: int, most: int) -> int:
    """Return the pods that carry `weight` of `most`, rounded up. Source: trafficWeightToReplicas."""
    return -(-replicas * weight // most)


def set_weight(ro: Rollout, status: Status) -> int:
    """Return the weight of this step: the nearest setWeight at or before it, 0 before the first, all past the end.

    Source: GetCurrentSetWeight.
    """
    if status.get("abort"):
        return 0
    here = steps.current(ro, status)
    if here.step is None or here.index is None:
        return ro.max_weight
    return int(steps.nearest(ro.steps, here.index, "setWeight") or 0)


def in_force(ro: Rollout, status: Status) -> Share:
    """Return what sizes the canary at this step. Source: GetCanaryReplicasOrWeight."""
    if status.get("promoteFull") or not status.get("stableRS") or fully_promoted(status):
        return Share(None, ro.max_weight)
    scale = canary_scale(ro, status) or {}
    if scale.get("replicas") is not None:
        return Share(int(scale["replicas"]), 0)
    if scale.get("weight") is not None:
        return Share(None, int(scale["weight"]))
    return Share(None, set_weight(ro, status))


def canary_scale(ro: Rollout, status: Status) -> Mapping[str, Any] | None:
    """Return the setCanaryScale in force, None when none is. Source: UseSetCanaryScale.

    It needs a router; an abort ends it unless the user wants the canary to stay (abortScaleDownDelaySeconds: 0).
    """
    if not ro.routed:
        return None
    if status.get("abort") and defaults.abort_scale_down_delay(ro.spec).seconds is not None:
        return None
    here = steps.current(ro, status)
    if here.step is None or here.index is None:
        return None
    found: Mapping[str, Any] | None = steps.nearest(ro.steps, here.index, "setCanaryScale")
    return None if found is None or found.get("matchTrafficWeight") else found


def abort_weight(ro: Rollout, new: ReplicaSet | None, stable: ReplicaSet | None) -> int:
    """Return the weight to fall to while an abort with dynamicStableScale goes back through the steps.

    The highest setWeight, from the last step on, that needs fewer pods than the stable ones still lack (and than the
    canary has, unless the canary waits for an explicit delay). Source: GetDesiredCanaryWeight, issue #4898.
    """
    lacking = ro.replicas - (stable.available if stable else 0)
    delay = defaults.abort_scale_down_delay(ro.spec)
    if new is not None and not (delay.explicit and delay.seconds):
        lacking = max(lacking, new.available)
    for step in reversed(ro.steps):
        weight = step.get("setWeight")
        if weight is not None and pods(ro.replicas, int(weight), ro.max_weight) < lacking:
            return int(weight)
    return 0


def rolling_back_to_stable(ro: Rollout, status: Status, desired: ReplicaSet) -> str | None:
    """Return the hash that still gets the canary's traffic while an interrupted update goes back to stable, else None.

    Only with dynamicStableScale, where the stable pods may be too few to carry everything at once.
    Source: isDynamicallyRollingBackToStable, issue #3020.
    """
    weights = recorded(status)
    if not (fully_promoted(status) and ro.routed and ro.dynamic_stable_scale and weights):
        return None
    before = str((weights.get("canary") or {}).get("podTemplateHash", ""))
    return before if before != desired.hash and desired.available < ro.replicas else None


def recorded(status: Status) -> Mapping[str, Any] | None:
    """Return the weights of the last pass: canary and stable, each with weight, serviceName, podTemplateHash."""
    found: Mapping[str, Any] | None = (status.get("canary") or {}).get("weights")
    return found


def on_abort(ro: Rollout, status: Status, new: ReplicaSet | None, stable: ReplicaSet) -> int:
    """Return the canary's weight on an abort or on the way back to stable: 0, or what the stable pods cannot carry yet.

    Source: calculateDesiredWeightOnAbortOrStableRollback.
    """
    if not ro.dynamic_stable_scale or ro.replicas == 0:
        return 0
    most = ro.max_weight
    carried = most * stable.available // ro.replicas
    expected, wanted = max(0, most - carried), abort_weight(ro, new, stable)
    weights = recorded(status)
    if not weights:
        return max(expected, wanted)
    now = int((weights.get("canary") or {}).get("weight") or 0)
    if wanted <= 0:
        return min(expected, now)
    return now if carried < most - wanted else min(wanted, now)


def desired(ro: Rollout, status: Status, new: ReplicaSet | None, stable: ReplicaSet, *, at_size: bool) -> int:
    """Return the weight for the router. Source: reconcileTrafficRouting, whose order decides.

    Nothing without available pods; the former weight while the sizes of this step are not reached; all past the end.
    """
    if new is not None and rolling_back_to_stable(ro, status, new) is not None:
        return on_abort(ro, status, new, stable)
    if not status.get("stableRS") or fully_promoted(status):
        return 0
    if status.get("abort"):
        return on_abort(ro, status, new, stable)
    if new is None or new.available == 0:
        return 0
    if status.get("promoteFull"):
        return _while_promoting(ro, status, new)
    here = steps.current(ro, status)
    if here.index is None:
        return 0
    if not at_size:
        return int(steps.nearest(ro.steps, here.index - 1, "setWeight") or 0)
    return set_weight(ro, status)


def _while_promoting(ro: Rollout, status: Status, new: ReplicaSet) -> int:
    if ro.dynamic_stable_scale and ro.replicas:
        return ro.max_weight * new.available // ro.replicas
    return int(((recorded(status) or {}).get("canary") or {}).get("weight") or 0)
