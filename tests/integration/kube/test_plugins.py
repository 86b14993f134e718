# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks `apply` and `wait` in a play, as action on the controller and as module on another host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client

HERE = Path(__file__).resolve().parent
CONNECTIONS = ("local", "elsewhere")


class Play:
    """Runs tasks against one namespace and returns their results by name."""

    def __init__(self, folder: Path, kubeconfig: str, connection: str) -> None:
        self.folder, self.connection = folder, connection
        self.environment = {
            **os.environ,
            "K8S_AUTH_KUBECONFIG": kubeconfig,
            "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection_plugins"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
        }

    def run(self, tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Run the tasks; failures of single tasks are results like others."""
        play = {
            "hosts": "all",
            "connection": self.connection,
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "tasks": [{**task, "ignore_errors": True, "register": f"r{index}"} for index, task in enumerate(tasks)]
            + [self._save(len(tasks))],
        }
        path = self.folder / "play.yml"
        path.write_text(json.dumps([play]))
        program = Path(sys.executable).with_name("ansible-playbook")
        command = [str(program), "-i", "target,", str(path)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        results: list[dict[str, Any]] = json.loads((self.folder / "results.json").read_text())
        return results

    def _save(self, count: int) -> dict[str, Any]:
        names = ", ".join(f"r{index}" for index in range(count))
        content = "{{ [" + names + "] | to_json }}"
        copy = {"content": content, "dest": str(self.folder / "results.json")}
        return {"ansible.builtin.copy": copy, "check_mode": False, "delegate_to": "localhost", "connection": "local"}


@pytest.fixture(params=CONNECTIONS)
def play(request: pytest.FixtureRequest, cluster: str, tmp_path: Path) -> Play:
    return Play(tmp_path, cluster, request.param)


def apply(**options: Any) -> dict[str, Any]:
    keywords = {key: options.pop(key) for key in ("check_mode", "diff") if key in options}
    return {"slipway.gitops.apply": options, **keywords}


def config_map(namespace: str, value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": namespace},
            "data": {"key": value}}  # fmt: skip


def test_apply_climbs_the_ladder(play: Play, client: Client, namespace: str) -> None:
    first, second = config_map(namespace, "a"), config_map(namespace, "b")
    results = play.run(
        [
            apply(wait=False),
            apply(definition=first, check_mode=True),
            apply(definition=first),
            apply(definition=first),
            apply(definition=second, check_mode=True, diff=True),
            apply(definition=second, diff=True),
            apply(definition=second),
            apply(definition=second, state="absent", check_mode=True),
            apply(definition=second, state="absent"),
            apply(definition=second, state="absent"),
        ]
    )
    assert results[0]["failed"] and "one of the following is required" in results[0]["msg"]
    assert [result["changed"] for result in results[1:]] == [True, True, False, True, True, False, True, True, False]
    words = [result["resources"][0]["action"] for result in results[1:]]
    assert words == [
        "would_create", "created", "unchanged", "changed", "changed", "unchanged", "deleted", "deleted", "unchanged",
    ]  # fmt: skip
    for result in results[4:6]:
        assert "key: a" in result["diff"][0]["before"] and "key: b" in result["diff"][0]["after"]
    assert client.get("v1", "ConfigMap", "one", namespace) is None
    if play.connection == "elsewhere":
        assert results[2]["executed_by"] == "module"


def test_a_failed_object_fails_the_task_with_its_reason(play: Play, namespace: str) -> None:
    broken = {**config_map(namespace, "a"), "unknown": 1}
    (result,) = play.run([apply(definition=[broken])])
    assert result["failed"] and result["failure"]["reason"] == "ApplyFailed"
    assert result["failure"]["object"] == f"ConfigMap {namespace}/one"
    assert "unknown" in result["msg"]


def test_an_inventory_is_kept_pruned_and_deleted(play: Play, client: Client, namespace: str, tmp_path: Path) -> None:
    one = config_map(namespace, "a")
    two = {**one, "metadata": {"name": "two"}}
    path = tmp_path / "all.yaml"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [one, two]}))
    options = {"namespace": namespace, "inventory": "shop", "prune": True}
    results = play.run(
        [
            apply(src=[str(path)], **options),
            apply(definition=one, check_mode=True, **options),
            apply(definition=one, **options),
            apply(state="absent", inventory="shop", namespace=namespace),
        ]
    )
    assert [result.get("summary") for result in results] == [
        {"created": 2},
        {"pruned": 1, "unchanged": 1},
        {"unchanged": 1, "pruned": 1},
        {"deleted": 1},
    ]
    assert [item["metadata"]["name"] for item in client.list("v1", "ConfigMap", namespace)] in (
        [],
        ["kube-root-ca.crt"],
    )


def test_wait_tells_what_is_missing_and_returns_what_is_there(play: Play, client: Client, namespace: str) -> None:
    client.create(config_map(namespace, "a"))
    objects = [{"kind": "ConfigMap", "name": "one"}]
    missing = [{"kind": "ConfigMap", "name": "two"}]
    field = {"path": ".data.key", "value": "a"}
    results = play.run(
        [
            {"slipway.gitops.wait": {"objects": objects, "namespace": namespace, "until": "condition"}},
            {"slipway.gitops.wait": {"objects": objects, "namespace": namespace, "until": "field", "field": field}},
            {"slipway.gitops.wait": {"objects": missing, "namespace": namespace, "wait_timeout": 0.2}},
            {"slipway.gitops.wait": {"objects": missing, "namespace": namespace}, "check_mode": True},
        ]
    )
    assert results[0]["failed"] and "condition" in results[0]["msg"]
    assert results[1]["met"] and results[1]["objects"][0]["data"] == {"key": "a"} and not results[1]["changed"]
    assert results[2]["failure"]["reason"] == "TimedOut" and "does not exist" in results[2]["msg"]
    assert results[3]["met"] is False and not results[3].get("failed")


def test_apply_waits_for_what_it_applied(play: Play, client: Client, namespace: str) -> None:
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "registry.example/web:1"}]},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    web = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
    (result,) = play.run([apply(definition=web, namespace=namespace, wait_timeout=60)])
    assert result["changed"] and not result.get("failed"), result
    live = client.get("apps/v1", "Deployment", "web", namespace) or {}
    assert live["status"]["availableReplicas"] == 1
