# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How many pods a Deployment keeps whose template a Rollout took over (workloadRef).

Source: argo-rollouts v1.9 rollout/scale_utils.go, rollout/replicaset.go, rollout/sync.go (scaleDown modes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model.rollout import Rollout

NEVER, ON_SUCCESS, PROGRESSIVELY = "never", "onsuccess", "progressively"


def deployment_size(wanted: int, deployment: Mapping[str, Any]) -> int | None:
    """Return the size to give a Deployment, None when it has it already; never below 0. Source: scaleDeployment."""
    size = max(0, wanted)
    return None if size == int((deployment.get("spec") or {}).get("replicas", 1)) else size


def while_taking_over(ro: Rollout, revision: int, *, ready: int, shrinking: bool) -> int | None:
    """Return the pods that the Deployment keeps while the Rollout grows, None for as many as it has.

    Only the first revision takes over, and only `progressively`: as many as the Rollout still lacks. `ready` are the
    Rollout's pods; `shrinking`: its new ReplicaSet loses pods, so that the Deployment gets them back.
    """
    if revision != 1 or _mode(ro) != PROGRESSIVELY or not (ready > 0 or shrinking):
        return None
    return max(0, ro.replicas - ready)


def when_healthy(ro: Rollout, phase: str, revision: int) -> int | None:
    """Return 0 when the Rollout has taken over for good, None before."""
    done = revision == 1 and phase == "Healthy" and _mode(ro) in (ON_SUCCESS, PROGRESSIVELY)
    return 0 if done else None


def _mode(ro: Rollout) -> str:
    return str((ro.spec.get("workloadRef") or {}).get("scaleDown") or NEVER)
