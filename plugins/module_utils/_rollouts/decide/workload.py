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


def kept(ro: Rollout, phase: str, revision: int, *, ready: int) -> int | None:
    """Return the pods that the Deployment should keep, None for as many as it has.

    Only the first revision takes over. `progressively`: as many as the Rollout still lacks; `onsuccess`: all of them
    until the Rollout is Healthy. `phase` and `ready` (pods) are the Rollout's, of the last pass.
    """
    mode = str((ro.spec.get("workloadRef") or {}).get("scaleDown") or NEVER)
    if revision != 1 or mode == NEVER:
        return None
    if phase == "Healthy":
        return 0
    return max(0, ro.replicas - ready) if mode == PROGRESSIVELY else None
