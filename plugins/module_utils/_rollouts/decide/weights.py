# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which share of traffic the canary gets now. Source: argo-rollouts v1.9 rollout/trafficrouting.go, utils/replicaset/canary.go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a canary stands. `step` is an index into the steps; len(steps) means past the end."""

    step: int
    aborted: bool
    promoted: bool  # the new ReplicaSet is the stable one


def set_weight(steps: Sequence[Mapping[str, Any]], index: int, most: int = 100) -> int:
    """Return the weight in force at a step: the nearest setWeight at or before it, 0 before the first, `most` past the end."""
    if not steps or index >= len(steps):
        return most
    for step in reversed(steps[: index + 1]):
        if step.get("setWeight") is not None:
            return int(step["setWeight"])
    return 0


def in_force(steps: Sequence[Mapping[str, Any]], progress: Progress, most: int = 100) -> int:
    """Return the weight that sizes the ReplicaSets."""
    if progress.promoted:
        return most
    if progress.aborted:
        return 0
    return set_weight(steps, progress.step, most)


def desired(
    steps: Sequence[Mapping[str, Any]], progress: Progress, *, available: int, at_size: bool, most: int = 100
) -> int:
    """Return the weight for the router: nothing without available pods, the former one while sizes are not reached."""
    if progress.promoted or progress.aborted or available == 0:
        return 0
    if not at_size:
        return set_weight(steps, progress.step - 1, most) if progress.step > 0 else 0
    return set_weight(steps, progress.step, most)


def canary_scale(steps: Sequence[Mapping[str, Any]], index: int, replicas: int) -> int | None:
    """Return the canary's size by setCanaryScale, None when none is in force."""
    for step in reversed(steps[: index + 1]):
        scale = step.get("setCanaryScale")
        if scale is None:
            continue
        if scale.get("matchTrafficWeight"):
            return None
        if scale.get("replicas") is not None:
            return int(scale["replicas"])
        return -(-replicas * int(scale.get("weight") or 0) // 100)
    return None
