# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of pipeline_run and task_run that an executor cannot honour are refused before anything is contacted."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Refused
from ansible_collections.slipway.gitops.plugins.module_utils._spec.pipeline import TASK_RUN_SPEC
from ansible_collections.slipway.gitops.plugins.plugin_utils import _pipeline
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import GitOpsAction


class NoCluster:
    """An action that must not be asked for a cluster."""

    def client(self, _options: dict[str, Any]) -> None:
        raise AssertionError("the cluster was asked for")

    def find(self, path: str) -> str:
        return path


def options(**given: Any) -> dict[str, Any]:
    return {**{name: spec.get("default") for name, spec in TASK_RUN_SPEC.items()}, **given}


@pytest.mark.parametrize("executor", _pipeline.IN_CLUSTER)
def test_kubeconfigs_of_accounts_are_refused_in_a_cluster(executor: str) -> None:
    given = options(executor=executor, service_accounts={"deployer": "/a/kubeconfig"})
    with pytest.raises(
        Refused, match=f"service_accounts: with executor {executor} a task has the account of the cluster"
    ):
        _pipeline.engine_options(given, cast(GitOpsAction, NoCluster()))


def test_kubeconfigs_of_accounts_reach_the_engine_on_this_machine() -> None:
    given = options(service_accounts={"deployer": "/a/kubeconfig"})
    found = _pipeline.engine_options(given, cast(GitOpsAction, NoCluster()))
    assert found.service_accounts == {"deployer": "/a/kubeconfig"}
