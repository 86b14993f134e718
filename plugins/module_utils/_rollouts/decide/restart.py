# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""When all pods of a Rollout have to be made anew. Source: argo-rollouts v1.9 utils/replicaset/replicaset.go (NeedsRestart)."""

from __future__ import annotations

from ..._core.clock import parse_rfc3339
from ..model.rollout import Rollout
from .steps import Status


def needed(ro: Rollout, status: Status, now: float) -> bool:
    """Return whether spec.restartAt has come and was not yet done; `now` in unix seconds."""
    wanted, done = ro.spec.get("restartAt"), status.get("restartedAt")
    if not wanted or (done and parse_rfc3339(str(wanted)) == parse_rfc3339(str(done))):
        return False
    return now > parse_rfc3339(str(wanted))
