# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same canary in twin namespaces, one with the real controller and one with our engine: the same end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from tests.real import canary, controller

SAME = ("phase", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "currentStepIndex", "stableRS")


@pytest.fixture(scope="module")
def twins() -> Iterator[tuple[canary.Watched, canary.Watched]]:
    from slipway.cluster import api

    controller.program()
    with Client(load_config({"kubeconfig": api.up("test").kubeconfig})) as client:
        yield canary.ours(client), canary.real(client)


@pytest.mark.timeout(1200)
def test_both_write_the_same_weights_in_the_same_order(twins: tuple[canary.Watched, canary.Watched]) -> None:
    ours, real = twins
    assert ours.weights == real.weights


@pytest.mark.timeout(1200)
def test_both_end_with_the_same_status_and_replica_sets(twins: tuple[canary.Watched, canary.Watched]) -> None:
    ours, real = twins
    status = [{name: one.rollout["status"].get(name) for name in SAME} for one in (ours, real)]
    assert status[0] == status[1]
    assert ours.replica_sets == real.replica_sets
