# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""trigger_event with `create`: what an event starts is in the cluster afterwards, for the Tekton there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client

EXAMPLE = Path(__file__).parents[3] / "examples" / "gitlab-push"
V1 = "tekton.dev/v1"


class Play:
    """Runs trigger_event on the example's push, against one namespace."""

    def __init__(self, folder: Path, kubeconfig: str, namespace: str) -> None:
        self.folder, self.kubeconfig = folder, kubeconfig
        listener = (EXAMPLE / "triggers" / "listener.yaml").read_text()
        text = listener.replace("  name: gitlab\nspec:", f"  name: gitlab\n  namespace: {namespace}\nspec:")
        assert text != listener
        (folder / "listener.yaml").write_text(text)
        names = ("bindings", "template")
        self.src = [str(folder / "listener.yaml"), *(str(EXAMPLE / "triggers" / f"{name}.yaml") for name in names)]
        self.src.append(str(EXAMPLE / "secret.yaml"))

    def run(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Return the result of one task."""
        given = {"src": self.src, "event": str(EXAMPLE / "events" / "push.json"), "create": True}
        task = {"slipway.gitops.trigger_event": {**given, "kubeconfig": self.kubeconfig, **options}}
        save = {"content": "{{ r | to_json }}", "dest": str(self.folder / "result.json")}
        tasks = [
            {**task, "check_mode": check, "ignore_errors": True, "register": "r"},
            {"ansible.builtin.copy": save, "check_mode": False},
        ]
        head = {"hosts": "localhost", "connection": "local", "gather_facts": False}
        variables = {"ansible_python_interpreter": sys.executable}
        (self.folder / "play.yml").write_text(json.dumps([{**head, "vars": variables, "tasks": tasks}]))
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        command = [program, "-i", "localhost,", str(self.folder / "play.yml")]
        done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        result: dict[str, Any] = json.loads((self.folder / "result.json").read_text())
        return result


@pytest.fixture
def play(tmp_path: Path, cluster: str, namespace: str) -> Play:
    return Play(tmp_path, cluster, namespace)


def names(client: Client, namespace: str) -> list[str]:
    return [obj["metadata"]["name"] for obj in client.list(V1, "TaskRun", namespace)]


def test_check_mode_creates_nothing_and_each_event_creates_its_own_run(
    play: Play, client: Client, namespace: str
) -> None:
    checked = play.run(check=True)
    before = names(client, namespace)
    first, second = play.run(), play.run()
    assert (checked["changed"], before) == (True, [])
    assert sorted(names(client, namespace)) == sorted(one["created"][0]["metadata"]["name"] for one in (first, second))
    made = client.get(V1, "TaskRun", first["created"][0]["metadata"]["name"], namespace)
    assert made is not None
    assert made["metadata"]["labels"]["triggers.tekton.dev/triggers-eventid"] == first["event_id"]


def test_an_event_that_starts_nothing_changes_nothing_and_says_why(play: Play, client: Client, namespace: str) -> None:
    result = play.run(token="wrong-token")
    assert (result["changed"], names(client, namespace)) == (False, [])
    assert result["triggers"][0]["reason"] == "Invalid X-GitLab-Token"


def test_what_the_cluster_refuses_is_a_failure_that_names_the_object(play: Play) -> None:
    listener = Path(play.src[0])
    listener.write_text(listener.read_text().replace("  namespace: test-", "  namespace: gone-"))
    result = play.run()
    assert result["failed"]
    assert "checkout-" in result["msg"]
    assert "0 of 1 objects were created" in result["msg"]
