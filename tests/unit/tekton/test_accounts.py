# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A step finds the kubeconfig of its own ServiceAccount, and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Emitter
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api

TOKEN = "the-token-of-the-account"
KUBECONFIG = f"apiVersion: v1\nkind: Config\nusers:\n- name: one\n  user: {{token: {TOKEN}}}\n"
RUN = """
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: {{name: one}}
spec:
  {account}
  taskSpec:
    results: [{{name: seen}}]
    steps:
    - image: alpine
      script: |
        echo "I have $(cat "${{KUBECONFIG:-/dev/null}}" | grep token)"
        printf %s "${{KUBECONFIG:-none}}" > $(results.seen.path)
"""


def run(folder: Path, account: str, accounts: dict[str, str]) -> tuple[str, str]:
    """Return which kubeconfig the step sees, and its log."""
    documents = yaml.load_all(RUN.format(account=f"serviceAccountName: {account}" if account else "retries: 0"))
    options = api.Options(state_dir=str(folder), service_accounts=accounts)
    lines: list[Any] = []
    report = api.run_task(api.parse(documents), documents[0], options, Emitter([lines.append]), Cancel())
    return str(report.results["seen"]), "\n".join(event.message for event in lines)


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    return str(tmp_path / "kubeconfig")


@pytest.mark.parametrize(
    ("account", "given", "found"),
    [("deployer", "deployer", True), ("other", "deployer", False), ("", "default", True), ("", "deployer", False)],
)
def test_the_steps_of_an_account_find_its_kubeconfig(
    tmp_path: Path, kubeconfig: str, account: str, given: str, found: bool
) -> None:
    seen, log = run(tmp_path / "state", account, {given: kubeconfig})
    assert (seen != "none") is found
    assert ("I have" in log and "token: ****" in log) is found


def test_a_token_of_a_kubeconfig_is_in_no_event(tmp_path: Path, kubeconfig: str) -> None:
    _seen, log = run(tmp_path / "state", "deployer", {"deployer": kubeconfig})
    assert TOKEN not in log


def test_a_kubeconfig_that_is_not_there_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"service_accounts.deployer there is no file .*nowhere"):
        run(tmp_path / "state", "deployer", {"deployer": str(tmp_path / "nowhere")})
