# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Blue-green: how big the preview is.

Source: argo-rollouts v1.9 utils/replicaset/replicaset.go (NewRSNewReplicas).
"""

from __future__ import annotations

from collections.abc import Iterable

from ..model.replicaset import ReplicaSet
from ..model.rollout import Rollout
from . import sets
from .steps import Status


def new_size(ro: Rollout, status: Status, new: ReplicaSet | None, everything: Iterable[ReplicaSet]) -> int:
    """Return the pods of the new ReplicaSet: previewReplicaCount until the switch is at hand, else all of them."""
    preview, state = ro.blue_green.get("previewReplicaCount"), status.get("blueGreen") or {}
    active = sets.by_hash(everything, str(state.get("activeSelector") or ""))
    if preview is None or new is None or active is None or active.name == new.name or status.get("promoteFull"):
        return ro.replicas
    resumed = not ro.paused and not status.get("pauseConditions")
    if new.hash == status.get("currentPodHash") and resumed and state.get("scaleUpPreviewCheckPoint"):
        return ro.replicas
    return int(preview)
