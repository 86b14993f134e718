# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A canary of ten pods over five weights against the real controller, and how fast a weight follows the pods.

Without --peers real the peer's figures are recorded ones (Argo Rollouts 1.9.1 on KWOK, two idle cores).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from tests.bench.measure import ROUNDS, Row
from tests.real import canary, controller

PEER = "controller"
RECORDED = (2.0, 0.185)


def rows(real: bool) -> list[Row]:
    """Return both rows."""
    from slipway.cluster import api as cluster

    if real:
        controller.program()
    theirs: list[canary.Watched] = []
    ours: list[canary.Watched] = []
    with Client(load_config({"kubeconfig": cluster.up("test").kubeconfig})) as client:
        for _round in range(ROUNDS):
            ours.append(canary.ours(client))
            if real:
                theirs.append(canary.real(client))
    mine, source = _medians(ours), "live" if real else "recorded"
    peer = _medians(theirs) if real else RECORDED
    return [
        Row("rollout.canary5", mine[0], peer[0], PEER, source=source),
        Row("rollout.ready_to_weight", mine[1], peer[1], PEER, source=source),
    ]


def _medians(taken: Sequence[canary.Watched]) -> tuple[float, float]:
    return statistics.median(one.seconds for one in taken), statistics.median(one.gap for one in taken)
