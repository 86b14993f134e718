# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process node and a registry of our own beside the test run's cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, ObjectRef, deep_get
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from slipway.cluster import assets

HOST_IMAGE = "host/tools:1"


@dataclass
class ProcessNode:
    """A node under test and what belongs to it."""

    client: Client
    kubeconfig: str
    name: str
    state: Path
    namespace: str
    process: subprocess.Popen[bytes] | None = None
    gateway: str = ""
    extra: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start the node and wait until it is registered."""
        command = [sys.executable, "-m", "slipway.node", "--kubeconfig", self.kubeconfig, "--name", self.name]
        command += ["--state", str(self.state), "--image-map", json.dumps({"host/*": "host"}), *self.extra]
        command += ["--taint", "slipway.dev/test=true:NoSchedule"]
        self.state.mkdir(parents=True, exist_ok=True)
        (self.state / "gateway.json").unlink(missing_ok=True)
        with open(self.state / "node.log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **self.environment})
        self.until(lambda: (self.state / "gateway.json").exists() and self._answers(), "the node did not start")

    def _answers(self) -> bool:
        self.gateway = json.loads((self.state / "gateway.json").read_text())["url"]
        try:
            with urllib.request.urlopen(f"{self.gateway}/-/healthz", timeout=2) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the node."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(20)

    def pod(self, name: str, *containers: Manifest, **spec: Any) -> Manifest:
        """Create a pod bound to this node. Containers default to the host's tools."""
        meta = spec.pop("metadata", {})
        listed = [{"name": f"c{number}", "image": HOST_IMAGE, **item} for number, item in enumerate(containers)]
        return self.client.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": self.namespace, **meta},
                "spec": {"nodeName": self.name, "terminationGracePeriodSeconds": 3, "containers": listed, **spec},
            }
        )

    def get(self, name: str) -> Manifest:
        """Return a pod, an empty object when it is gone."""
        return self.client.get("v1", "Pod", name, self.namespace) or {}

    def wait(self, name: str, good: Callable[[Manifest], object], seconds: float = 15) -> Manifest:
        """Return the pod as soon as `good` holds."""
        self.until(
            lambda: good(self.get(name)), f"pod {name}", seconds, lambda: json.dumps(self.get(name).get("status"))
        )
        return self.get(name)

    def ended(self, name: str) -> Manifest:
        """Return the pod when it has ended."""
        return self.wait(name, lambda pod: deep_get(pod, "status", "phase") in ("Succeeded", "Failed"))

    def ready(self, name: str) -> Manifest:
        """Return the pod when it is ready."""
        return self.wait(name, is_ready)

    def log(self, pod: str, container: str = "c0") -> str:
        """Return the output of a container."""
        path = self.state / "pods" / f"{self.namespace}_{pod}" / f"{container}.log"
        return path.read_text() if path.exists() else ""

    def delete(self, name: str) -> None:
        """Delete a pod, gracefully."""
        self.client.delete(ObjectRef("v1", "Pod", name, self.namespace))

    def until(
        self, good: Callable[[], object], what: str, seconds: float = 15, details: Callable[[], str] = lambda: ""
    ) -> None:
        """Wait until `good` holds; fail with the node's log."""
        deadline = time.monotonic() + seconds
        while not good():
            if time.monotonic() > deadline:
                log = (self.state / "node.log").read_text()[-2000:]
                pytest.fail(f"{what}: not within {seconds} s\n{details()}\n{log}")
            time.sleep(0.02)


def is_ready(pod: Manifest) -> bool:
    """Return whether a pod has the condition Ready."""
    conditions = deep_get(pod, "status", "conditions", default=[])
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


@pytest.fixture(scope="session")
def kubeconfig(cluster: str) -> str:
    """The node joins the cluster that all integration tests share."""
    return cluster


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real registry; gives its host."""
    program = assets.ensure(["registry"], print)["registry"]
    folder = tmp_path_factory.mktemp("registry")
    port = _free_port()
    config = {"version": "0.1", "http": {"addr": f"127.0.0.1:{port}"}, "log": {"level": "error"}}
    config["storage"] = {"filesystem": {"rootdirectory": str(folder / "data")}}
    (folder / "config.yml").write_text(json.dumps(config))
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([str(program), "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    deadline = time.monotonic() + 10
    while not _listens(port):
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.02)
    yield f"127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=1) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="session")
def client(kubeconfig: str) -> Client:
    return Client(load_config({"kubeconfig": kubeconfig}), manager="slipway-test")


@pytest.fixture(scope="session")
def make_node(
    client: Client, kubeconfig: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., ProcessNode]]:
    made: list[ProcessNode] = []

    def make(*extra: str, **environment: str) -> ProcessNode:
        name = f"test-{uuid.uuid4().hex[:8]}"
        client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        _until_account(client, name)
        node = ProcessNode(client, kubeconfig, name, tmp_path_factory.mktemp("node"), name)
        node.extra, node.environment = list(extra), environment
        made.append(node)
        node.start()
        return node

    yield make
    for node in made:
        client.delete(ObjectRef("v1", "Namespace", node.namespace))
        node.stop()
        client.delete(ObjectRef("v1", "Node", node.name))


def _until_account(client: Client, namespace: str) -> None:
    deadline = time.monotonic() + 10
    while client.get("v1", "ServiceAccount", "default", namespace) is None:
        assert time.monotonic() < deadline, "the namespace has no default account"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def node(make_node: Callable[..., ProcessNode]) -> ProcessNode:
    return make_node()
