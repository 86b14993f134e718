# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The hashes that name ReplicaSets and notice changed steps.

Source: argo-rollouts v1.9 utils/hash/hash.go, utils/conditions/conditions.go ComputeStepHash.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core import ids
from ..model import podspec, stepspec
from ..model.rollout import Rollout


def pod_template_hash(template: Mapping[str, Any], collisions: int | None = None) -> str:
    """Return the hash of a pod template: FNV-1a over Go's JSON of the typed template, in the safe alphabet."""
    value = ids.fnv32a(podspec.text(template).encode())
    if collisions is not None:
        value = ids.fnv32a(struct.pack("<I", collisions) + b"\0\0\0\0", value)
    return ids.safe_encode(str(value))


def step_hash(steps: Sequence[Mapping[str, Any]] | None) -> str:
    """Return the hash of the canary's steps; no steps hash as null."""
    return ids.safe_encode(str(ids.fnv32a(stepspec.text(steps).encode())))


def of_steps(ro: Rollout) -> str:
    """Return the hash of a Rollout's steps, "" for a blue-green one. Source: ComputeStepHash."""
    return step_hash(ro.steps) if ro.is_canary and not ro.is_blue_green else ""


def steps_changed(ro: Rollout, status: Mapping[str, Any]) -> bool:
    """Return whether the steps are not those that the status was made for. Source: checkStepHashChange."""
    return not status.get("currentStepHash") or status["currentStepHash"] != of_steps(ro)
